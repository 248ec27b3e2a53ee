-- The control plane: who owns which project, and which keys open it.
--
-- Signed-in users read their own organizations through row-level security. The Worker comes as
-- service_role and calls functions only. Supabase grants ALL on new tables and EXECUTE on new functions
-- to anon and authenticated, so both are revoked first and granted back column by column.

create schema if not exists headwater;
revoke all on schema headwater from public;
grant usage on schema headwater to authenticated, service_role;

create table public.organizations (
    id uuid primary key default gen_random_uuid(),
    slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text not null check (length(name) between 1 and 128),
    created_at timestamptz not null default now()
);

create table public.members (
    organization_id uuid not null references public.organizations on delete cascade,
    user_id uuid not null references auth.users on delete cascade,
    role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
    created_at timestamptz not null default now(),
    primary key (organization_id, user_id)
);
create index members_by_user on public.members (user_id);

create table public.projects (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations on delete cascade,
    slug text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text not null check (length(name) between 1 and 128),
    timezone text not null default 'UTC',
    -- Days for which events are kept; null keeps them for ever.
    retention_days integer check (retention_days between 1 and 36500),
    -- What to do with events of people who ask not to be tracked.
    dnt_mode text not null default 'anonymous' check (dnt_mode in ('ignore', 'anonymous', 'drop')),
    -- Query parameters kept in stored URLs; null takes the defaults.
    kept_params text[],
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    unique (organization_id, slug)
);

create table public.api_keys (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations on delete cascade,
    -- Null for account keys alone.
    project_id uuid references public.projects on delete cascade,
    kind text not null check (kind in ('pk', 'sk', 'rk', 'ak')),
    env text not null check (env in ('live', 'test')),
    prefix text not null unique check (prefix ~ '^[0-9a-z]{8}$'),
    -- sha256(secret || pepper) in lower-case hexadecimal digits.
    secret_hash text not null check (secret_hash ~ '^[0-9a-f]{64}$'),
    name text not null default '' check (length(name) <= 128),
    scopes text[] not null check (scopes <@ array['ingest', 'read', 'admin'] and array_length(scopes, 1) > 0),
    allowed_origins text[] not null default '{}',
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz not null default now(),
    check ((kind = 'ak') = (project_id is null))
);
create index api_keys_by_project on public.api_keys (project_id);
create index api_keys_by_organization on public.api_keys (organization_id);

-- One random row a UTC day. Together with a secret of the Worker it makes the key of that day's visitor
-- hashes; once the row is gone nobody can make them again.
create table public.day_keys (
    day date primary key,
    random bytea not null check (length(random) = 32),
    created_at timestamptz not null default now()
);

-- Row-level security -------------------------------------------------------------------------------

alter table public.organizations enable row level security;
alter table public.members enable row level security;
alter table public.projects enable row level security;
alter table public.api_keys enable row level security;
alter table public.day_keys enable row level security;

-- A policy on members that read members would call itself, so the look-up runs as its owner.
create function headwater.my_organizations() returns setof uuid
language sql stable security definer set search_path = '' as $$
    select organization_id from public.members where user_id = auth.uid()
$$;

create policy read_own on public.organizations for select to authenticated
    using (id in (select headwater.my_organizations()));
create policy read_own on public.members for select to authenticated
    using (organization_id in (select headwater.my_organizations()));
create policy read_own on public.projects for select to authenticated
    using (organization_id in (select headwater.my_organizations()));
create policy read_own on public.api_keys for select to authenticated
    using (organization_id in (select headwater.my_organizations()));

revoke all on public.organizations, public.members, public.projects, public.api_keys, public.day_keys
    from public, anon, authenticated;
grant select on public.organizations, public.members, public.projects to authenticated;
-- Row-level security does not hide a column: the hash is left out by name.
grant select (id, organization_id, project_id, kind, env, prefix, name, scopes, allowed_origins, expires_at,
              revoked_at, last_used_at, created_at)
    on public.api_keys to authenticated;
grant all on public.organizations, public.members, public.projects, public.api_keys, public.day_keys
    to service_role;

-- What the Worker calls ----------------------------------------------------------------------------

-- Random rows of the given UTC days, made where missing; of two that make one, the first wins.
-- Answers {"2026-11-21": "<64 hexadecimal digits>", …}.
create function headwater.day_keys(days date[]) returns json
language plpgsql volatile security definer set search_path = '' as $$
begin
    if coalesce(array_length(days, 1), 0) > 400 then
        raise exception 'more than 400 days at once';
    end if;
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

-- Everything the edge needs to know about a key, in one answer; null where there is no such prefix.
-- Times are milliseconds since 1970. Day keys reach from yesterday to tomorrow, so that a cached answer
-- still serves after midnight.
create function headwater.key_lookup(key_prefix text) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    today date := (now() at time zone 'utc')::date;
    answer json;
