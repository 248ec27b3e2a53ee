-- Members and organizations, what a sign-up makes, and the log of what the commands do.

-- Only people manage people: an account key does not. Nobody is added to an organization without a say
-- of their own, so there is no function for it but the operator's.

create function headwater.member_json(member public.members) returns json
language sql stable security definer set search_path = '' as $$
    select json_build_object('organization_id', member.organization_id, 'user_id', member.user_id,
        'email', (select u.email from auth.users u where u.id = member.user_id), 'role', member.role,
        'created_at', headwater.iso(member.created_at))
$$;

create function headwater.manage_members(actor json) returns json
language plpgsql stable security definer set search_path = '' as $$
declare
    whose headwater.acting := headwater.enter(actor, false);
begin
    if actor ->> 'key_id' is not null then
        raise exception 'a key manages no members' using errcode = 'PT403';
    end if;
    return (select coalesce(json_agg(headwater.member_json(m) order by m.created_at, m.user_id), '[]')
            from public.members m where m.organization_id = whose.organization_id);
end
$$;

-- Gives a member another role, or none: they leave. Owners are made and unmade by owners, the last one
-- stays; anybody may leave by themselves.
create function headwater.manage_member_set(actor json, user_id uuid, role text) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    leaves boolean := role is null and actor ->> 'user_id' = user_id::text;
    whose headwater.acting := headwater.enter(actor, not leaves);
    part text;
    member public.members;
begin
    if actor ->> 'key_id' is not null then
        raise exception 'a key manages no members' using errcode = 'PT403';
    end if;
    if role is not null and role not in ('owner', 'admin', 'member', 'viewer') then
        perform headwater.refuse('role', 'role must be one of owner, admin, member, viewer');
    end if;
    -- Two owners that leave at the same time must not both be the last but one.
    perform from public.organizations o where o.id = whose.organization_id for update;
    select * into member from public.members m
    where m.organization_id = whose.organization_id and m.user_id = $2;
    if member.user_id is null then
        raise exception 'there is no such member' using errcode = 'PT404';
    end if;
    select m.role into part from public.members m
    where m.organization_id = whose.organization_id and m.user_id = (actor ->> 'user_id')::uuid;
    if not whose.operator and part <> 'owner' and (member.role = 'owner' or $3 = 'owner') then
        raise exception 'only an owner makes and unmakes owners' using errcode = 'PT403';
    end if;
    if member.role = 'owner' and $3 is distinct from 'owner' and not exists (
        select from public.members m where m.organization_id = whose.organization_id and m.role = 'owner'
           and m.user_id <> $2) then
        raise exception 'an organization keeps its last owner' using errcode = 'PT409';
    end if;
    if $3 is null then
        delete from public.members m where m.organization_id = whose.organization_id and m.user_id = $2;
    else
        update public.members m set role = $3
        where m.organization_id = whose.organization_id and m.user_id = $2;
    end if;
    perform headwater.audit(whose.organization_id, null, whose.name,
        case when $3 is null then 'member.remove' else 'member.update' end, $2::text,
        jsonb_build_object('from', member.role, 'to', $3));
    member.role := $3;
    return headwater.member_json(member);
end
$$;

create function headwater.manage_organizations(actor json) returns json
language plpgsql stable security definer set search_path = '' as $$
begin
    return (
        select coalesce(json_agg(json_build_object('id', o.id, 'slug', o.slug, 'name', o.name, 'plan', o.plan,
            'role', m.role, 'created_at', headwater.iso(o.created_at)) order by o.slug), '[]')
        from public.organizations o
        left join public.members m on m.organization_id = o.id and m.user_id = (actor ->> 'user_id')::uuid
        where m.user_id is not null or (actor ->> 'operator')::boolean
           or o.id = case when actor ->> 'key_id' is not null then (headwater.enter(actor, false)).organization_id end);
end
$$;

-- The name; the operator sets the plan, too.
create function headwater.manage_organization_update(actor json, input json) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    whose headwater.acting := headwater.enter(actor, true);
    given jsonb := headwater.fields_of(input);
    organization public.organizations;
    field text;
    value jsonb;
begin
    if actor ->> 'key_id' is not null then
        raise exception 'a key manages projects and keys only' using errcode = 'PT403';
    end if;
    select * into organization from public.organizations o where o.id = whose.organization_id for update;
    for field, value in select * from jsonb_each(given) loop
        if field = 'name' then
            organization.name := headwater.text_of(field, value, 128);
        elsif field = 'plan' and whose.operator then
            organization.plan := headwater.choice_of(field, value, array(select p.slug from public.plans p));
        elsif field = 'plan' then
            perform headwater.refuse(field, 'the plan is not yours to set');
        else
            perform headwater.refuse(field, format('%s is no setting of an organization', field));
        end if;
    end loop;
    update public.organizations o set name = organization.name, plan = organization.plan
    where o.id = organization.id;
    perform headwater.audit(organization.id, null, whose.name, 'organization.update', organization.slug, given);
    return json_build_object('id', organization.id, 'slug', organization.slug, 'name', organization.name,
        'plan', organization.plan, 'created_at', headwater.iso(organization.created_at));
end
$$;

-- Puts a user who has signed up into an organization, or gives them another role there: the operator's.
create function headwater.member_add(organization text, email text, role text) returns json
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    place uuid := (select o.id from public.organizations o where o.slug = member_add.organization);
    person uuid := (select u.id from auth.users u where lower(u.email) = lower(member_add.email));
    made public.members;
