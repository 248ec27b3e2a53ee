-- People who asked to be forgotten: the receipt of the request, and for 30 days what they are known by, so that
-- what arrives late is erased too (docs/forget.md). Then a salted hash of the ids that were asked for stays.
--
-- Nobody reads or writes the table but through these functions, which take the key that asks and find its
-- project and data set themselves: a key that was revoked a moment ago forgets nobody.

create table public.forget_requests (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references public.projects on delete cascade,
    env text not null check (env in ('live', 'test')),
    -- The ids as they were asked for; like all ids here in the form of src/erase/kept.rs.
    asked_user_id text,
    asked_anonymous_id text,
    -- All that belongs to the person, as far as it was found.
    user_ids text[] not null,
    anonymous_ids text[] not null,
    -- Of their rows, the newest last.
    visitor_hashes text[] not null default '{}',
    -- Days from which rows are being erased: not all of them may be marked for their rollups yet.
    days date[] not null default '{}',
    -- Whether it was found out whom an asked device belongs to. Asked once: later it may be another's.
    resolved boolean not null default false,
    status text not null default 'pending' check (status in ('pending', 'done')),
    counts jsonb not null default '{}',
    requested_at timestamptz not null default now(),
    done_at timestamptz,
    last_run_at timestamptz,
    -- Until then a run has it in hand.
    held_until timestamptz,
    purged_at timestamptz,
    salt text,
    -- sha256(salt || 'user_id:' || id) and sha256(salt || 'anonymous_id:' || id) of what was asked for.
    subject_hashes text[]
);

-- The same ids have one request as long as it lives.
create unique index forget_requests_by_ids on public.forget_requests
    (project_id, env, coalesce(asked_user_id, ''), coalesce(asked_anonymous_id, '')) where purged_at is null;
create index forget_requests_alive on public.forget_requests (last_run_at) where purged_at is null;

alter table public.forget_requests enable row level security;
revoke all on public.forget_requests from public, anon, authenticated, service_role;
grant select on public.forget_requests to service_role;

-- The key that asks.
create function headwater.forgetting_key(key_id uuid) returns public.api_keys
language plpgsql stable security definer set search_path = '' as $$
declare
    key public.api_keys;
begin
    select k.* into key from public.api_keys k join public.projects p on p.id = k.project_id
    where k.id = key_id and k.kind = 'sk' and 'ingest' = any (k.scopes) and k.revoked_at is null
      and (k.expires_at is null or k.expires_at > now()) and p.archived_at is null;
    if key.id is null then
        raise exception 'this key forgets nobody' using errcode = 'PT403';
    end if;
    return key;
end
$$;

-- Both lists, each text once, where it stands last; the last `most` of them.
create function headwater.united(older text[], newer text[], most integer) returns text[]
language sql immutable set search_path = '' as $$
    select coalesce(array_agg(value order by place), '{}') from (
        select value, max(place) as place
        from unnest(older || newer) with ordinality as both_lists(value, place)
        where value is not null
        group by value order by max(place) desc limit most) as kept
$$;

create function headwater.forget_json(request public.forget_requests) returns json
language sql immutable set search_path = '' as $$
    select json_build_object(
        'request_id', request.id, 'status', request.status, 'requested_at', headwater.iso(request.requested_at),
        'done_at', headwater.iso(request.done_at), 'counts', json_build_object(
            'events', coalesce((request.counts ->> 'events')::bigint, 0),
            'sessions', coalesce((request.counts ->> 'sessions')::bigint, 0),
            'identities', coalesce((request.counts ->> 'identities')::bigint, 0),
            'dead_letters', coalesce((request.counts ->> 'dead_letters')::bigint, 0),
            'buffered', coalesce((request.counts ->> 'buffered')::bigint, 0)))
$$;

create function headwater.audit_person(key public.api_keys, action text, subject text) returns void
language sql volatile security definer set search_path = '' as $$
    select headwater.audit(
        $1.organization_id, $1.project_id, 'key:' || $1.prefix, $2, $3, jsonb_build_object('env', $1.env))
$$;

-- Asks for a person to be forgotten. The same ids again give the same request; one that is done is taken up anew.
create function headwater.forget_create(key_id uuid, user_id text, anonymous_id text) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    key public.api_keys := headwater.forgetting_key(key_id);
    request public.forget_requests;
