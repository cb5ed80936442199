-- Counts one try under a key, or says for how many seconds the next must wait.
-- `p_limits` and `p_windows` go together: at most so many tries within any such
-- span of time, exactly, wherever the span begins. A try that must wait is
-- neither evaluated nor counted. The row lock makes parallel tries queue.
-- `is_news`: no refusal under this key was told within the last minute.
CREATE FUNCTION door.throttle(p_key text, p_limits integer[], p_windows interval[], p_now timestamptz)
RETURNS TABLE (wait double precision, is_news boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
#variable_conflict use_column
DECLARE
    tenant uuid := nullif(current_setting('app.tenant', true), '')::uuid;
    seen throttles%ROWTYPE;
    recent timestamptz[];
    free_at timestamptz;
BEGIN
    INSERT INTO throttles (tenant_id, id, key, tries, last_at)
    VALUES (tenant, gen_random_uuid(), p_key, '{}', p_now) ON CONFLICT (tenant_id, key) DO NOTHING;
    SELECT * INTO seen FROM throttles t WHERE t.tenant_id = tenant AND t.key = p_key FOR UPDATE;
    wait := 0;
    is_news := false;
    FOR i IN 1 .. cardinality(p_limits) LOOP
        recent := ARRAY(SELECT u.at FROM unnest(seen.tries) AS u (at) WHERE u.at > p_now - p_windows[i] ORDER BY u.at DESC);
        IF cardinality(recent) >= p_limits[i] THEN
            free_at := recent[p_limits[i]] + p_windows[i];
            wait := greatest(wait, extract(epoch FROM free_at - p_now));
        END IF;
    END LOOP;
    IF wait > 0 THEN
        is_news := seen.told_at IS NULL OR seen.told_at <= p_now - interval '1 minute';
        IF is_news THEN
            UPDATE throttles t SET told_at = p_now WHERE t.tenant_id = tenant AND t.key = p_key;
        END IF;
    ELSE
        UPDATE throttles t SET last_at = p_now, tries = p_now || ARRAY(
            SELECT u.at FROM unnest(seen.tries) AS u (at)
            WHERE u.at > p_now - (SELECT max(w.span) FROM unnest(p_windows) AS w (span)) ORDER BY u.at DESC
        )
        WHERE t.tenant_id = tenant AND t.key = p_key;
    END IF;
    RETURN NEXT;
END
$door$;