begin
    if place is null then
        raise exception 'there is no organization "%"', organization using errcode = 'PT404';
    end if;
    if person is null then
        raise exception 'nobody has signed up as "%"', email using errcode = 'PT404';
    end if;
    if role is null or role not in ('owner', 'admin', 'member', 'viewer') then
        perform headwater.refuse('role', 'role must be one of owner, admin, member, viewer');
    end if;
    insert into public.members (organization_id, user_id, role) values (place, person, member_add.role)
    on conflict (organization_id, user_id) do update set role = excluded.role
    returning * into made;
    perform headwater.audit(place, null, 'operator', 'member.add', person::text,
                            jsonb_build_object('role', made.role));
    return headwater.member_json(made);
end
$$;

-- Sign-up ---------------------------------------------------------------------------------------

-- A new user gets an organization of their own, named after the local part of their address. Whatever
-- goes wrong here, nobody's sign-up fails for it: the operator can make the organization later.
create function headwater.user_signed_up() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
    called text := coalesce(nullif(left(btrim(split_part(coalesce(new.email, ''), '@', 1)), 64), ''), 'Team');
    stem text := btrim(left(btrim(regexp_replace(lower(called), '[^a-z0-9]+', '-', 'g'), '-'), 40), '-');
    tried text := coalesce(nullif(stem, ''), 'team');
    made uuid;
begin
    -- Supabase's anonymous users are visitors, not customers.
    if to_jsonb(new) ->> 'is_anonymous' = 'true' then
        return new;
    end if;
    for attempt in 1..8 loop
        insert into public.organizations (slug, name) values (tried, called)
        on conflict (slug) do nothing returning id into made;
        exit when made is not null;
        tried := coalesce(nullif(stem, ''), 'team') || '-' || left(replace(gen_random_uuid()::text, '-', ''), 6);
    end loop;
    insert into public.members (organization_id, user_id, role) values (made, new.id, 'owner');
    perform headwater.audit(made, null, 'user:' || new.id, 'organization.create', tried);
    return new;
exception when others then
    raise warning 'no organization was made for user %: %', new.id, sqlerrm;
    return new;
end
$$;
create trigger headwater_signed_up after insert on auth.users
    for each row execute function headwater.user_signed_up();

-- What the commands do is in the log, too -----------------------------------------------------------

create or replace function headwater.organization_create(slug text, name text) returns json
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    made uuid;
begin
    insert into public.organizations (slug, name) values (organization_create.slug, organization_create.name)
    on conflict (slug) do nothing returning id into made;
    if made is not null then
        perform headwater.audit(made, null, 'operator', 'organization.create', organization_create.slug);
    end if;
    return json_build_object(
        'id', coalesce(made, (select o.id from public.organizations o where o.slug = organization_create.slug)),
        'slug', organization_create.slug, 'created', made is not null);
end
$$;

create or replace function headwater.project_create(
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
    insert into public.projects (organization_id, slug, name, timezone, retention_days, dnt_mode, kept_params)
    values (owner, project_create.slug, project_create.name, project_create.timezone,
            project_create.retention_days, project_create.dnt_mode, project_create.kept_params)
    on conflict (organization_id, slug) do nothing
    returning id into made;
    if made is not null then
        perform headwater.audit(owner, made, 'operator', 'project.create', project_create.slug);
    end if;
    return json_build_object(
        'id', coalesce(made, (select p.id from public.projects p
                              where p.organization_id = owner and p.slug = project_create.slug)),
        'slug', slug, 'created', made is not null);
end
$$;

create or replace function headwater.key_create(
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
    perform headwater.audit(owner, case when kind <> 'ak' then target end, 'operator', 'key.create', prefix,
        jsonb_build_object('kind', kind, 'env', env, 'scopes', scopes));
    return json_build_object('id', made, 'prefix', prefix);
end
$$;

create function public.manage_members(actor json) returns json
language sql volatile set search_path = '' as $$ select headwater.manage_members(actor) $$;

create function public.manage_member_set(actor json, user_id uuid, role text) returns json
language sql volatile set search_path = '' as $$ select headwater.manage_member_set(actor, user_id, role) $$;

create function public.manage_organizations(actor json) returns json
language sql volatile set search_path = '' as $$ select headwater.manage_organizations(actor) $$;

create function public.manage_organization_update(actor json, input json) returns json
language sql volatile set search_path = '' as $$ select headwater.manage_organization_update(actor, input) $$;

create function public.member_add(organization text, email text, role text) returns json
language sql volatile set search_path = '' as $$ select headwater.member_add(organization, email, role) $$;

revoke execute on all functions in schema headwater from public, anon, authenticated;
grant execute on function headwater.my_organizations(), headwater.my_administered() to authenticated;
grant execute on all functions in schema headwater to service_role;

do $$
declare
    door regprocedure;
begin
    foreach door in array array[
        'public.manage_members(json)', 'public.manage_member_set(json, uuid, text)',
        'public.manage_organizations(json)', 'public.manage_organization_update(json, json)',
        'public.member_add(text, text, text)']::regprocedure[]
    loop
        execute format('revoke execute on function %s from public, anon, authenticated', door);
        execute format('grant execute on function %s to service_role', door);
    end loop;
end
$$;
