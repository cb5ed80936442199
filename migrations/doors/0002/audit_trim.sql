-- Takes entries of the scope's tenant off the old end of its chain, at most so many:
-- those before the first one that is to stay. The digest of the last one taken
-- is kept at the chain's head, so that what stays can still be proven. Nothing goes
-- that is younger than the tenant keeps its trail, and never anything of the last twelve months.
CREATE FUNCTION door.audit_trim(p_before timestamptz, p_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
DECLARE
    tenant uuid := nullif(current_setting('app.tenant', true), '')::uuid;
    months integer := (SELECT s.audit_months FROM access_settings s WHERE s.tenant_id = tenant);
    head audit_heads%ROWTYPE;
    last bigint;
    removed integer;
BEGIN
    IF tenant IS NULL OR current_setting('app.reach', true) IS DISTINCT FROM 'system' THEN
        RAISE insufficient_privilege USING MESSAGE = 'only the system shortens a trail';
    END IF;
    IF p_before IS NULL OR p_before > now() - make_interval(months => greatest(12, months)) THEN
        RAISE insufficient_privilege USING MESSAGE = 'this part of the trail is too young to go';
    END IF;
    SELECT * INTO head FROM audit_heads h WHERE h.tenant_id = tenant FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    SELECT least(coalesce(min(e.position) - 1, head.position), head.trimmed_position + p_most) INTO last
    FROM audit_entries e WHERE e.tenant_id = tenant AND e.at >= p_before;
    IF last <= head.trimmed_position THEN
        RETURN 0;
    END IF;
    UPDATE audit_heads h
    SET trimmed_position = last,
        trimmed_digest = (SELECT e.digest FROM audit_entries e WHERE e.tenant_id = tenant AND e.position = last)
    WHERE h.tenant_id = tenant;
    DELETE FROM audit_entries e WHERE e.tenant_id = tenant AND e.position <= last;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$door$;
