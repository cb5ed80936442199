-- For the client's reach: the companies that the person at hand may come in at, which
-- are out of sight but for the one it is at.
CREATE FUNCTION door.own_seats() RETURNS TABLE (membership_id uuid, client_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    SELECT m.id, c.name FROM memberships m
    JOIN clients c ON c.tenant_id = m.tenant_id AND c.id = m.client_id AND c.is_active AND c.portal_access
    JOIN contacts k ON k.tenant_id = m.tenant_id AND k.id = m.contact_id AND k.is_active AND k.portal_access
    WHERE m.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
      AND current_setting('app.reach', true) = 'client'
      AND m.user_id = nullif(current_setting('app.user', true), '')::uuid AND m.is_active
    ORDER BY c.name, m.id
$door$;
