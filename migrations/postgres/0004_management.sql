-- Management: projects and usage. Each function takes who acts, and decides itself whether they may:
--
--   {"key_id": …, "organization_id": …}     an account key with scope admin, verified by the Worker
--   {"user_id": …, "organization": …}       a signed-in user, verified by the Worker; slug or id of the
--                                           organization where they have several
--   {"operator": true, "organization": …}   the commands of this repository
--
-- What does not belong to the actor's organization is not there for them (PT404). PostgREST turns PTxyz into
-- the status xyz; of a PT400 `details` names the field.

create type headwater.acting as (
    organization_id uuid,
    -- As the log writes it.
    name text,
    operator boolean,
    -- A test account key changes nothing but test keys.
    test_only boolean
);

create function headwater.refuse(field text, message text) returns void
language plpgsql set search_path = '' as $$
begin
    raise exception '%', message using errcode = 'PT400', detail = field;
end
$$;

create function headwater.iso(moment timestamptz) returns text
language sql immutable set search_path = '' as $$
    select to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- Who acts, and where. `owner` is the organization of the thing that is asked for, if it is one; `missing`
-- says what is not there where it is another's.
create function headwater.enter(actor json, writing boolean, owner uuid default null, missing text default null)
returns headwater.acting language plpgsql stable security definer set search_path = '' as $$
declare
    wanted text := actor ->> 'organization';
    whose headwater.acting;
    key public.api_keys;
    part text;
    places uuid[];
begin
    whose.operator := coalesce((actor ->> 'operator')::boolean, false);
    whose.test_only := false;
    if whose.operator then
        whose.name := 'operator';
        places := array(select o.id from public.organizations o
                        where o.id = owner or owner is null and wanted in (o.slug, o.id::text));
    elsif actor ->> 'key_id' is not null then
        select * into key from public.api_keys k where k.id = (actor ->> 'key_id')::uuid;
        if key.id is null or key.kind <> 'ak' or not 'admin' = any (key.scopes) or key.revoked_at is not null
           or key.expires_at <= now()
           or key.organization_id is distinct from (actor ->> 'organization_id')::uuid then
            raise exception 'this key manages nothing' using errcode = 'PT403';
        end if;
        whose.name := 'key:' || key.prefix;
        whose.test_only := key.env = 'test';
        places := array(select key.organization_id where owner is null or owner = key.organization_id);
    elsif actor ->> 'user_id' is not null then
        whose.name := 'user:' || (actor ->> 'user_id')::uuid;
        places := array(
            select m.organization_id from public.members m join public.organizations o on o.id = m.organization_id
            where m.user_id = (actor ->> 'user_id')::uuid and (owner is null or owner = o.id)
              and (wanted is null or wanted in (o.slug, o.id::text)));
        if cardinality(places) > 1 then
            perform headwater.refuse('organization', 'you belong to several organizations: name one');
        end if;
    else
        raise exception 'nobody acts' using errcode = 'PT403';
    end if;
    whose.organization_id := places[1];
    if whose.organization_id is null then
        if owner is null and wanted is null then
            raise exception 'you belong to no organization' using errcode = 'PT403';
        end if;
        raise exception '%', coalesce(missing, format('there is no organization "%s"', wanted))
            using errcode = 'PT404';
    end if;
    if writing and actor ->> 'user_id' is not null then
        select m.role into part from public.members m
        where m.user_id = (actor ->> 'user_id')::uuid and m.organization_id = whose.organization_id;
        if part not in ('owner', 'admin') then
            raise exception 'only owners and admins change this; you are %', part using errcode = 'PT403';
        end if;
    end if;
    return whose;
end
$$;

-- What callers send -------------------------------------------------------------------------------

create function headwater.fields_of(input json) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
    if input is null or json_typeof(input) <> 'object' then
        perform headwater.refuse('', 'the input must be an object');
    end if;
    if octet_length(input::text) > 131072 then
        perform headwater.refuse('', 'the input is longer than 128 KiB');
    end if;
    return input::jsonb;
exception when untranslatable_character then
    perform headwater.refuse('', 'the input has a character that cannot be stored');
end
$$;

