-- The end of day keys, and what the daily job needs: a lock with a place to resume at, how long each project
-- keeps its events, and a line in the log for what was deleted.

-- Until when a row of day_keys may be handed out. A row that was there while its day's events came in lives to
-- the end of the next UTC day. One that was made later, for days that are imported, lives 23 hours: an
-- instance of the Worker keeps a key for up to an hour, which makes 24.
create function headwater.day_key_ends(day date, created_at timestamptz) returns timestamptz
language sql immutable set search_path = '' as $$
    select case when created_at < (day + 2)::timestamp at time zone 'utc'
                then (day + 2)::timestamp at time zone 'utc'
                else created_at + interval '23 hours' end
$$;

-- Random rows of the given UTC days, made where missing; of two that make one, the first wins. A row whose time
-- is over is never handed out again, also where nobody has destroyed it yet: an import gets another one.
create or replace function headwater.day_keys(days date[]) returns json
language plpgsql volatile security definer set search_path = '' as $$
begin
    if coalesce(array_length(days, 1), 0) > 400 then
        raise exception 'more than 400 days at once';
    end if;
    delete from public.day_keys k
    where k.day = any (days) and headwater.day_key_ends(k.day, k.created_at) <= now();
    if exists (select from unnest(days) as wanted(day)
               where not exists (select from public.day_keys k where k.day = wanted.day)) then
        insert into public.day_keys (day, random)
        select distinct wanted.day,
               decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')
        from unnest(days) as wanted(day)
        on conflict (day) do nothing;
    end if;
    return (select coalesce(json_object_agg(k.day, encode(k.random, 'hex')), '{}')
            from public.day_keys k where k.day = any (days));
end
$$;

-- Makes the rows of today and tomorrow, destroys those whose time is over, and answers how many those were. The
-- table is written anew: a deleted row would stay in its file until the next vacuum.
create function headwater.day_keys_turn() returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
    today date := (now() at time zone 'utc')::date;
    kept public.day_keys[];
    over integer;
begin
    perform headwater.day_keys(array[today, today + 1]);
    select count(*) into over from public.day_keys k where headwater.day_key_ends(k.day, k.created_at) <= now();
    if over = 0 then
        return 0;
    end if;
    -- Key look-ups wait for it: not long.
    perform set_config('lock_timeout', '2s', true);
    lock table public.day_keys in access exclusive mode;
    kept := array(select k from public.day_keys k where headwater.day_key_ends(k.day, k.created_at) > now());
    select count(*) - cardinality(kept) into over from public.day_keys;
    truncate public.day_keys;
    insert into public.day_keys select (row).* from unnest(kept) as row;
    return over;
end
$$;

-- Jobs -----------------------------------------------------------------------------------------------

-- A job that one Worker at a time may do, and where its next run goes on.
create table public.jobs (
    name text primary key check (length(name) between 1 and 64),
    -- Chosen at random by each run; null: nobody is at it.
    holder text,
    -- A run that says nothing until then has died.
    held_until timestamptz,
    -- How far the run under way is, or where the one that ended before its end is to be taken up; null: done.
    resume_at text,
    updated_at timestamptz not null default now()
);
alter table public.jobs enable row level security;
revoke all on public.jobs from public, anon, authenticated, service_role;
grant select on public.jobs to service_role;

-- Takes the job, or keeps it for longer, and notes how far it is: {"granted": true, "resume_at": …} or
-- {"granted": false}. What a run that died had noted is where the next one goes on.
create function headwater.job_hold(job text, holder text, seconds integer, resume_at text default null) returns json
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    held public.jobs;
begin
    if seconds not between 1 and 3600 then
        raise exception 'a job is held for 1 to 3600 seconds' using errcode = 'PT400';
    end if;
    insert into public.jobs as j (name, holder, held_until, resume_at)
    values (job_hold.job, job_hold.holder, now() + make_interval(secs => seconds), coalesce(job_hold.resume_at, ''))
    on conflict (name) do update
        set holder = excluded.holder, held_until = excluded.held_until, updated_at = now(),
            resume_at = coalesce(job_hold.resume_at, j.resume_at, '')
        where j.holder is null or j.holder = excluded.holder or j.held_until <= now()
    returning j.* into held;
    return json_build_object('granted', held.name is not null, 'resume_at', held.resume_at);
