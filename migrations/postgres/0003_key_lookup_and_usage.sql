-- What the Worker asks about a key, and the meter that its cron sets.

create or replace function headwater.key_lookup(key_prefix text) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    today date := (now() at time zone 'utc')::date;
    answer json;
begin
    select json_build_object(
        'key', json_build_object(
            'id', k.id, 'kind', k.kind, 'env', k.env, 'name', k.name, 'secret_hash', k.secret_hash,
            'scopes', k.scopes, 'allowed_origins', k.allowed_origins,
            'expires_at', floor(extract(epoch from k.expires_at) * 1000)::bigint,
            'revoked_at', floor(extract(epoch from k.revoked_at) * 1000)::bigint,
            'last_used_at', floor(extract(epoch from k.last_used_at) * 1000)::bigint),
        'organization_id', k.organization_id,
        'plan', json_build_object(
            'slug', terms.slug, 'events_per_second', terms.events_per_second, 'burst', terms.burst),
        'project', case when p.id is not null then json_build_object(
            'id', p.id, 'organization_id', p.organization_id, 'slug', p.slug, 'timezone', p.timezone,
            'retention_days', p.retention_days, 'dnt_mode', p.dnt_mode, 'kept_params', p.kept_params,
            'archived', p.archived_at is not null, 'geo_level', p.geo_level,
            'excluded_ip_ranges', p.excluded_ip_ranges::text[], 'classifier_rules', p.classifier_rules,
            'internal_hosts', p.internal_hosts,
            'quota_events', headwater.quota_of(p, terms, k.env), 'quota_mode', p.quota_mode,
            'used_events', coalesce((
                select m.events from public.usage_meter m
                where m.project_id = p.id and m.env = k.env and m.month = date_trunc('month', today)::date), 0),
            'events_per_second', coalesce(p.events_per_second, terms.events_per_second),
            'burst', coalesce(p.burst, terms.burst)) end,
        'day_keys', headwater.day_keys(array[today - 1, today, today + 1]))
    into answer
    from public.api_keys k
    join public.organizations o on o.id = k.organization_id
    join public.plans terms on terms.slug = o.plan
    left join public.projects p on p.id = k.project_id
    where k.prefix = key_prefix;
    return answer;
end
$$;

-- Events a month that a project may send; null is without end.
create function headwater.quota_of(project public.projects, terms public.plans, env text) returns bigint
language sql immutable set search_path = '' as $$
    select case when project.quota_events = 0 then null
                when env = 'test' then terms.test_quota_events
                else coalesce(project.quota_events, terms.quota_events) end
$$;

-- Notes that a key was used, at most once an hour; whether it was noted.
create function headwater.key_touch(key_id uuid) returns boolean
language sql volatile security definer set search_path = '' as $$
    with touched as (
        update public.api_keys k set last_used_at = now()
        where k.id = key_id and (k.last_used_at is null or k.last_used_at < now() - interval '1 hour')
        returning k.id)
    select exists (select from touched)
$$;

-- Sets the meter to what the store counted: [{"project_id": …, "env": "live", "month": "2026-11-01",
-- "events": 12}, …], at most 10,000. A lower count than before changes nothing: erasure and retention take
-- nothing back. Rows of projects that are gone are passed over. At 80 and at 100 % of its quota a project
-- gets a warning in the log, each once a month and env.
create function headwater.usage_set(rows json) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    written bigint;
    given bigint := json_array_length(rows);
    warnings json;
begin
    if given > 10000 then
        raise exception 'more than 10000 rows at once' using errcode = 'PT400';
    end if;
    -- One row an identity, in one order: two runs at a time do not wait for each other in a circle.
    insert into public.usage_meter as m (project_id, env, month, events)
    select c.project_id, c.env, c.month, max(c.events)
    from json_to_recordset(rows) as c(project_id uuid, env text, month date, events bigint)
    join public.projects p on p.id = c.project_id
    group by c.project_id, c.env, c.month
    order by c.project_id, c.env, c.month
    on conflict (project_id, env, month) do update
        set events = greatest(m.events, excluded.events), updated_at = now();
    get diagnostics written = row_count;

    with counted as (
        select m.project_id, m.env, m.month, m.events, m.warned, p.organization_id, p.slug,
               headwater.quota_of(p, terms, m.env) as quota
        from public.usage_meter m
        join public.projects p on p.id = m.project_id
        join public.organizations o on o.id = p.organization_id
        join public.plans terms on terms.slug = o.plan
        where (m.project_id, m.env, m.month) in (
            select c.project_id, c.env, c.month
            from json_to_recordset(rows) as c(project_id uuid, env text, month date))
    ), due as (
        select counted.*, level from counted, unnest(array[80, 100]) as level
        where level > warned and events * 100.0 >= quota * level::numeric
    ), marked as (
        update public.usage_meter m set warned = reached.level
        from (select project_id, env, month, max(level) as level from due group by 1, 2, 3) as reached
        where (m.project_id, m.env, m.month) = (reached.project_id, reached.env, reached.month)
    ), noted as (
        insert into public.audit_log (organization_id, project_id, actor, action, subject, detail)
        select organization_id, project_id, 'system', 'quota.warning', slug,
               jsonb_build_object('env', env, 'month', month, 'percent', level, 'events', events, 'quota', quota)
        from due order by project_id, env, month, level
        returning organization_id, project_id, detail
    )
    select coalesce(json_agg(
        jsonb_build_object('organization_id', organization_id, 'project_id', project_id) || detail), '[]')
    into warnings from noted;
    return json_build_object('written', written, 'warnings', warnings);
end
$$;

create function public.key_touch(key_id uuid) returns boolean
language sql volatile set search_path = '' as $$ select headwater.key_touch(key_id) $$;

create function public.usage_set(rows json) returns json
language sql volatile set search_path = '' as $$ select headwater.usage_set(rows) $$;

revoke execute on all functions in schema headwater from public, anon, authenticated;
grant execute on function headwater.my_organizations(), headwater.my_administered() to authenticated;
grant execute on all functions in schema headwater to service_role;
revoke execute on function public.key_touch(uuid), public.usage_set(json) from public, anon, authenticated;
grant execute on function public.key_touch(uuid), public.usage_set(json) to service_role;
