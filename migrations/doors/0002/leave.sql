-- For a session that shows the portal as somebody: it ends now. Its row belongs to a
-- member of the staff and is out of the client's reach, which it works in.
CREATE FUNCTION door.leave(p_session uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    DELETE FROM sessions s
    WHERE s.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
      AND current_setting('app.reach', true) = 'client'
      AND s.as_client_id = nullif(current_setting('app.client', true), '')::uuid
      AND s.id = p_session AND s.as_contact_id IS NOT NULL
$door$;
