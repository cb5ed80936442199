-- The tenant that answers at this host, or null.
CREATE FUNCTION door.tenant_of_host(p_slug text, p_host text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    SELECT t.id FROM tenants t
    WHERE t.state = 'active' AND (
        (p_slug <> '' AND t.slug = p_slug)
        OR (p_slug = '' AND EXISTS (
            SELECT 1 FROM tenant_hosts h
            WHERE h.host = p_host AND h.tenant_id = t.id AND h.verified_at IS NOT NULL
        ))
    )
$door$;
