-- For a session whose person may something else than before (`privileges`, as `enter`
-- tells): it has another token from here on. Of several requests that came with the
-- one before, the first does it; those on their way keep theirs until `p_until`. The
-- time at which the session is over at the latest; null for those that come second.
CREATE FUNCTION door.rotate(
    p_session uuid, p_token text, p_new_token text, p_privileges text, p_now timestamptz, p_until timestamptz
) RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    UPDATE sessions s
    SET token_hash = p_new_token, former_hash = p_token, former_until = p_until, privileges = p_privileges,
        last_used_at = p_now
    WHERE s.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
      AND current_setting('app.reach', true) IN ('client', 'staff')
      AND s.id = p_session AND s.token_hash = p_token AND p_new_token <> ''
    RETURNING s.expires_at
$door$;
