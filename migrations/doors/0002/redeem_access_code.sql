-- At the gate: uses an access code up, once, for the client that is meant by number
-- or phone (digits alone), and gives the contact's seat with the required role to
-- whoever typed it. An address that nobody has becomes a pending login in that seat,
-- with the password that was chosen. One that somebody has (`is_new` false) gets the
-- seat as an invitation does: not in force before its owner takes it, and none
-- (`membership_id` null) where they have one at this client. Either way the code is
-- used, so that it doesn't tell which addresses are known. No row: no such code, or
-- not of this client, or used, or too late, or the contact has a login already.
CREATE FUNCTION door.redeem_access_code(
    p_digits text, p_code_hash text, p_user uuid, p_email text, p_email_key text, p_name text, p_password uuid,
    p_password_hash text, p_membership uuid, p_membership_role uuid, p_now timestamptz
) RETURNS TABLE (client_id uuid, user_id uuid, membership_id uuid, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
#variable_conflict use_column
DECLARE
    tenant uuid := nullif(current_setting('app.tenant', true), '')::uuid;
    seat record;
BEGIN
    IF current_setting('app.reach', true) IS DISTINCT FROM 'gate' OR p_email_key = '' THEN
        RAISE insufficient_privilege USING MESSAGE = 'access codes are redeemed at the gate, by address';
    END IF;
    UPDATE access_codes a SET used_at = p_now
    FROM contacts k, clients c
    WHERE a.tenant_id = tenant AND a.code_hash = p_code_hash AND p_code_hash <> ''
      AND a.used_at IS NULL AND a.revoked_at IS NULL AND a.expires_at > p_now
      AND k.tenant_id = tenant AND k.id = a.contact_id AND k.is_active AND k.portal_access
      AND c.tenant_id = tenant AND c.id = a.client_id AND c.is_active AND c.portal_access
      AND p_digits <> ''
      AND (c.number::text = p_digits
           OR regexp_replace(k.phone, '\D', '', 'g') = p_digits OR regexp_replace(c.phone, '\D', '', 'g') = p_digits)
      AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.tenant_id = tenant AND m.contact_id = k.id)
    RETURNING a.client_id, a.contact_id, k.site_id INTO seat;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO users (tenant_id, id, kind, email, email_key, name, state, state_reason, is_managed, created_at)
    VALUES (tenant, p_user, 'client', p_email, p_email_key, p_name, 'pending', '', false, p_now)
    ON CONFLICT (tenant_id, kind, email_key) DO NOTHING;
    is_new := FOUND;
    SELECT u.id INTO user_id FROM users u WHERE u.tenant_id = tenant AND u.kind = 'client' AND u.email_key = p_email_key;
    IF is_new THEN
        INSERT INTO passwords (tenant_id, id, user_id, hash, changed_at)
        VALUES (tenant, p_password, p_user, p_password_hash, p_now);
    END IF;
    INSERT INTO memberships (tenant_id, id, client_id, user_id, contact_id, site_id, ticket_scope, is_active, created_at)
    VALUES (tenant, p_membership, seat.client_id, user_id, seat.contact_id, seat.site_id, 'taking_part', is_new, p_now)
    ON CONFLICT (tenant_id, user_id, client_id) DO NOTHING;
    IF FOUND THEN
        membership_id := p_membership;
        INSERT INTO membership_roles (tenant_id, id, client_id, user_id, membership_id, role_id)
        SELECT tenant, p_membership_role, seat.client_id, user_id, p_membership, r.id
        FROM roles r WHERE r.tenant_id = tenant AND r.side = 'client' AND r.key = 'user';
        IF NOT FOUND THEN
            RAISE no_data_found USING MESSAGE = 'the client role "user" is missing in this tenant';
        END IF;
    END IF;
    client_id := seat.client_id;
    RETURN NEXT;
END
$door$;
