-- Plans, the settings of a project, the meter and the log, and who reads which of them.
--
-- A signed-in user reads, and writes nothing here directly: every change goes through a function that
-- checks the role and notes it in the log (0004). Plan, quota, rate limits and usage are the operator's:
-- no function that a user's or an account key's request reaches sets them.

-- Supabase opens what is later made in public to its API's roles. Not in this database. (That PUBLIC may
-- execute a new function cannot be taken back for one schema alone; migrations revoke it by name.)
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke all on functions from anon, authenticated;

-- What check constraints ask ------------------------------------------------------------------------

-- At most `most` texts, each of 1 to `longest` characters.
create function headwater.is_short_list(list text[], most integer, longest integer) returns boolean
language sql immutable set search_path = '' as $$
    select list is null or (cardinality(list) <= most and not exists (
        select from unnest(list) as item where item is null or length(item) not between 1 and longest))
$$;

-- The classifier's own check is stricter and made by the Worker; this one bounds what is stored.
create function headwater.are_rules(rules jsonb) returns boolean
language sql immutable set search_path = '' as $$
    select jsonb_typeof(rules) = 'array' and length(rules::text) <= 32768
       and case when jsonb_typeof(rules) = 'array' then jsonb_array_length(rules) <= 100 and not exists (
            select from jsonb_array_elements(rules) as rule
            where jsonb_typeof(rule) <> 'object'
               or case when jsonb_typeof(rule) = 'object' then
                    exists (select from jsonb_each(rule) as part
                            where part.key not in ('id', 'field', 'pattern', 'source', 'medium', 'channel')
                               or jsonb_typeof(part.value) <> 'string'
                                  and not (part.key = 'channel' and jsonb_typeof(part.value) = 'null')
                               or length(part.value #>> '{}') not between 1 and 256)
                    or not rule ?& array['id', 'field', 'pattern', 'source', 'medium']
                    or rule ->> 'field' not in ('referrer_host', 'utm_source', 'utm_medium', 'utm_campaign')
                  end)
           end
$$;

-- What a kind of key can do at most: GRANTS in src/key/grants.rs.
create function headwater.scopes_of(kind text) returns text[]
language sql immutable set search_path = '' as $$
    select case kind when 'pk' then array['ingest'] when 'sk' then array['ingest', 'read']
                     when 'rk' then array['read'] when 'ak' then array['read', 'admin'] else '{}'::text[] end
$$;

-- Tables ---------------------------------------------------------------------------------------------

create table public.plans (
    slug text primary key check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text not null check (length(name) between 1 and 128),
    -- Events a month and project; null is without end. Test data is free, and capped.
    quota_events bigint check (quota_events > 0),
    test_quota_events bigint check (test_quota_events > 0),
    -- Of one project and env; 0 is no limit.
    events_per_second integer not null check (events_per_second >= 0),
    burst integer not null check (burst >= 0),
    created_at timestamptz not null default now()
);
insert into public.plans (slug, name, quota_events, test_quota_events, events_per_second, burst) values
    ('free', 'Free', 10000000, 100000, 5000, 20000),
    ('unlimited', 'Unlimited', null, null, 0, 0);

alter table public.organizations
    add column plan text not null default 'free' references public.plans on update cascade;

alter table public.projects
    -- Events a month in place of the plan's: null takes the plan's, 0 is without end (in test, too).
    add column quota_events bigint check (quota_events >= 0),
    -- Past the quota: 'soft' only says so, 'block' refuses events.
    add column quota_mode text not null default 'soft' check (quota_mode in ('soft', 'block')),
    add column events_per_second integer check (events_per_second >= 0),
    add column burst integer check (burst >= 0),
    -- How exactly a place is stored.
    add column geo_level text not null default 'country' check (geo_level in ('country', 'region', 'city')),
    -- The project's own traffic, which is not counted.
    add column excluded_ip_ranges cidr[] not null default '{}'
        check (cardinality(excluded_ip_ranges) <= 100 and array_position(excluded_ip_ranges, null) is null),
    add column classifier_rules jsonb not null default '[]' check (headwater.are_rules(classifier_rules)),
    -- Hosts that count as the same site.
    add column internal_hosts text[] not null default '{}'
        check (headwater.is_short_list(internal_hosts, 100, 253)),
    add constraint projects_kept_params_check check (headwater.is_short_list(kept_params, 100, 128));

alter table public.api_keys
    -- The key that took over in a rotation.
    add column rotated_to uuid references public.api_keys on delete set null,
    add constraint api_keys_kind_scopes_check check (scopes <@ headwater.scopes_of(kind)),
    add constraint api_keys_origins_check check (headwater.is_short_list(allowed_origins, 100, 270));

-- Events of a project, env and UTC month as the store counted them: an absolute number.
create table public.usage_meter (
    project_id uuid not null references public.projects on delete cascade,
    env text not null check (env in ('live', 'test')),
    month date not null check (extract(day from month) = 1),
    events bigint not null check (events >= 0),
    -- The highest share of the quota, in percent, of which the log already tells.
    warned smallint not null default 0,
    updated_at timestamptz not null default now(),
    primary key (project_id, env, month)
);

-- Without references: the log outlives what it tells of.
create table public.audit_log (
    id bigint generated always as identity primary key,
    organization_id uuid not null,
    project_id uuid,
    -- key:<prefix>, user:<id>, operator (the commands) or system.
    actor text not null,
    action text not null,
    -- What was changed: a prefix, a slug, an id.
    subject text not null,
    -- Never a secret, a hash or an address.
    detail jsonb not null default '{}',
    at timestamptz not null default now()
);
create index audit_log_by_organization on public.audit_log (organization_id, at desc);

create function headwater.refuse_change() returns trigger
language plpgsql set search_path = '' as $$
begin
    raise exception 'the log is only ever added to' using errcode = 'PT403';
end
$$;
create trigger append_only before update or delete or truncate on public.audit_log
    for each statement execute function headwater.refuse_change();

-- A check constraint cannot look into a view, and the view reads hundreds of files: only when it must.
create function headwater.check_timezone() returns trigger
language plpgsql set search_path = '' as $$
begin
    if not exists (select from pg_catalog.pg_timezone_names z where z.name = new.timezone)
       or new.timezone ~ '^(posix/|right/|localtime$|posixrules$|Factory$)' then
        raise exception 'there is no time zone "%"', new.timezone
            using errcode = 'PT400', detail = 'timezone';
    end if;
    return new;
end
$$;
create trigger timezone_on_insert before insert on public.projects
    for each row when (new.timezone <> 'UTC') execute function headwater.check_timezone();
create trigger timezone_on_update before update of timezone on public.projects
    for each row when (new.timezone <> 'UTC' and new.timezone is distinct from old.timezone)
    execute function headwater.check_timezone();

-- Who reads what ----------------------------------------------------------------------------------

alter table public.plans enable row level security;
alter table public.usage_meter enable row level security;
alter table public.audit_log enable row level security;

-- Organizations whose log the signed-in user may read.
create function headwater.my_administered() returns setof uuid
language sql stable security definer set search_path = '' as $$
    select organization_id from public.members where user_id = auth.uid() and role in ('owner', 'admin')
$$;

-- The inner query is under row-level security itself: a plan is seen by who is on it.
create policy read_own on public.plans for select to authenticated
    using (slug in (select o.plan from public.organizations o));
create policy read_own on public.usage_meter for select to authenticated
    using (project_id in (select p.id from public.projects p));
create policy read_own on public.audit_log for select to authenticated
    using (organization_id in (select headwater.my_administered()));

revoke all on public.plans, public.usage_meter, public.audit_log from public, anon, authenticated, service_role;
grant select on public.plans, public.usage_meter, public.audit_log to authenticated, service_role;
grant select (rotated_to) on public.api_keys to authenticated;
-- Plans are the operator's; meter and log change through their functions only.
grant insert, update, delete on public.plans to service_role;

-- Writes a line of the log.
create function headwater.audit(
    organization_id uuid, project_id uuid, actor text, action text, subject text, detail jsonb default '{}')
returns void language sql volatile security definer set search_path = '' as $$
    insert into public.audit_log (organization_id, project_id, actor, action, subject, detail)
    values ($1, $2, $3, $4, $5, $6)
$$;

revoke execute on all functions in schema headwater from public, anon, authenticated;
grant execute on function headwater.my_organizations(), headwater.my_administered() to authenticated;
grant execute on all functions in schema headwater to service_role;
