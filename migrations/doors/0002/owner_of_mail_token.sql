-- At the gate: whose token this is, and of which side they are, if it is of this
-- purpose and still good. It consumes nothing; the caller does that in one UPDATE.
CREATE FUNCTION door.owner_of_mail_token(p_purpose text, p_token_hash text, p_now timestamptz)
RETURNS TABLE (user_id uuid, kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    SELECT u.id, u.kind FROM mail_tokens t JOIN users u ON u.tenant_id = t.tenant_id AND u.id = t.user_id
    WHERE t.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
      AND current_setting('app.reach', true) = 'gate'
      AND t.purpose = p_purpose AND t.token_hash = p_token_hash AND p_token_hash <> ''
      AND t.used_at IS NULL AND t.revoked_at IS NULL AND t.expires_at > p_now
$door$;
