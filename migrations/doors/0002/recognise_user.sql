-- At the gate: this one person, if it is of this side, is seen from here to the
-- end of the transaction, and nobody else is. Beside it the membership that a
-- sign-in begins with: of those whose client and contact may come in, the one
-- used last, else the oldest. Always one row; nulls: nobody.
CREATE FUNCTION door.recognise_user(p_kind text, p_user uuid) RETURNS TABLE (user_id uuid, membership_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
#variable_conflict use_column
DECLARE
    tenant uuid := nullif(current_setting('app.tenant', true), '')::uuid;
    person uuid;
BEGIN
    IF current_setting('app.reach', true) IS DISTINCT FROM 'gate' THEN
        RAISE insufficient_privilege USING MESSAGE = 'only the gate recognises people';
    END IF;
    SELECT u.id INTO person FROM users u WHERE u.tenant_id = tenant AND u.kind = p_kind AND u.id = p_user;
    SELECT m.id INTO membership_id FROM memberships m
    JOIN clients c ON c.tenant_id = m.tenant_id AND c.id = m.client_id AND c.is_active AND c.portal_access
    JOIN contacts k ON k.tenant_id = m.tenant_id AND k.id = m.contact_id AND k.is_active AND k.portal_access
    WHERE m.tenant_id = tenant AND m.user_id = person AND m.is_active
    ORDER BY m.last_used_at DESC NULLS LAST, m.created_at, m.id LIMIT 1;
    PERFORM set_config('app.user', coalesce(person::text, ''), true);
    user_id := person;
    RETURN NEXT;
END
$door$;
