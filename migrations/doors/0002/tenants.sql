-- Every tenant with its slug, or the one of this slug: for commands, which begin
-- outside any tenant, and for the system, which makes tenants. Nobody else learns
-- from here who else is served.
CREATE FUNCTION door.tenants(p_slug text) RETURNS TABLE (tenant_id uuid, slug text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
#variable_conflict use_column
BEGIN
    IF coalesce(current_setting('app.reach', true), '') NOT IN ('', 'system') THEN
        RAISE insufficient_privilege USING MESSAGE = 'only commands and the system look for tenants';
    END IF;
    RETURN QUERY SELECT t.id, t.slug FROM tenants t WHERE p_slug IS NULL OR t.slug = p_slug ORDER BY t.slug;
END
$door$;
