-- door.finish_schedule: a slot has been published to every tenant; move on.
--
-- p_each_slot: false goes to the first slot after p_clock (after a night's downtime the duty runs once), true to the
-- very next slot (each missed one is made up for). Says whether the slot was still the current one.
--
-- Wants of portal_door: SELECT, UPDATE on schedules.
CREATE OR REPLACE FUNCTION door.finish_schedule(
    p_name text,
    p_slot timestamptz,
    p_clock timestamptz,
    p_now timestamptz,
    p_each_slot boolean
) RETURNS boolean
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH moved AS (
        UPDATE public.schedules AS s
           SET next_at = s.next_at + make_interval(secs => s.every_seconds * CASE
                   WHEN p_each_slot THEN 1
                   ELSE greatest(floor(extract(epoch FROM p_clock - s.next_at) / s.every_seconds), 0) + 1
               END),
               last_finished_at = p_now,
               last_duration_ms = round(extract(epoch FROM p_now - s.last_started_at) * 1000)::integer,
               lease_until = NULL
         WHERE s.name = p_name AND s.next_at = p_slot
        RETURNING 1
    )
    SELECT EXISTS (SELECT 1 FROM moved)
$$;
