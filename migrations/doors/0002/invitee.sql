-- For the client's reach: the client user of this address, made as pending under the
-- given id if there is none. It returns the id and nothing else, so that whoever
-- invites doesn't learn whether the address was known.
CREATE FUNCTION door.invitee(p_user uuid, p_email text, p_email_key text, p_name text, p_now timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
DECLARE
    tenant uuid := nullif(current_setting('app.tenant', true), '')::uuid;
    person uuid;
BEGIN
    IF current_setting('app.reach', true) IS DISTINCT FROM 'client' OR p_email_key = '' THEN
        RAISE insufficient_privilege USING MESSAGE = 'clients invite by address';
    END IF;
    INSERT INTO users (tenant_id, id, kind, email, email_key, name, state, state_reason, is_managed, created_at)
    VALUES (tenant, p_user, 'client', p_email, p_email_key, p_name, 'pending', '', false, p_now)
    ON CONFLICT (tenant_id, kind, email_key) DO NOTHING;
    SELECT u.id INTO person FROM users u WHERE u.tenant_id = tenant AND u.kind = 'client' AND u.email_key = p_email_key;
    RETURN person;
END
$door$;
