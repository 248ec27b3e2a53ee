-- Saved segments: named conditions of a project, which questions refer to. Both data sets of a project share
-- them. That the conditions are such is checked by the Worker, whose reader decides what a condition is.

create table public.segments (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references public.projects on delete cascade,
    -- Not in the form of an id, by which a segment can be named as well.
    name text not null check (length(name) between 1 and 100 and name = btrim(name)
                              and name !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
    description text check (length(description) between 1 and 500),
    -- json, not jsonb: as it was written, to the digit.
    filters json not null check (json_typeof(filters) = 'array' and octet_length(filters::text) <= 16384),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
-- A database's own collation may know the case of ASCII letters only.
create unique index segments_by_name on public.segments (project_id, lower(name collate "und-x-icu"));

alter table public.segments enable row level security;
create policy read_own on public.segments for select to authenticated
    using (project_id in (select p.id from public.projects p));
revoke all on public.segments from public, anon, authenticated, service_role;
grant select on public.segments to authenticated, service_role;

create function headwater.segment_json(segment public.segments) returns json
language sql stable set search_path = '' as $$
    select json_build_object(
        'id', segment.id, 'name', segment.name, 'description', segment.description, 'filters', segment.filters,
        'created_at', headwater.iso(segment.created_at), 'updated_at', headwater.iso(segment.updated_at))
$$;

-- Reading: the project is one that the Worker has found the caller's key to open.

create function headwater.segments(project_id uuid) returns json
language sql stable security definer set search_path = '' as $$
    select coalesce(json_agg(headwater.segment_json(s) order by lower(s.name collate "und-x-icu")), '[]')
    from public.segments s where s.project_id = $1
$$;

create function headwater.segment(project_id uuid, segment_id uuid) returns json
language plpgsql stable security definer set search_path = '' as $$
declare
    segment public.segments;
begin
    select * into segment from public.segments s where s.id = $2 and s.project_id = $1;
    if segment.id is null then
        raise exception 'there is no such segment' using errcode = 'PT404';
    end if;
    return headwater.segment_json(segment);
end
$$;

-- The conditions of segments by the names or ids that a question gives them, as it writes them, and the names
-- of all that there are.
create function headwater.segments_named(project_id uuid, named text[]) returns json
language sql stable security definer set search_path = '' as $$
    select json_build_object(
        'found', (
            select coalesce(json_object_agg(given.name, s.filters), '{}')
            from (select distinct name from unnest($2) as name) as given
            join public.segments s on s.project_id = $1
             and (lower(s.name collate "und-x-icu") = lower(btrim(given.name) collate "und-x-icu") or s.id::text = lower(btrim(given.name)))),
        'names', (select coalesce(json_agg(s.name order by lower(s.name collate "und-x-icu")), '[]')
                  from public.segments s where s.project_id = $1))
$$;

-- Writing -----------------------------------------------------------------------------------------

-- Who changes segments of a project: a secret key of it, or an account key with admin of its organization.
create function headwater.enter_segments(key_id uuid, project_id uuid) returns headwater.acting
language plpgsql stable security definer set search_path = '' as $$
declare
    key public.api_keys;
    project public.projects;
    whose headwater.acting;
begin
    select * into key from public.api_keys k where k.id = $1;
    select * into project from public.projects p where p.id = $2 and p.archived_at is null;
    if key.id is null or project.id is null or key.organization_id <> project.organization_id
       or key.kind <> 'ak' and key.project_id <> project.id then
        raise exception 'there is no such project' using errcode = 'PT404';
    end if;
    if key.revoked_at is not null or key.expires_at <= now()
       or not (key.kind = 'sk' and 'read' = any (key.scopes) or key.kind = 'ak' and 'admin' = any (key.scopes)) then
        raise exception 'this key changes no segments' using errcode = 'PT403';
    end if;
    if key.env <> 'live' then
        raise exception 'a test key changes no segments: the live data is asked with them too'
            using errcode = 'PT403';
    end if;
    whose.organization_id := project.organization_id;
    whose.name := 'key:' || key.prefix;
    whose.operator := false;
    whose.test_only := false;
    return whose;
end
$$;

-- A segment with what is given put in.
create function headwater.with_given(segment public.segments, input json) returns public.segments
language plpgsql immutable set search_path = '' as $$
declare
    field text;
    value json;
begin
    if input is null or json_typeof(input) <> 'object' then
        perform headwater.refuse('', 'the input must be an object');
    end if;
    for field, value in select * from json_each(input) loop
        case field
            when 'name' then segment.name := headwater.text_of(field, value::jsonb, 100);
            when 'description' then
                segment.description := case when json_typeof(value) <> 'null'
                                            then headwater.text_of(field, value::jsonb, 500) end;
            when 'filters' then
                if json_typeof(value) <> 'array' or octet_length(value::text) > 16384 then
                    perform headwater.refuse(field, 'filters must be a list of conditions of at most 16 KiB');
                end if;
                segment.filters := value;
            else perform headwater.refuse(field, format('%s is nothing of a segment', field));
        end case;
    end loop;
    return segment;
end
$$;

create function headwater.segment_create(key_id uuid, project_id uuid, input json) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    whose headwater.acting := headwater.enter_segments($1, $2);
    segment public.segments;
begin
    segment := headwater.with_given(segment, input);
    -- One after the other, so that two cannot both be the last that fits.
    perform from public.projects p where p.id = $2 for no key update;
    if (select count(*) from public.segments s where s.project_id = $2) >= 100 then
        perform headwater.refuse('', 'a project has at most 100 segments');
    end if;
    insert into public.segments (project_id, name, description, filters)
    values ($2, segment.name, segment.description, segment.filters)
    returning * into segment;
    perform headwater.audit(whose.organization_id, $2, whose.name, 'segment.create', segment.name);
    return headwater.segment_json(segment);
exception when unique_violation then
    raise exception 'there is a segment of this name already' using errcode = 'PT409', detail = 'name';
end
$$;

create function headwater.segment_update(key_id uuid, project_id uuid, segment_id uuid, input json) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    whose headwater.acting := headwater.enter_segments($1, $2);
    segment public.segments;
begin
    select * into segment from public.segments s where s.id = $3 and s.project_id = $2 for update;
    if segment.id is null then
        raise exception 'there is no such segment' using errcode = 'PT404';
    end if;
    segment := headwater.with_given(segment, input);
    if input::text <> '{}' then
        update public.segments s set
            name = segment.name, description = segment.description, filters = segment.filters, updated_at = now()
        where s.id = $3
        returning * into segment;
        perform headwater.audit(whose.organization_id, $2, whose.name, 'segment.update', segment.name,
            jsonb_build_object('given', (select jsonb_agg(name) from json_object_keys(input) as name)));
    end if;
    return headwater.segment_json(segment);
exception when unique_violation then
    raise exception 'there is a segment of this name already' using errcode = 'PT409', detail = 'name';
end
$$;

create function headwater.segment_delete(key_id uuid, project_id uuid, segment_id uuid) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    whose headwater.acting := headwater.enter_segments($1, $2);
    segment public.segments;
begin
    delete from public.segments s where s.id = $3 and s.project_id = $2 returning * into segment;
    if segment.id is null then
        raise exception 'there is no such segment' using errcode = 'PT404';
    end if;
    perform headwater.audit(whose.organization_id, $2, whose.name, 'segment.delete', segment.name);
    return headwater.segment_json(segment);
end
$$;

-- Doors ---------------------------------------------------------------------------------------------

create function public.segments(project_id uuid) returns json
language sql stable set search_path = '' as $$ select headwater.segments(project_id) $$;

create function public.segment(project_id uuid, segment_id uuid) returns json
language sql stable set search_path = '' as $$ select headwater.segment(project_id, segment_id) $$;

create function public.segments_named(project_id uuid, named text[]) returns json
language sql stable set search_path = '' as $$ select headwater.segments_named(project_id, named) $$;

create function public.segment_create(key_id uuid, project_id uuid, input json) returns json
language sql volatile set search_path = '' as $$ select headwater.segment_create(key_id, project_id, input) $$;

create function public.segment_update(key_id uuid, project_id uuid, segment_id uuid, input json) returns json
language sql volatile set search_path = '' as $$
    select headwater.segment_update(key_id, project_id, segment_id, input)
$$;

create function public.segment_delete(key_id uuid, project_id uuid, segment_id uuid) returns json
language sql volatile set search_path = '' as $$
    select headwater.segment_delete(key_id, project_id, segment_id)
$$;

revoke execute on all functions in schema headwater from public, anon, authenticated;
grant execute on function headwater.my_organizations(), headwater.my_administered() to authenticated;
grant execute on all functions in schema headwater to service_role;

do $$
declare
    door regprocedure;
begin
    foreach door in array array[
        'public.segments(uuid)', 'public.segment(uuid, uuid)', 'public.segments_named(uuid, text[])',
        'public.segment_create(uuid, uuid, json)', 'public.segment_update(uuid, uuid, uuid, json)',
        'public.segment_delete(uuid, uuid, uuid)']::regprocedure[]
    loop
        execute format('revoke execute on function %s from public, anon, authenticated', door);
        execute format('grant execute on function %s to service_role', door);
    end loop;
end
$$;