begin
    select json_build_object(
        'key', json_build_object(
            'id', k.id, 'kind', k.kind, 'env', k.env, 'secret_hash', k.secret_hash, 'scopes', k.scopes,
            'allowed_origins', k.allowed_origins,
            'expires_at', floor(extract(epoch from k.expires_at) * 1000)::bigint,
            'revoked_at', floor(extract(epoch from k.revoked_at) * 1000)::bigint),
        'organization_id', k.organization_id,
        'project', case when p.id is not null then json_build_object(
            'id', p.id, 'slug', p.slug, 'timezone', p.timezone, 'retention_days', p.retention_days,
            'dnt_mode', p.dnt_mode, 'kept_params', p.kept_params,
            'archived', p.archived_at is not null) end,
        'day_keys', headwater.day_keys(array[today - 1, today, today + 1]))
    into answer
    from public.api_keys k
    left join public.projects p on p.id = k.project_id
    where k.prefix = key_prefix;
    return answer;
end
$$;

-- Management: what the commands and the management routes call. Each is safe to repeat.
create function headwater.organization_create(slug text, name text) returns json
language sql volatile security definer set search_path = '' as $$
    with made as (
        insert into public.organizations (slug, name) values (slug, name)
        on conflict (slug) do nothing returning id)
    select json_build_object(
        'id', coalesce((select id from made),
                       (select o.id from public.organizations o where o.slug = organization_create.slug)),
        'slug', slug, 'created', exists (select from made))
$$;

create function headwater.project_create(
    organization text, slug text, name text, timezone text default 'UTC', retention_days integer default null,
    dnt_mode text default 'anonymous', kept_params text[] default null) returns json
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    owner uuid := (select o.id from public.organizations o where o.slug = project_create.organization);
    made uuid;
begin
    if owner is null then
        raise exception 'there is no organization "%"', organization using errcode = 'PT404';
    end if;
    if not exists (select from pg_catalog.pg_timezone_names z where z.name = project_create.timezone) then
        raise exception 'there is no time zone "%"', timezone using errcode = 'PT400';
    end if;
    insert into public.projects (organization_id, slug, name, timezone, retention_days, dnt_mode, kept_params)
    values (owner, project_create.slug, project_create.name, project_create.timezone,
            project_create.retention_days, project_create.dnt_mode, project_create.kept_params)
    on conflict (organization_id, slug) do nothing
    returning id into made;
    return json_build_object(
        'id', coalesce(made, (select p.id from public.projects p
                              where p.organization_id = owner and p.slug = project_create.slug)),
        'slug', slug, 'created', made is not null);
end
$$;

-- The secret is made and hashed by the caller; only its hash comes here.
create function headwater.key_create(
    organization text, project text, kind text, env text, prefix text, secret_hash text, scopes text[],
    name text default '', allowed_origins text[] default '{}', expires_at timestamptz default null) returns json
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    owner uuid := (select o.id from public.organizations o where o.slug = key_create.organization);
    target uuid := (select p.id from public.projects p
                    where p.organization_id = owner and p.slug = key_create.project);
    made uuid;
begin
    if owner is null then
        raise exception 'there is no organization "%"', organization using errcode = 'PT404';
    end if;
    if kind <> 'ak' and target is null then
        raise exception 'there is no project "%"', project using errcode = 'PT404';
    end if;
    insert into public.api_keys (organization_id, project_id, kind, env, prefix, secret_hash, scopes, name,
                                 allowed_origins, expires_at)
    values (owner, case when kind <> 'ak' then target end, kind, env, prefix, secret_hash, scopes, name,
            allowed_origins, expires_at)
    returning id into made;
    return json_build_object('id', made, 'prefix', prefix);
end
$$;

-- PostgREST reaches functions of the exposed schema only: these are the doors, for service_role alone.
create function public.key_lookup(key_prefix text) returns json
language sql volatile set search_path = '' as $$ select headwater.key_lookup(key_prefix) $$;

create function public.day_keys(days date[]) returns json
language sql volatile set search_path = '' as $$ select headwater.day_keys(days) $$;

create function public.organization_create(slug text, name text) returns json
language sql volatile set search_path = '' as $$ select headwater.organization_create(slug, name) $$;

create function public.project_create(
    organization text, slug text, name text, timezone text default 'UTC', retention_days integer default null,
    dnt_mode text default 'anonymous', kept_params text[] default null) returns json
language sql volatile set search_path = '' as $$
    select headwater.project_create(organization, slug, name, timezone, retention_days, dnt_mode, kept_params)
$$;

create function public.key_create(
    organization text, project text, kind text, env text, prefix text, secret_hash text, scopes text[],
    name text default '', allowed_origins text[] default '{}', expires_at timestamptz default null) returns json
language sql volatile set search_path = '' as $$
    select headwater.key_create(organization, project, kind, env, prefix, secret_hash, scopes, name,
                                allowed_origins, expires_at)
$$;

revoke execute on all functions in schema headwater from public, anon, authenticated;
grant execute on function headwater.my_organizations() to authenticated;
grant execute on all functions in schema headwater to service_role;

do $$
declare
    door regprocedure;
begin
    foreach door in array array[
        'public.key_lookup(text)', 'public.day_keys(date[])', 'public.organization_create(text, text)',
        'public.project_create(text, text, text, text, integer, text, text[])',
        'public.key_create(text, text, text, text, text, text, text[], text, text[], timestamptz)']::regprocedure[]
    loop
        execute format('revoke execute on function %s from public, anon, authenticated', door);
        execute format('grant execute on function %s to service_role', door);
    end loop;
end
$$;
