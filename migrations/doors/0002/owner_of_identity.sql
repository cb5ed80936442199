-- At the gate: who is known to this issuer under this subject.
CREATE FUNCTION door.owner_of_identity(p_provider uuid, p_subject text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    SELECT i.user_id FROM sso_identities i
    WHERE i.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
      AND current_setting('app.reach', true) = 'gate'
      AND i.provider_id = p_provider AND i.subject = p_subject
$door$;
