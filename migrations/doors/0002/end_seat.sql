-- For the client's reach: ends the sessions of somebody at the own client, who was
-- deactivated there. Sessions at other clients go on.
CREATE FUNCTION door.end_seat(p_membership uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    DELETE FROM sessions s USING memberships m
    WHERE m.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
      AND current_setting('app.reach', true) = 'client'
      AND m.client_id = nullif(current_setting('app.client', true), '')::uuid AND m.id = p_membership
      AND s.tenant_id = m.tenant_id AND s.membership_id = m.id
$door$;
