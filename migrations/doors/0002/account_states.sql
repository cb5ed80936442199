-- For the client's reach: what became of the logins of its own people. A login may
-- serve other clients too, so its row stays hidden; state and last use here are all.
-- Of somebody who has not taken the seat, or lost it, it says the same whoever it is:
-- inviting an address must not tell whether that person comes in elsewhere.
CREATE FUNCTION door.account_states() RETURNS TABLE (membership_id uuid, state text, has_second_factor boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    SELECT m.id, CASE WHEN m.is_active THEN u.state ELSE 'pending' END,
           m.is_active AND (
               EXISTS (SELECT 1 FROM totps t WHERE t.tenant_id = u.tenant_id AND t.user_id = u.id AND t.confirmed_at IS NOT NULL)
               OR EXISTS (SELECT 1 FROM passkeys p WHERE p.tenant_id = u.tenant_id AND p.user_id = u.id))
    FROM memberships m JOIN users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
    WHERE m.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
      AND current_setting('app.reach', true) = 'client'
      AND m.client_id = nullif(current_setting('app.client', true), '')::uuid
$door$;
