-- One link of the audit chain: SHA-256 in hex over the digest before it and the
-- entry as jsonb text, whose key order PostgreSQL fixes.
CREATE FUNCTION door.audit_digest(p_before text, p_position bigint, p_entry jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $door$
    SELECT encode(sha256(convert_to(p_before || p_position::text || p_entry::text, 'UTF8')), 'hex')
$door$;