create function headwater.text_of(field text, value jsonb, longest integer) returns text
language plpgsql immutable set search_path = '' as $$
begin
    if value is null or jsonb_typeof(value) <> 'string'
       or length(btrim(value #>> '{}')) not between 1 and longest then
        perform headwater.refuse(field, format('%s must be a text of 1 to %s characters', field, longest));
    end if;
    return btrim(value #>> '{}');
end
$$;

create function headwater.choice_of(field text, value jsonb, choices text[]) returns text
language plpgsql immutable set search_path = '' as $$
begin
    if value is null or jsonb_typeof(value) <> 'string' or not value #>> '{}' = any (choices) then
        perform headwater.refuse(field, format('%s must be one of %s', field, array_to_string(choices, ', ')));
    end if;
    return value #>> '{}';
end
$$;

-- Null stays null.
create function headwater.number_of(field text, value jsonb, lowest bigint, highest bigint) returns bigint
language plpgsql immutable set search_path = '' as $$
declare
    number numeric;
begin
    if jsonb_typeof(value) = 'null' then
        return null;
    end if;
    if jsonb_typeof(value) = 'number' then
        number := (value #>> '{}')::numeric;
    end if;
    if number is null or number % 1 <> 0 or number not between lowest and highest then
        perform headwater.refuse(field, format('%s must be a whole number from %s to %s', field, lowest, highest));
    end if;
    return number::bigint;
end
$$;

create function headwater.texts_of(field text, value jsonb, most integer, longest integer) returns text[]
language plpgsql immutable set search_path = '' as $$
declare
    texts text[];
begin
    if value is not null and jsonb_typeof(value) = 'array'
       and not exists (select from jsonb_array_elements(value) as item where jsonb_typeof(item) <> 'string') then
        texts := array(select btrim(item) from jsonb_array_elements_text(value) as item);
    end if;
    if texts is null or not headwater.is_short_list(texts, most, longest) then
        perform headwater.refuse(field,
            format('%s must be a list of at most %s texts of 1 to %s characters', field, most, longest));
    end if;
    return texts;
end
$$;

create function headwater.ranges_of(field text, value jsonb) returns cidr[]
language plpgsql immutable set search_path = '' as $$
declare
    item text;
    ranges cidr[] := '{}';
begin
    foreach item in array headwater.texts_of(field, value, 100, 64) loop
        begin
            -- '10' alone would be read as 10.0.0.0/8.
            if item !~ ':' and item !~ '^\d+\.\d+\.\d+\.\d+(/\d+)?$' then
                raise invalid_text_representation;
            end if;
            ranges := ranges || item::cidr;
        exception when invalid_text_representation or invalid_parameter_value then
            perform headwater.refuse(field, format('%s: "%s" is no address or CIDR range', field, item));
        end;
    end loop;
    return ranges;
end
$$;

-- A project with the given settings put in: null where the column allows it takes the default back.
create function headwater.with_settings(project public.projects, input jsonb, operator boolean)
returns public.projects language plpgsql stable set search_path = '' as $$
declare
    field text;
    value jsonb;
    host text;
begin
    for field, value in select * from jsonb_each(input) loop
        if field in ('quota_events', 'quota_mode', 'events_per_second', 'burst') and not operator then
            perform headwater.refuse(field, format('%s comes with the plan and is not yours to set', field));
        end if;
        case field
            when 'name' then project.name := headwater.text_of(field, value, 128);
            when 'timezone' then project.timezone := headwater.text_of(field, value, 64);
            when 'retention_days' then project.retention_days := headwater.number_of(field, value, 1, 36500);
            when 'dnt_mode' then
                project.dnt_mode := headwater.choice_of(field, value, array['ignore', 'anonymous', 'drop']);
            when 'geo_level' then
                project.geo_level := headwater.choice_of(field, value, array['country', 'region', 'city']);
            when 'kept_params' then
                project.kept_params := case when jsonb_typeof(value) <> 'null'
                                            then headwater.texts_of(field, value, 100, 128) end;
            when 'excluded_ip_ranges' then project.excluded_ip_ranges := headwater.ranges_of(field, value);
            when 'classifier_rules' then
                if not headwater.are_rules(value) then
                    perform headwater.refuse(field, 'classifier_rules must be a list of at most 100 rules, 32 KiB '
                        'in all, each with id, field, pattern, source, medium and perhaps channel');
                end if;
                project.classifier_rules := value;
            when 'internal_hosts' then
                project.internal_hosts := headwater.texts_of(field, value, 100, 253);
                foreach host in array project.internal_hosts loop
                    if host !~ '^[^\s/:@?#%*]+$' then
                        perform headwater.refuse(field, format('internal_hosts: "%s" is no host', host));
                    end if;
                end loop;
            when 'archived' then
                if jsonb_typeof(value) <> 'boolean' then
                    perform headwater.refuse(field, 'archived must be true or false');
                end if;
                project.archived_at := case when value::boolean then coalesce(project.archived_at, now()) end;
            when 'quota_mode' then
                project.quota_mode := headwater.choice_of(field, value, array['soft', 'block']);
            when 'quota_events' then
                project.quota_events := headwater.number_of(field, value, 0, 1000000000000000);
            when 'events_per_second' then
                project.events_per_second := headwater.number_of(field, value, 0, 1000000000);
            when 'burst' then project.burst := headwater.number_of(field, value, 0, 1000000000);
            else perform headwater.refuse(field, format('%s is no setting of a project', field));
        end case;
    end loop;
    return project;
end
$$;

-- Projects ------------------------------------------------------------------------------------------

create function headwater.project_json(project public.projects) returns json
language sql stable security definer set search_path = '' as $$
    select json_build_object(
        'id', project.id, 'organization_id', project.organization_id, 'slug', project.slug, 'name', project.name,
        'timezone', project.timezone, 'retention_days', project.retention_days, 'dnt_mode', project.dnt_mode,
        'kept_params', project.kept_params, 'geo_level', project.geo_level,
        'excluded_ip_ranges', project.excluded_ip_ranges::text[], 'classifier_rules', project.classifier_rules,
        'internal_hosts', project.internal_hosts,
        'quota_events', headwater.quota_of(project, terms, 'live'),
        'test_quota_events', headwater.quota_of(project, terms, 'test'), 'quota_mode', project.quota_mode,
        'events_per_second', coalesce(project.events_per_second, terms.events_per_second),
        'burst', coalesce(project.burst, terms.burst),
        'archived_at', headwater.iso(project.archived_at), 'created_at', headwater.iso(project.created_at))
    from public.organizations o join public.plans terms on terms.slug = o.plan
    where o.id = project.organization_id
$$;

create function headwater.manage_projects(actor json) returns json
language plpgsql stable security definer set search_path = '' as $$
declare
    whose headwater.acting := headwater.enter(actor, false);
begin
    return (select coalesce(json_agg(headwater.project_json(p) order by p.slug), '[]')
            from public.projects p where p.organization_id = whose.organization_id);
end
$$;

create function headwater.manage_project_create(actor json, input json) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    whose headwater.acting := headwater.enter(actor, true);
    given jsonb := headwater.fields_of(input);
    project public.projects;
    made public.projects;
begin
    if whose.test_only then
        raise exception 'a test key changes no projects' using errcode = 'PT403';
    end if;
    project.slug := headwater.text_of('slug', given -> 'slug', 63);
    if project.slug !~ '^[a-z0-9][a-z0-9-]*$' then
        perform headwater.refuse('slug', 'slug is made of a-z, 0-9 and hyphens, and begins with no hyphen');
    end if;
    project.name := project.slug;
    project.timezone := 'UTC';
    project.dnt_mode := 'anonymous';
    project.geo_level := 'country';
    project.quota_mode := 'soft';
    project.excluded_ip_ranges := '{}';
    project.classifier_rules := '[]';
    project.internal_hosts := '{}';
    project := headwater.with_settings(project, given - 'slug', whose.operator);
    if not whose.operator and (select count(*) from public.projects p where p.archived_at is null
                               and p.organization_id = whose.organization_id) >= 1000 then
        raise exception 'an organization has at most 1000 projects' using errcode = 'PT409';
    end if;
    insert into public.projects (
        organization_id, slug, name, timezone, retention_days, dnt_mode, kept_params, geo_level,
        excluded_ip_ranges, classifier_rules, internal_hosts, quota_events, quota_mode, events_per_second, burst,
        archived_at)
    values (
        whose.organization_id, project.slug, project.name, project.timezone, project.retention_days,
        project.dnt_mode, project.kept_params, project.geo_level, project.excluded_ip_ranges,
        project.classifier_rules, project.internal_hosts, project.quota_events, project.quota_mode,
        project.events_per_second, project.burst, project.archived_at)
    on conflict (organization_id, slug) do nothing
    returning * into made;
    if made.id is null then
        raise exception 'there is a project "%" already', project.slug using errcode = 'PT409', detail = 'slug';
    end if;
    perform headwater.audit(made.organization_id, made.id, whose.name, 'project.create', made.slug,
        jsonb_build_object('given', (select jsonb_agg(name) from jsonb_object_keys(given) as name)));
    return headwater.project_json(made);
end
$$;

create function headwater.manage_project_update(actor json, project_id uuid, input json) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    owner uuid := (select p.organization_id from public.projects p where p.id = $2);
    missing text := 'there is no such project';
    whose headwater.acting;
    given jsonb;
    project public.projects;
begin
    if owner is null then
        raise exception '%', missing using errcode = 'PT404';
    end if;
    whose := headwater.enter(actor, true, owner, missing);
    if whose.test_only then
        raise exception 'a test key changes no projects' using errcode = 'PT403';
    end if;
    given := headwater.fields_of(input);
    select * into project from public.projects p where p.id = $2 for update;
    project := headwater.with_settings(project, given, whose.operator);
    update public.projects p set
        name = project.name, timezone = project.timezone, retention_days = project.retention_days,
        dnt_mode = project.dnt_mode, kept_params = project.kept_params, geo_level = project.geo_level,
        excluded_ip_ranges = project.excluded_ip_ranges, classifier_rules = project.classifier_rules,
        internal_hosts = project.internal_hosts, quota_events = project.quota_events,
        quota_mode = project.quota_mode, events_per_second = project.events_per_second, burst = project.burst,
        archived_at = project.archived_at
    where p.id = project.id;
    if given <> '{}' then
        -- Names of fields only: values may be addresses.
        perform headwater.audit(owner, project.id, whose.name, 'project.update', project.slug,
            jsonb_build_object('given', (select jsonb_agg(name) from jsonb_object_keys(given) as name)));
    end if;
    return headwater.project_json(project);
end
$$;

create function headwater.manage_project_archive(actor json, project_id uuid) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    owner uuid := (select p.organization_id from public.projects p where p.id = $2);
    missing text := 'there is no such project';
    whose headwater.acting;
    project public.projects;
begin
    if owner is null then
        raise exception '%', missing using errcode = 'PT404';
    end if;
    whose := headwater.enter(actor, true, owner, missing);
    if whose.test_only then
        raise exception 'a test key changes no projects' using errcode = 'PT403';
    end if;
    update public.projects p set archived_at = now() where p.id = $2 and p.archived_at is null
    returning * into project;
    if project.id is not null then
        perform headwater.audit(owner, project.id, whose.name, 'project.archive', project.slug);
    end if;
    select * into project from public.projects p where p.id = $2;
    return headwater.project_json(project);
end
$$;

-- Usage by month, `month_from` inclusive to `month_to` exclusive; both may be left out: this month.
create function headwater.usage_get(actor json, month_from date default null, month_to date default null)
returns json language plpgsql stable security definer set search_path = '' as $$
declare
    whose headwater.acting := headwater.enter(actor, false);
    first date := date_trunc('month', coalesce(month_from, (now() at time zone 'utc')::date))::date;
    past date := coalesce(month_to, (first + interval '1 month')::date);
begin
    if past <= first or past > first + interval '120 months' then
        perform headwater.refuse('month_to', 'month_to must be after month_from, by 120 months at most');
    end if;
    return (
        select json_build_object(
            'organization_id', o.id,
            'plan', json_build_object('slug', terms.slug, 'name', terms.name, 'quota_events', terms.quota_events,
                'test_quota_events', terms.test_quota_events, 'events_per_second', terms.events_per_second,
                'burst', terms.burst),
            'rows', (
                select coalesce(json_agg(json_build_object(
                    'project_id', p.id, 'project', p.slug, 'env', m.env, 'month', to_char(m.month, 'YYYY-MM'),
                    'events', m.events, 'quota_events', headwater.quota_of(p, terms, m.env),
                    'quota_mode', p.quota_mode, 'updated_at', headwater.iso(m.updated_at))
                    order by m.month, p.slug, m.env), '[]')
                from public.usage_meter m join public.projects p on p.id = m.project_id
                where p.organization_id = o.id and m.month >= first and m.month < past
                  and (m.env = 'test' or not whose.test_only)))
        from public.organizations o join public.plans terms on terms.slug = o.plan
        where o.id = whose.organization_id);
end
$$;

-- Doors ---------------------------------------------------------------------------------------------

create function public.manage_projects(actor json) returns json
language sql volatile set search_path = '' as $$ select headwater.manage_projects(actor) $$;

create function public.manage_project_create(actor json, input json) returns json
language sql volatile set search_path = '' as $$ select headwater.manage_project_create(actor, input) $$;

create function public.manage_project_update(actor json, project_id uuid, input json) returns json
language sql volatile set search_path = '' as $$
    select headwater.manage_project_update(actor, project_id, input)
$$;

create function public.manage_project_archive(actor json, project_id uuid) returns json
language sql volatile set search_path = '' as $$ select headwater.manage_project_archive(actor, project_id) $$;

create function public.usage_get(actor json, month_from date default null, month_to date default null)
returns json language sql volatile set search_path = '' as $$
    select headwater.usage_get(actor, month_from, month_to)
$$;

revoke execute on all functions in schema headwater from public, anon, authenticated;
grant execute on function headwater.my_organizations(), headwater.my_administered() to authenticated;
grant execute on all functions in schema headwater to service_role;

do $$
declare
    door regprocedure;
begin
    foreach door in array array[
        'public.manage_projects(json)', 'public.manage_project_create(json, json)',
        'public.manage_project_update(json, uuid, json)', 'public.manage_project_archive(json, uuid)',
        'public.usage_get(json, date, date)']::regprocedure[]
    loop
        execute format('revoke execute on function %s from public, anon, authenticated', door);
        execute format('grant execute on function %s to service_role', door);
    end loop;
end
$$;
