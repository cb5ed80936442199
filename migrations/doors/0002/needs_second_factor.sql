-- At the gate: whether a role of the person who was recognised asks for a second
-- factor, at whichever of their clients they have it.
CREATE FUNCTION door.needs_second_factor() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    SELECT EXISTS (
        SELECT 1 FROM staff_roles s JOIN roles r ON r.tenant_id = s.tenant_id AND r.id = s.role_id
        WHERE s.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
          AND s.user_id = nullif(current_setting('app.user', true), '')::uuid
          AND current_setting('app.reach', true) = 'gate' AND r.requires_mfa
    ) OR EXISTS (
        SELECT 1 FROM memberships m
        JOIN membership_roles g ON g.tenant_id = m.tenant_id AND g.membership_id = m.id
        JOIN roles r ON r.tenant_id = g.tenant_id AND r.id = g.role_id
        WHERE m.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
          AND m.user_id = nullif(current_setting('app.user', true), '')::uuid
          AND current_setting('app.reach', true) = 'gate' AND m.is_active AND r.requires_mfa
    )
$door$;
