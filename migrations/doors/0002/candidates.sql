-- At the gate: who may be meant by a client number or a phone number instead of an
-- address: at most this many, who may come in. Digits alone are compared. Their
-- passwords decide; a number alone says nothing to anybody. Where there are more, a
-- client's number goes before phones, then whoever proved their address first: those
-- who put somebody's number on themselves later don't push them out.
CREATE FUNCTION door.candidates(p_digits text, p_most integer) RETURNS TABLE (user_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    SELECT m.user_id FROM clients c
    JOIN contacts k ON k.tenant_id = c.tenant_id AND k.client_id = c.id AND k.is_active AND k.portal_access
    JOIN memberships m ON m.tenant_id = k.tenant_id AND m.contact_id = k.id AND m.is_active
    JOIN users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
    WHERE c.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
      AND current_setting('app.reach', true) = 'gate'
      AND c.is_active AND c.portal_access AND p_digits <> ''
      AND (c.number::text = p_digits
           OR regexp_replace(k.phone, '\D', '', 'g') = p_digits OR regexp_replace(c.phone, '\D', '', 'g') = p_digits)
    GROUP BY m.user_id
    ORDER BY min(CASE WHEN c.number::text = p_digits THEN 0 ELSE 1 END),
             min(u.verified_at) NULLS LAST, min(u.created_at), m.user_id
    LIMIT p_most
$door$;
