-- At the gate: lets the scope write the rows of a person who doesn't exist yet and
-- is about to be made under this id.
CREATE FUNCTION door.newcomer(p_user uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
DECLARE
    tenant uuid := nullif(current_setting('app.tenant', true), '')::uuid;
BEGIN
    IF current_setting('app.reach', true) IS DISTINCT FROM 'gate'
       OR EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = tenant AND u.id = p_user) THEN
        RAISE insufficient_privilege USING MESSAGE = 'only the gate lets newcomers in, and only new ones';
    END IF;
    PERFORM set_config('app.user', p_user::text, true);
END
$door$;
