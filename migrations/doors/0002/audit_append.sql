-- Appends entries to the chain of the scope's tenant. Called as the last
-- statement of a transaction: it alone locks and moves the chain's head.
CREATE FUNCTION door.audit_append(p_entries jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
DECLARE
    tenant uuid := nullif(current_setting('app.tenant', true), '')::uuid;
    head audit_heads%ROWTYPE;
    entry jsonb;
BEGIN
    IF tenant IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'an audit entry needs a tenant';
    END IF;
    INSERT INTO audit_heads (tenant_id, id, position, digest, trimmed_position, trimmed_digest)
    VALUES (tenant, gen_random_uuid(), 0, '', 0, '')
    ON CONFLICT (tenant_id) DO NOTHING;
    SELECT * INTO head FROM audit_heads h WHERE h.tenant_id = tenant FOR UPDATE;
    FOR entry IN SELECT e.value FROM jsonb_array_elements(p_entries) WITH ORDINALITY e ORDER BY e.ordinality LOOP
        head.position := head.position + 1;
        head.digest := door.audit_digest(head.digest, head.position, entry);
        INSERT INTO audit_entries (tenant_id, id, position, at, action, facts, object_kind, object_id, client_id, user_id, visibility, digest)
        VALUES (tenant, (entry ->> 'id')::uuid, head.position, (entry ->> 'at')::timestamptz, entry ->> 'action',
                entry, entry ->> 'object_kind', (entry ->> 'object_id')::uuid, (entry ->> 'client_id')::uuid,
                (entry ->> 'user_id')::uuid, coalesce(entry ->> 'visibility', 'internal'), head.digest);
    END LOOP;
    UPDATE audit_heads h SET position = head.position, digest = head.digest WHERE h.tenant_id = tenant;
END
$door$;
