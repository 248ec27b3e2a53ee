-- When a job last finished: the Worker decides by it which jobs are due, whatever the times of its cron triggers.

-- {"held": …, "finished_ms": …}: whether a run is at it now, and when the last run finished, in milliseconds since
-- 1970 (null: never, or the last run ended before its end and is to be taken up again).
create function headwater.job_state(job text) returns json
language sql stable security definer set search_path = '' as $$
    select json_build_object(
        'held', coalesce(bool_or(j.holder is not null and j.held_until > now()), false),
        'finished_ms', max(floor(extract(epoch from j.updated_at) * 1000)::bigint)
            filter (where j.holder is null and j.resume_at is null))
    from public.jobs j where j.name = $1
$$;

create function public.job_state(job text) returns json
language sql stable set search_path = '' as $$ select headwater.job_state(job) $$;

-- Its place is taken.
drop function public.job_unfinished(text);
drop function headwater.job_unfinished(text);

revoke execute on function headwater.job_state(text), public.job_state(text) from public, anon, authenticated;
grant execute on function headwater.job_state(text), public.job_state(text) to service_role;
