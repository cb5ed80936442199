-- Takes one counted try back, because it turned out to be the owner's: what a
-- throttle adds up is what failed. Other tries under the key stay counted.
CREATE FUNCTION door.forgive(p_key text, p_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
    UPDATE throttles t
       SET tries = t.tries[: array_position(t.tries, p_at) - 1] || t.tries[array_position(t.tries, p_at) + 1 :]
     WHERE t.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid AND t.key = p_key AND p_at = ANY (t.tries)
$door$;
