-- Who asks: tenant by host, person by session, in one statement. Sets the
-- transaction's scope and returns it, with the few own facts that every page
-- shows. No row: no such tenant. No session: the scope of the gate.
--
-- A permission counts everywhere if a role gives it that is limited to no site,
-- and else at the sites of those that do (`at_sites`, as 'permission site').
-- What the MSP denied to the client or to the person is taken off at the end.
-- A session that shows the portal as somebody has the contact's view, no user of
-- its own, and lives only while its parent in the console does; it reads, and
-- writes no more than tickets, where the tenant allows that.
--
-- What the session may do and see is kept with it as a hash. Once that has changed,
-- by whomever and in whatever way, `privileges` says so, and the session is due for
-- another token (`rotate`). The one before is still good for what was on its way.
CREATE FUNCTION door.enter(
    p_slug text, p_host text, p_side text, p_token text, p_other_token text,
    p_now timestamptz, p_idle interval
) RETURNS TABLE (
    tenant_id uuid, slug text, display_name text, tenant_locale text, tenant_time_zone text,
    support_email text, support_phone text, support_hours text, website text,
    brand_version integer, logo_key text, logo_alt text, own_host text,
    reach text, session_id uuid, user_id uuid, user_name text, user_locale text, user_time_zone text,
    membership_id uuid, client_id uuid, client_name text, contact_id uuid, site_id uuid,
    ticket_scope text, permissions text[], at_sites text[], board_ids uuid[], client_ids uuid[],
    staff_user_id uuid, staff_name text, proved_at timestamptz, seats integer, other_side boolean, privileges text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
#variable_conflict use_column
DECLARE
    tenant tenants%ROWTYPE;
    who record;
    elsewhere boolean := false;
    host text;
    clients uuid[];
    may_write boolean;
    held text;
    is_old boolean;
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
        SELECT s.id AS session_id, s.last_used_at, s.proved_at, s.privileges, s.token_hash = p_token AS is_current, u.id AS user_id, u.name, u.locale, u.time_zone,
               m.id AS membership_id, c.id AS client_id, c.name AS client_name, k.id AS contact_id, k.name AS contact_name,
               CASE WHEN m.id IS NULL THEN k.site_id ELSE m.site_id END AS site_id, coalesce(m.ticket_scope, 'taking_part') AS ticket_scope,
               m.board_group_id, s.as_contact_id IS NOT NULL AS is_looking_on,
               f.sees_assigned_only
        INTO who
        FROM sessions s
        JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
        LEFT JOIN memberships m ON m.tenant_id = s.tenant_id AND m.is_active AND m.id = coalesce(
             s.membership_id,
             (SELECT v.id FROM memberships v WHERE v.tenant_id = s.tenant_id AND v.contact_id = s.as_contact_id))
        LEFT JOIN clients c ON c.tenant_id = s.tenant_id AND c.id = coalesce(m.client_id, s.as_client_id)
             AND c.is_active AND (c.portal_access OR s.as_contact_id IS NOT NULL)
        LEFT JOIN contacts k ON k.tenant_id = s.tenant_id AND k.id = coalesce(m.contact_id, s.as_contact_id)
             AND k.is_active AND (k.portal_access OR s.as_contact_id IS NOT NULL)
        LEFT JOIN staff_profiles f ON f.tenant_id = s.tenant_id AND f.user_id = u.id AND u.kind = 'internal'
        WHERE s.tenant_id = tenant.id AND s.side = p_side
          AND s.id = coalesce(
              (SELECT a.id FROM sessions a WHERE a.tenant_id = tenant.id AND a.token_hash = p_token),
              (SELECT b.id FROM sessions b WHERE b.tenant_id = tenant.id AND b.former_hash = p_token
                  AND b.former_until > p_now LIMIT 1))
          AND s.expires_at > p_now AND s.last_used_at > p_now - p_idle AND u.state = 'active'
          AND u.kind = CASE WHEN p_side = 'msp' OR s.as_contact_id IS NOT NULL THEN 'internal' ELSE 'client' END
          AND (u.kind = 'client' OR coalesce(f.is_active, true))
          AND (p_side = 'msp' OR (c.id IS NOT NULL AND k.id IS NOT NULL))
          AND (s.parent_id IS NULL OR EXISTS (
                  SELECT 1 FROM sessions p WHERE p.tenant_id = s.tenant_id AND p.id = s.parent_id
                     AND p.side = 'msp' AND p.user_id = s.user_id AND p.expires_at > p_now))
          AND (s.as_contact_id IS NULL OR EXISTS (
                  SELECT 1 FROM staff_roles g JOIN role_permissions p ON p.tenant_id = g.tenant_id AND p.role_id = g.role_id
                  WHERE g.tenant_id = s.tenant_id AND g.user_id = s.user_id AND p.permission = 'portal:view_as'));
        IF FOUND THEN
            IF p_side = 'msp' OR (who.is_looking_on AND who.sees_assigned_only) THEN
                clients := CASE WHEN who.sees_assigned_only THEN ARRAY(
                    SELECT a.client_id FROM client_assignments a
                    WHERE a.tenant_id = tenant.id AND a.user_id = who.user_id ORDER BY 1) END;
            END IF;
            IF who.is_looking_on AND clients IS NOT NULL AND NOT who.client_id = ANY (clients) THEN
                who.session_id := NULL;
            END IF;
        END IF;
    ELSE
        SELECT NULL::uuid AS session_id, NULL::uuid AS user_id, NULL::uuid AS client_id, NULL::uuid AS membership_id,
               false AS is_looking_on
        INTO who;
    END IF;
    IF who.session_id IS NOT NULL AND p_side = 'msp' THEN
        permissions := ARRAY(
            SELECT DISTINCT p.permission FROM staff_roles r
            JOIN role_permissions p ON p.tenant_id = r.tenant_id AND p.role_id = r.role_id
            WHERE r.tenant_id = tenant.id AND r.user_id = who.user_id ORDER BY 1);
    ELSIF who.membership_id IS NOT NULL THEN
        SELECT array_agg(DISTINCT g.permission) FILTER (WHERE g.site_id IS NULL),
               array_agg(DISTINCT g.permission || ' ' || g.site_id) FILTER (WHERE g.site_id IS NOT NULL)
        INTO permissions, at_sites
        FROM (
            SELECT p.permission, l.site_id FROM membership_roles r
            JOIN role_permissions p ON p.tenant_id = r.tenant_id AND p.role_id = r.role_id
            LEFT JOIN membership_role_sites l ON l.tenant_id = r.tenant_id AND l.membership_role_id = r.id
            WHERE r.tenant_id = tenant.id AND r.membership_id = who.membership_id
              AND NOT EXISTS (
                  SELECT 1 FROM denials d WHERE d.tenant_id = tenant.id AND d.permission = p.permission
                     AND (d.client_id = who.client_id OR d.membership_id = who.membership_id))
        ) g;
        board_ids := CASE WHEN who.board_group_id IS NOT NULL THEN ARRAY(
            SELECT b.board_id FROM board_group_boards b
            WHERE b.tenant_id = tenant.id AND b.board_group_id = who.board_group_id ORDER BY 1) END;
        seats := (SELECT count(*) FROM memberships m
                  JOIN clients c ON c.tenant_id = m.tenant_id AND c.id = m.client_id AND c.is_active AND c.portal_access
                  JOIN contacts k ON k.tenant_id = m.tenant_id AND k.id = m.contact_id AND k.is_active AND k.portal_access
                  WHERE m.tenant_id = tenant.id AND m.user_id = who.user_id AND m.is_active);
    ELSIF who.is_looking_on THEN
        permissions := ARRAY['ticket:read'];
    END IF;
    IF who.is_looking_on THEN
        may_write := EXISTS (SELECT 1 FROM access_settings x WHERE x.tenant_id = tenant.id AND x.view_as_may_write);
        permissions := ARRAY(
            SELECT g.permission FROM unnest(permissions) AS g (permission)
            WHERE split_part(g.permission, ':', 2) = 'read'
               OR (may_write AND g.permission IN ('ticket:create', 'ticket:comment', 'ticket:resolve')));
        at_sites := ARRAY(SELECT g.held FROM unnest(at_sites) AS g (held) WHERE split_part(split_part(g.held, ' ', 1), ':', 2) = 'read');
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
            set_config('app.client', CASE WHEN who.session_id IS NULL THEN '' ELSE coalesce(who.client_id::text, '') END,
                       true),
            set_config('app.user', CASE WHEN who.session_id IS NULL OR who.is_looking_on THEN ''
                                        ELSE who.user_id::text END, true),
            set_config('app.clients', coalesce(CASE WHEN p_side = 'msp' THEN clients END::text, ''), true);

    tenant_id := tenant.id; slug := tenant.slug; display_name := tenant.display_name;
    tenant_locale := tenant.locale; tenant_time_zone := tenant.time_zone;
    support_email := tenant.support_email; support_phone := tenant.support_phone;
    support_hours := tenant.support_hours; website := tenant.website;
    brand_version := tenant.brand_version; logo_key := tenant.logo_key; logo_alt := tenant.logo_alt;
    own_host := host; other_side := elsewhere;
    reach := current_setting('app.reach');
    IF who.session_id IS NOT NULL THEN
        session_id := who.session_id; proved_at := who.proved_at;
        user_locale := who.locale; user_time_zone := who.time_zone;
        membership_id := who.membership_id; client_id := who.client_id; client_name := who.client_name;
        contact_id := who.contact_id; site_id := who.site_id; ticket_scope := who.ticket_scope;
        client_ids := CASE WHEN p_side = 'msp' THEN clients END;
        held := encode(sha256(convert_to(
            ROW(permissions, at_sites, board_ids, clients, ticket_scope, site_id)::text, 'UTF8')), 'hex');
        is_old := who.last_used_at < p_now - interval '5 minutes';
        IF who.privileges <> held AND who.is_current THEN
            privileges := held;  -- nothing is written here: `rotate` does, in a transaction of its own
        ELSIF is_old OR who.privileges IS NULL THEN
            UPDATE sessions s SET last_used_at = CASE WHEN is_old THEN p_now ELSE s.last_used_at END,
                                  privileges = coalesce(s.privileges, held)
            WHERE s.tenant_id = tenant.id AND s.id = who.session_id;
        END IF;
        IF who.is_looking_on THEN
            user_name := who.contact_name; staff_user_id := who.user_id; staff_name := who.name;
            membership_id := NULL;
        ELSE
            user_name := who.name; user_id := who.user_id;
        END IF;
    ELSE
        permissions := NULL; at_sites := NULL; board_ids := NULL; seats := NULL;
    END IF;
    RETURN NEXT;
END
$door$;