begin
    if coalesce(user_id, anonymous_id) is null then
        perform headwater.refuse('', 'name a user_id, an anonymous_id or both');
    end if;
    insert into public.forget_requests as r
        (project_id, env, asked_user_id, asked_anonymous_id, user_ids, anonymous_ids)
    values (key.project_id, key.env, $2, $3, array_remove(array[$2], null), array_remove(array[$3], null))
    on conflict (project_id, env, coalesce(asked_user_id, ''), coalesce(asked_anonymous_id, ''))
        where purged_at is null
    do update set status = 'pending', resolved = false, requested_at = now(), done_at = null,
        last_run_at = null, held_until = null
        where r.status = 'done'
    returning * into request;
    if request.id is null then
        select r.* into request from public.forget_requests r
        where r.project_id = key.project_id and r.env = key.env and r.purged_at is null
          and r.asked_user_id is not distinct from $2 and r.asked_anonymous_id is not distinct from $3;
    else
        perform headwater.audit_person(key, 'person.forget', request.id::text);
    end if;
    return headwater.forget_json(request);
end
$$;

-- A request of the key's own project and data set; null where there is none.
create function headwater.forget_get(key_id uuid, request_id uuid) returns json
language plpgsql stable security definer set search_path = '' as $$
declare
    key public.api_keys := headwater.forgetting_key(key_id);
begin
    return (select headwater.forget_json(r) from public.forget_requests r
            where r.id = request_id and r.project_id = key.project_id and r.env = key.env);
end
$$;

-- Notes that everything about a person is told, and what the control plane holds of them: their requests.
create function headwater.access_note(key_id uuid, user_id text, anonymous_id text) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    key public.api_keys := headwater.forgetting_key(key_id);
begin
    perform headwater.audit_person(key, 'person.access', key.prefix);
    return (select coalesce(json_agg(headwater.forget_json(r) order by r.requested_at, r.id), '[]')
            from public.forget_requests r
            where r.project_id = key.project_id and r.env = key.env and r.purged_at is null
              and ($2 = any (r.user_ids) or $3 = any (r.anonymous_ids)));
end
$$;

-- Requests that are due: pending ones and those of the last day at every run, older ones once a day for 30 days.
-- Those that waited longest come first. A run has them in hand for four minutes, unless it gives them back.
create function headwater.forget_due(most integer) returns json
language sql volatile security definer set search_path = '' as $$
    with due as (
        select r.id from public.forget_requests r
        where r.purged_at is null and coalesce(r.held_until < now(), true)
          and (r.status = 'pending' or r.requested_at > now() - interval '24 hours'
               or coalesce(r.last_run_at < now() - interval '20 hours', true))
        order by r.last_run_at nulls first, r.requested_at, r.id
        limit least(most, 1000)
        for update skip locked
    ), held as (
        update public.forget_requests r set held_until = now() + interval '4 minutes'
        from due where r.id = due.id
        returning r.*
    )
    select coalesce(json_agg(json_build_object(
        'id', h.id, 'project_id', h.project_id, 'env', h.env, 'asked_anonymous_id', h.asked_anonymous_id,
        'user_ids', h.user_ids, 'anonymous_ids', h.anonymous_ids, 'visitor_hashes', h.visitor_hashes,
        'days', h.days, 'resolved', h.resolved, 'requested_at', h.requested_at)
        order by h.last_run_at nulls first, h.requested_at, h.id), '[]')
    from held h
$$;

-- Writes down what was found of people, before any of it is erased: after that nobody could find it again.
-- [{"id", "user_ids", "anonymous_ids", "visitor_hashes", "days", "resolved"}, …]
create function headwater.forget_widen(found json) returns void
language sql volatile security definer set search_path = '' as $$
    update public.forget_requests r set
        user_ids = headwater.united(r.user_ids, f.user_ids, 10000),
        anonymous_ids = headwater.united(r.anonymous_ids, f.anonymous_ids, 10000),
        visitor_hashes = headwater.united(r.visitor_hashes, f.visitor_hashes, 1000),
        days = array(select distinct day from unnest(r.days || f.days) as day order by day),
        resolved = r.resolved or f.resolved
    from json_to_recordset(found) as f(
        id uuid, user_ids text[], anonymous_ids text[], visitor_hashes text[], days date[], resolved boolean)
    where r.id = f.id and r.purged_at is null
