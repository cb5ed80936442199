-- At the gate: whose passkey this is, by side. A credential's id is no secret and
-- proves nothing; its signature is checked by whoever asks.
CREATE FUNCTION door.owner_of_passkey(p_kind text, p_credential_id text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    SELECT u.id FROM passkeys k JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.user_id
    WHERE k.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
      AND current_setting('app.reach', true) = 'gate'
      AND k.credential_id = p_credential_id AND u.kind = p_kind
$door$;
