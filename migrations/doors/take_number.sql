-- The next public number of a kind in the scope's tenant.
CREATE FUNCTION door.take_number(p_kind text, p_first bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    INSERT INTO counters AS c (tenant_id, id, kind, upcoming)
    VALUES (nullif(current_setting('app.tenant', true), '')::uuid, gen_random_uuid(), p_kind, p_first + 1)
    ON CONFLICT (tenant_id, kind) DO UPDATE SET upcoming = c.upcoming + 1
    RETURNING c.upcoming - 1
$door$;
