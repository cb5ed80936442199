-- door.pick_deliveries: due deliveries of one queue, across tenants, fairly.
--
-- The walk goes from tenant to tenant over ix_deliveries_open (one index probe each). Every tenant gets one row before
-- any gets its second, and the turn begins after the tenant served last (p_after): neither one tenant with a million
-- due rows nor a thousand tenants with older ones can keep anybody from a turn. Picked rows come due again after
-- p_requeue_after, so whatever Redis loses is found again; clearing the token shuts out a run whose lease has passed.
-- Ids come back, and the handler's name (a word of the code) for its time limit; no content.
--
-- Wants of portal_door: SELECT (tenant_id, id, handler, queue, state, due_at, attempts) and
-- UPDATE (due_at, lease_token) on deliveries.
CREATE OR REPLACE FUNCTION door.pick_deliveries(
    p_queue text,
    p_now timestamptz,
    p_limit integer,
    p_after uuid,
    p_requeue_after interval
) RETURNS TABLE (tenant_id uuid, delivery_id uuid, handler text, attempts integer)
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH RECURSIVE waiting (tenant_id) AS (
        (
            SELECT d.tenant_id
              FROM public.deliveries AS d
             WHERE d.state = 'open' AND d.queue = p_queue
             ORDER BY d.tenant_id
             LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT d.tenant_id
              FROM public.deliveries AS d
             WHERE d.state = 'open' AND d.queue = p_queue AND d.tenant_id > w.tenant_id
             ORDER BY d.tenant_id
             LIMIT 1
        )
          FROM waiting AS w
         WHERE w.tenant_id IS NOT NULL
    ),
    ranked AS (
        SELECT head.tenant_id, head.id, head.place
          FROM waiting AS w
         CROSS JOIN LATERAL (
            SELECT due.tenant_id, due.id, row_number() OVER (ORDER BY due.due_at, due.id) AS place
              FROM (
                SELECT d.tenant_id, d.id, d.due_at
                  FROM public.deliveries AS d
                 WHERE d.state = 'open' AND d.queue = p_queue AND d.tenant_id = w.tenant_id AND d.due_at <= p_now
                 ORDER BY d.due_at, d.id
                 LIMIT p_limit
              ) AS due
         ) AS head
         ORDER BY head.place, head.tenant_id <= p_after, head.tenant_id
         LIMIT p_limit
    ),
    locked AS (
        SELECT d.tenant_id, d.id, r.place
          FROM public.deliveries AS d
          JOIN ranked AS r ON r.tenant_id = d.tenant_id AND r.id = d.id
         WHERE d.state = 'open' AND d.due_at <= p_now
           FOR UPDATE OF d SKIP LOCKED
    ),
    picked AS (
        UPDATE public.deliveries AS d
           SET due_at = p_now + p_requeue_after, lease_token = NULL
          FROM locked AS l
         WHERE d.tenant_id = l.tenant_id AND d.id = l.id
        RETURNING d.tenant_id, d.id, d.handler, d.attempts, l.place
    )
    SELECT p.tenant_id, p.id, p.handler, p.attempts
      FROM picked AS p
     ORDER BY p.place, p.tenant_id <= p_after, p.tenant_id
$$;
