-- Who asks: tenant by host, person by session, in one statement. Sets the
-- transaction's scope and returns it, with the few own facts that every page
-- shows. No row: no such tenant. No session: the scope of the gate.
CREATE FUNCTION door.enter(
    p_slug text, p_host text, p_side text, p_token text, p_other_token text,
    p_now timestamptz, p_idle interval
) RETURNS TABLE (
    tenant_id uuid, slug text, display_name text, tenant_locale text, tenant_time_zone text,
    support_email text, support_phone text, support_hours text, website text,
    brand_version integer, logo_key text, logo_alt text, own_host text,
    reach text, session_id uuid, user_id uuid, user_name text, user_locale text, user_time_zone text,
    membership_id uuid, client_id uuid, client_name text, contact_id uuid, site_id uuid,
    ticket_scope text, permissions text[], other_side boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
#variable_conflict use_column
DECLARE
    tenant tenants%ROWTYPE;
    who record;
    elsewhere boolean := false;
    host text;
BEGIN
    IF p_slug <> '' THEN
        SELECT t.* INTO tenant FROM tenants t WHERE t.slug = p_slug AND t.state = 'active';
    ELSE
        SELECT t.* INTO tenant FROM tenant_hosts h JOIN tenants t ON t.id = h.tenant_id
        WHERE h.host = p_host AND h.verified_at IS NOT NULL AND t.state = 'active';
    END IF;
    IF tenant.id IS NULL THEN
        RETURN;
    END IF;
    SELECT h.host INTO host FROM tenant_hosts h
    WHERE h.tenant_id = tenant.id AND h.is_primary AND h.verified_at IS NOT NULL;

    IF p_token <> '' THEN
        SELECT s.id AS session_id, s.last_used_at, u.id AS user_id, u.name, u.locale, u.time_zone,
               m.id AS membership_id, m.client_id, c.name AS client_name, m.contact_id, m.site_id, m.ticket_scope,
               CASE WHEN p_side = 'msp' THEN
                   ARRAY(SELECT DISTINCT p.permission FROM staff_roles r
                         JOIN role_permissions p ON p.tenant_id = r.tenant_id AND p.role_id = r.role_id
                         WHERE r.tenant_id = tenant.id AND r.user_id = u.id)
               ELSE
                   ARRAY(SELECT DISTINCT p.permission FROM membership_roles r
                         JOIN role_permissions p ON p.tenant_id = r.tenant_id AND p.role_id = r.role_id
                         WHERE r.tenant_id = tenant.id AND r.membership_id = m.id)
               END AS permissions
        INTO who
        FROM sessions s
        JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
        LEFT JOIN memberships m ON m.tenant_id = s.tenant_id AND m.id = s.membership_id AND m.is_active
        LEFT JOIN clients c ON c.tenant_id = m.tenant_id AND c.id = m.client_id AND c.is_active
        LEFT JOIN contacts k ON k.tenant_id = m.tenant_id AND k.id = m.contact_id AND k.is_active
        WHERE s.tenant_id = tenant.id AND s.token_hash = p_token AND s.side = p_side
          AND s.expires_at > p_now AND s.last_used_at > p_now - p_idle
          AND u.state = 'active' AND u.kind = CASE p_side WHEN 'msp' THEN 'internal' ELSE 'client' END
          AND (p_side = 'msp' OR (c.id IS NOT NULL AND k.id IS NOT NULL));
        IF FOUND AND who.last_used_at < p_now - interval '5 minutes' THEN
            UPDATE sessions s SET last_used_at = p_now WHERE s.tenant_id = tenant.id AND s.id = who.session_id;
        END IF;
    ELSE
        SELECT NULL::uuid AS session_id, NULL::uuid AS user_id, NULL::uuid AS client_id INTO who;
    END IF;
    IF who.session_id IS NULL AND p_other_token <> '' THEN
        elsewhere := EXISTS (
            SELECT 1 FROM sessions s
            WHERE s.tenant_id = tenant.id AND s.token_hash = p_other_token AND s.side <> p_side AND s.expires_at > p_now
        );
    END IF;

    PERFORM set_config('app.tenant', tenant.id::text, true),
            set_config('app.reach', CASE WHEN who.session_id IS NULL THEN 'gate'
                                         WHEN p_side = 'msp' THEN 'staff' ELSE 'client' END, true),
            set_config('app.client', coalesce(who.client_id::text, ''), true),
            set_config('app.user', coalesce(who.user_id::text, ''), true);

    tenant_id := tenant.id; slug := tenant.slug; display_name := tenant.display_name;
    tenant_locale := tenant.locale; tenant_time_zone := tenant.time_zone;
    support_email := tenant.support_email; support_phone := tenant.support_phone;
    support_hours := tenant.support_hours; website := tenant.website;
    brand_version := tenant.brand_version; logo_key := tenant.logo_key; logo_alt := tenant.logo_alt;
    own_host := host; other_side := elsewhere;
    reach := current_setting('app.reach');
    IF who.session_id IS NOT NULL THEN
        session_id := who.session_id; user_id := who.user_id; user_name := who.name;
        user_locale := who.locale; user_time_zone := who.time_zone;
        membership_id := who.membership_id; client_id := who.client_id; client_name := who.client_name;
        contact_id := who.contact_id; site_id := who.site_id; ticket_scope := who.ticket_scope;
        permissions := who.permissions;
    END IF;
    RETURN NEXT;
END
$door$;