$$;

-- Gives requests back after a run. Counts add up; `days` are marked; `failed` leaves all else as it was. One that
-- was asked for anew meanwhile is still pending: [{"id", "requested_at", "counts", "days", "done", "failed"}, …]
create function headwater.forget_ran(results json) returns void
language sql volatile security definer set search_path = '' as $$
    update public.forget_requests r set
        held_until = null,
        last_run_at = case when f.failed then r.last_run_at else now() end,
        days = array(select day from unnest(r.days) as day where day <> all (f.days) order by day),
        counts = (select coalesce(jsonb_object_agg(name, total), '{}') from (
            select name, sum(number::bigint) as total from (
                select * from jsonb_each_text(r.counts) union all select * from jsonb_each_text(f.counts)
            ) as both_counts(name, number) group by name) as totals),
        done_at = case when f.done and r.status = 'pending' and r.requested_at = f.requested_at
            then now() else r.done_at end,
        status = case when f.done and r.requested_at = f.requested_at then 'done' else r.status end
    from json_to_recordset(results) as f(
        id uuid, requested_at timestamptz, counts jsonb, days date[], done boolean, failed boolean)
    where r.id = f.id
$$;

-- After 30 days of a request that is done a salted hash of what was asked for stays, and the receipt.
create function headwater.forget_purge() returns bigint
language sql volatile security definer set search_path = '' as $$
    with purged as (
        update public.forget_requests r set
            salt = fresh.salt,
            subject_hashes = array_remove(array[
                encode(sha256(convert_to(fresh.salt || 'user_id:' || r.asked_user_id, 'UTF8')), 'hex'),
                encode(sha256(convert_to(fresh.salt || 'anonymous_id:' || r.asked_anonymous_id, 'UTF8')), 'hex')],
                null),
            asked_user_id = null, asked_anonymous_id = null, user_ids = '{}', anonymous_ids = '{}',
            visitor_hashes = '{}', days = '{}', purged_at = now()
        from (select id, replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '') as salt
              from public.forget_requests
              where purged_at is null and status = 'done' and requested_at < now() - interval '30 days') as fresh
        where r.id = fresh.id and r.purged_at is null
        returning r.id)
    select count(*) from purged
$$;

create function public.forget_create(key_id uuid, user_id text, anonymous_id text) returns json
language sql volatile set search_path = '' as $$ select headwater.forget_create(key_id, user_id, anonymous_id) $$;

create function public.forget_get(key_id uuid, request_id uuid) returns json
language sql stable set search_path = '' as $$ select headwater.forget_get(key_id, request_id) $$;

create function public.access_note(key_id uuid, user_id text, anonymous_id text) returns json
language sql volatile set search_path = '' as $$ select headwater.access_note(key_id, user_id, anonymous_id) $$;

create function public.forget_due(most integer) returns json
language sql volatile set search_path = '' as $$ select headwater.forget_due(most) $$;

create function public.forget_widen(found json) returns void
language sql volatile set search_path = '' as $$ select headwater.forget_widen(found) $$;

create function public.forget_ran(results json) returns void
language sql volatile set search_path = '' as $$ select headwater.forget_ran(results) $$;

create function public.forget_purge() returns bigint
language sql volatile set search_path = '' as $$ select headwater.forget_purge() $$;

do $$
declare
    door regprocedure;
begin
    foreach door in array array[
        'headwater.forgetting_key(uuid)', 'headwater.united(text[], text[], integer)',
        'headwater.forget_json(public.forget_requests)',
        'headwater.audit_person(public.api_keys, text, text)',
        'headwater.forget_create(uuid, text, text)', 'headwater.forget_get(uuid, uuid)',
        'headwater.access_note(uuid, text, text)', 'headwater.forget_due(integer)', 'headwater.forget_widen(json)',
        'headwater.forget_ran(json)', 'headwater.forget_purge()',
        'public.forget_create(uuid, text, text)', 'public.forget_get(uuid, uuid)',
        'public.access_note(uuid, text, text)', 'public.forget_due(integer)', 'public.forget_widen(json)',
        'public.forget_ran(json)', 'public.forget_purge()']::regprocedure[]
    loop
        execute format('revoke execute on function %s from public, anon, authenticated', door);
        execute format('grant execute on function %s to service_role', door);
    end loop;
end
$$;