end
$$;

-- Lets go of the job: it is done, or to be taken up again; whether it was still held.
create function headwater.job_release(job text, holder text, finished boolean) returns boolean
language sql volatile security definer set search_path = '' as $$
    with released as (
        update public.jobs j
        set holder = null, held_until = null, resume_at = case when not finished then j.resume_at end, updated_at = now()
        where j.name = $1 and j.holder = $2 returning 1)
    select exists (select from released)
$$;

-- Whether a run of the job ended before its end and nobody is at it.
create function headwater.job_unfinished(job text) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.jobs j
                   where j.name = $1 and j.resume_at is not null and (j.held_until is null or j.held_until <= now()))
$$;

-- Retention ------------------------------------------------------------------------------------------

-- Projects that keep their events for a time, a page of them by id, and how long the longest-keeping of all
-- projects does (null: one keeps them for ever). Projects out of use count like all others.
create function headwater.retention_policies(after uuid default null, most integer default 500) returns json
language sql stable security definer set search_path = '' as $$
    select json_build_object(
        'longest', (select case when bool_or(p.retention_days is null) then null else max(p.retention_days) end
                    from public.projects p),
        'projects', (
            select coalesce(json_agg(json_build_object(
                'project_id', one.id, 'organization_id', one.organization_id, 'slug', one.slug,
                'retention_days', one.retention_days) order by one.id), '[]')
            from (select * from public.projects p
                  where p.retention_days is not null and (after is null or p.id > after)
                  order by p.id limit least(most, 1000)) as one))
$$;

-- Notes in the log what a run deleted: [{"project_id": …, "detail": {…}}, …].
create function headwater.retention_note(rows json) returns void
language sql volatile security definer set search_path = '' as $$
    insert into public.audit_log (organization_id, project_id, actor, action, subject, detail)
    select p.organization_id, p.id, 'system', 'retention.run', p.slug, r.detail
    from json_to_recordset(rows) as r(project_id uuid, detail jsonb)
    join public.projects p on p.id = r.project_id
$$;

create function public.day_keys_turn() returns integer
language sql volatile set search_path = '' as $$ select headwater.day_keys_turn() $$;

create function public.job_hold(job text, holder text, seconds integer, resume_at text default null) returns json
language sql volatile set search_path = '' as $$ select headwater.job_hold(job, holder, seconds, resume_at) $$;

create function public.job_release(job text, holder text, finished boolean) returns boolean
language sql volatile set search_path = '' as $$ select headwater.job_release(job, holder, finished) $$;

create function public.job_unfinished(job text) returns boolean
language sql stable set search_path = '' as $$ select headwater.job_unfinished(job) $$;

create function public.retention_policies(after uuid default null, most integer default 500) returns json
language sql stable set search_path = '' as $$ select headwater.retention_policies(after, most) $$;

create function public.retention_note(rows json) returns void
language sql volatile set search_path = '' as $$ select headwater.retention_note(rows) $$;

revoke execute on all functions in schema headwater from public, anon, authenticated;
grant execute on function headwater.my_organizations(), headwater.my_administered() to authenticated;
grant execute on all functions in schema headwater to service_role;
revoke execute on function public.day_keys_turn(), public.job_hold(text, text, integer, text),
    public.job_release(text, text, boolean), public.job_unfinished(text),
    public.retention_policies(uuid, integer), public.retention_note(json)
    from public, anon, authenticated;
grant execute on function public.day_keys_turn(), public.job_hold(text, text, integer, text),
    public.job_release(text, text, boolean), public.job_unfinished(text),
    public.retention_policies(uuid, integer), public.retention_note(json)
    to service_role;
