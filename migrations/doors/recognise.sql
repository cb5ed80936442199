-- At the gate: the person of this side with this address, who from here to the
-- end of the transaction is the only one the gate can see. Null: nobody.
CREATE FUNCTION door.recognise(p_kind text, p_email_key text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
DECLARE
    found uuid;
BEGIN
    IF current_setting('app.reach', true) IS DISTINCT FROM 'gate' THEN
        RAISE insufficient_privilege USING MESSAGE = 'only the gate recognises people';
    END IF;
    SELECT u.id INTO found FROM users u
    WHERE u.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
      AND u.kind = p_kind AND u.email_key = p_email_key;
    PERFORM set_config('app.user', coalesce(found::text, ''), true);
    RETURN found;
END
$door$;
