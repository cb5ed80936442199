-- door.due_schedules: writes down what the code declares, leases what is due, and says for which active tenants.
--
-- p_names, p_every (seconds) and p_clock (the clock that schedule goes by: business or real time) run in parallel.
-- p_now is real time and rules the lease. Slots lie on whole multiples of the period since 1970 (UTC). One row comes
-- back per schedule and active tenant, and one with a null tenant where there is none, so that it can be finished.
-- A leased schedule keeps its slot until finish_schedule moves it: if the relay dies in between, the next one
-- publishes the same slot again and the events' dedupe keys keep it single.
--
-- Wants of portal_door: SELECT, INSERT, UPDATE on schedules; SELECT (id, state) on tenants.
CREATE OR REPLACE FUNCTION door.due_schedules(
    p_names text[],
    p_every integer[],
    p_clock timestamptz[],
    p_now timestamptz,
    p_lease interval
) RETURNS TABLE (name text, slot timestamptz, tenant_id uuid)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- New, or its period was changed: the next whole slot by its clock.
    INSERT INTO public.schedules AS s (name, every_seconds, next_at)
    SELECT d.name, d.every, to_timestamp((floor(extract(epoch FROM d.clock) / d.every) + 1) * d.every)
      FROM unnest(p_names, p_every, p_clock) AS d (name, every, clock)
     WHERE NOT EXISTS (
        SELECT 1 FROM public.schedules AS known WHERE known.name = d.name AND known.every_seconds = d.every
     )
    ON CONFLICT (name) DO UPDATE
       SET every_seconds = excluded.every_seconds, next_at = least(s.next_at, excluded.next_at);

    -- The clock was set back (outside production it may be): don't wait for a time long gone by.
    UPDATE public.schedules AS s
       SET next_at = to_timestamp((floor(extract(epoch FROM d.clock) / d.every) + 1) * d.every)
      FROM unnest(p_names, p_every, p_clock) AS d (name, every, clock)
     WHERE s.name = d.name AND s.next_at > d.clock + make_interval(secs => d.every);

    RETURN QUERY
    WITH due AS (
        SELECT s.name, s.next_at
          FROM public.schedules AS s
          JOIN unnest(p_names, p_clock) AS d (name, clock) ON d.name = s.name
         WHERE s.next_at <= d.clock AND (s.lease_until IS NULL OR s.lease_until <= p_now)
           FOR UPDATE OF s SKIP LOCKED
    ),
    leased AS (
        UPDATE public.schedules AS s
           SET lease_until = p_now + p_lease, last_started_at = p_now
          FROM due
         WHERE s.name = due.name
        RETURNING s.name, s.next_at
    )
    SELECT l.name, l.next_at, t.id
      FROM leased AS l
      LEFT JOIN public.tenants AS t ON t.state = 'active'
     ORDER BY l.name, t.id;
END
$$;
