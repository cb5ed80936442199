-- Counts one try under a key and says for how many seconds the next must wait;
-- 0: this one may be evaluated. Within `p_window`, `p_limit` tries are free;
-- each one more doubles the wait, up to an hour. A try during a wait is neither
-- evaluated nor counted, and a quiet day forgets everything. The row lock makes
-- parallel tries queue.
CREATE FUNCTION door.throttle(p_key text, p_limit integer, p_window interval, p_now timestamptz) RETURNS double precision
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
DECLARE
    tenant uuid := nullif(current_setting('app.tenant', true), '')::uuid;
    seen throttles%ROWTYPE;
    counted integer;
BEGIN
    INSERT INTO throttles (tenant_id, id, key, tries, window_started_at)
    VALUES (tenant, gen_random_uuid(), p_key, 0, p_now) ON CONFLICT (tenant_id, key) DO NOTHING;
    SELECT * INTO seen FROM throttles t WHERE t.tenant_id = tenant AND t.key = p_key FOR UPDATE;
    IF seen.blocked_until > p_now THEN
        RETURN extract(epoch FROM seen.blocked_until - p_now);
    END IF;
    IF (seen.tries < p_limit AND seen.window_started_at <= p_now - p_window)
       OR seen.window_started_at <= p_now - interval '1 day' THEN
        seen.tries := 0;
        seen.window_started_at := p_now;
    END IF;
    counted := seen.tries + 1;
    UPDATE throttles t SET
        tries = counted,
        window_started_at = seen.window_started_at,
        blocked_until = CASE WHEN counted >= p_limit
            THEN p_now + least(p_window * power(2, least(counted - p_limit, 12)), interval '1 hour') END
    WHERE t.tenant_id = tenant AND t.key = p_key;
    RETURN 0;
END
$door$;
