-- Management: keys. The secret is made by who calls; only its hash comes here, and never goes out again.

create function headwater.key_json(key public.api_keys) returns json
language sql stable set search_path = '' as $$
    select json_build_object(
        'id', key.id, 'organization_id', key.organization_id, 'project_id', key.project_id, 'kind', key.kind,
        'env', key.env, 'prefix', key.prefix,
        'redacted', format('%s_%s_%s_…', key.kind, key.env, key.prefix),
        'name', key.name, 'scopes', key.scopes, 'allowed_origins', key.allowed_origins,
        'expires_at', headwater.iso(key.expires_at), 'revoked_at', headwater.iso(key.revoked_at),
        'last_used_at', headwater.iso(key.last_used_at), 'rotated_to', key.rotated_to,
        'created_at', headwater.iso(key.created_at))
$$;

-- Exact origins, https://*.example.com and http://localhost:* (src/auth/origin.rs).
create function headwater.origins_of(field text, value jsonb) returns text[]
language plpgsql immutable set search_path = '' as $$
declare
    item text;
    origins text[] := headwater.texts_of(field, value, 100, 270);
begin
    foreach item in array origins loop
        if item !~ '^[a-z][a-z0-9+.-]*://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:([0-9]{1,5}|\*))?/?$'
           and item !~ '^[a-z][a-z0-9+.-]*://\*\.[A-Za-z0-9._-]+(:[0-9]{1,5})?/?$' then
            perform headwater.refuse(field, format('%s: "%s" is no origin like https://example.com, '
                'https://*.example.com or http://localhost:*', field, item));
        end if;
    end loop;
    return origins;
end
$$;

-- ISO 8601; null is never.
create function headwater.expiry_of(field text, value jsonb) returns timestamptz
language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
declare
    moment timestamptz;
begin
    if value is null or jsonb_typeof(value) = 'null' then
        return null;
    end if;
    if jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^\d{4}-\d\d-\d\d' then
        begin
            moment := (value #>> '{}')::timestamptz;
        exception when others then
            moment := null;
        end;
    end if;
    if moment is null or moment <= now() then
        perform headwater.refuse(field, format('%s must be a time in the future, as ISO 8601', field));
    end if;
    return moment;
end
$$;

create function headwater.scopes_within(field text, value jsonb, widest text[], why text) returns text[]
language plpgsql stable set search_path = '' as $$
declare
    scopes text[] := array(select distinct scope from unnest(headwater.texts_of(field, value, 8, 16)) as scope
                           order by scope);
begin
    if cardinality(scopes) = 0 or not scopes <@ widest then
        perform headwater.refuse(field, format('%s must be one or more of %s: %s',
                                               field, array_to_string(widest, ', '), why));
    end if;
    return scopes;
end
$$;

create function headwater.check_secret(prefix text, secret_hash text) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
    if prefix is null or prefix !~ '^[0-9a-z]{8}$' then
        perform headwater.refuse('prefix', 'prefix must be 8 characters of 0-9 and a-z');
    end if;
    if secret_hash is null or secret_hash !~ '^[0-9a-f]{64}$' then
        perform headwater.refuse('secret_hash', 'secret_hash must be 64 hexadecimal digits');
    end if;
    if exists (select from public.api_keys k where k.prefix = check_secret.prefix) then
        raise exception 'the prefix is taken: make another key' using errcode = 'PT409', detail = 'prefix';
    end if;
end
$$;

-- Who changes the key, which is locked until they have.
create function headwater.enter_key(actor json, key_id uuid) returns headwater.acting
language plpgsql volatile security definer set search_path = '' as $$
declare
    whose headwater.acting;
    key public.api_keys;
begin
    select * into key from public.api_keys k where k.id = key_id for update;
    if key.id is null then
        raise exception 'there is no such key' using errcode = 'PT404';
    end if;
    whose := headwater.enter(actor, true, key.organization_id, 'there is no such key');
    if whose.test_only and key.env <> 'test' then
        raise exception 'there is no such key' using errcode = 'PT404';
    end if;
    return whose;
end
$$;

create function headwater.manage_keys(actor json, project_id uuid default null) returns json
language plpgsql stable security definer set search_path = '' as $$
declare
    owner uuid := (select p.organization_id from public.projects p where p.id = $2);
    whose headwater.acting;
begin
    if $2 is not null and owner is null then
        raise exception 'there is no such project' using errcode = 'PT404';
    end if;
    whose := headwater.enter(actor, false, owner, 'there is no such project');
    return (select coalesce(json_agg(headwater.key_json(k) order by k.created_at desc, k.id), '[]')
            from public.api_keys k
            where k.organization_id = whose.organization_id and ($2 is null or k.project_id = $2)
              and (k.env = 'test' or not whose.test_only));
end
$$;

create function headwater.manage_key_create(actor json, input json) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    given jsonb := headwater.fields_of(input);
    unknown text := (select min(name) from jsonb_object_keys(given) as name
                     where name not in ('prefix', 'secret_hash', 'kind', 'env', 'project_id', 'name', 'scopes',
                                        'allowed_origins', 'expires_at'));
    whose headwater.acting;
    project public.projects;
    key public.api_keys;
    made public.api_keys;
begin
    if coalesce(jsonb_typeof(given -> 'project_id'), 'null') <> 'null' then
        begin
            select * into project from public.projects p where p.id = (given ->> 'project_id')::uuid;
        exception when invalid_text_representation then
            perform headwater.refuse('project_id', 'project_id must be a UUID');
        end;
        if project.id is null then
            raise exception 'there is no such project' using errcode = 'PT404';
        end if;
    end if;
    whose := headwater.enter(actor, true, project.organization_id, 'there is no such project');
    if unknown is not null then
        perform headwater.refuse(unknown, format('%s is no setting of a key', unknown));
    end if;
    key.kind := headwater.choice_of('kind', given -> 'kind', array['pk', 'sk', 'rk', 'ak']);
    key.env := headwater.choice_of('env', coalesce(given -> 'env', '"live"'), array['live', 'test']);
    if whose.test_only and key.env <> 'test' then
        raise exception 'a test key makes test keys only' using errcode = 'PT403';
    end if;
    if (key.kind = 'ak') <> (project.id is null) then
        perform headwater.refuse('project_id', 'an account key has no project, every other key has one');
    end if;
    if project.archived_at is not null then
        raise exception 'the project is archived' using errcode = 'PT409';
    end if;
    perform headwater.check_secret(given ->> 'prefix', given ->> 'secret_hash');
    key.name := case when coalesce(given ->> 'name', '') <> ''
                     then headwater.text_of('name', given -> 'name', 128) else '' end;
    key.scopes := case when coalesce(jsonb_typeof(given -> 'scopes'), 'null') <> 'null'
        then headwater.scopes_within('scopes', given -> 'scopes', headwater.scopes_of(key.kind),
                                     'scopes do not widen a kind')
        else array_remove(headwater.scopes_of(key.kind), 'admin') end;
    key.allowed_origins := headwater.origins_of('allowed_origins', coalesce(given -> 'allowed_origins', '[]'));
    key.expires_at := headwater.expiry_of('expires_at', given -> 'expires_at');
    if not whose.operator and (
        select count(*) from public.api_keys k
        where k.organization_id = whose.organization_id and k.project_id is not distinct from project.id
          and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())) >= 1000 then
        raise exception 'a project has at most 1000 keys: revoke some' using errcode = 'PT409';
    end if;
    insert into public.api_keys (organization_id, project_id, kind, env, prefix, secret_hash, name, scopes,
                                 allowed_origins, expires_at)
    values (whose.organization_id, project.id, key.kind, key.env, given ->> 'prefix', given ->> 'secret_hash',
            key.name, key.scopes, key.allowed_origins, key.expires_at)
    returning * into made;
    perform headwater.audit(made.organization_id, made.project_id, whose.name, 'key.create', made.prefix,
        jsonb_build_object('kind', made.kind, 'env', made.env, 'scopes', made.scopes));
    return headwater.key_json(made);
end
$$;

create function headwater.manage_key_update(actor json, key_id uuid, input json) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    given jsonb;
    whose headwater.acting := headwater.enter_key(actor, key_id);
    key public.api_keys;
    field text;
    value jsonb;
    until timestamptz;
begin
    select * into key from public.api_keys k where k.id = key_id;
    given := headwater.fields_of(input);
    if key.revoked_at is not null then
        raise exception 'the key is revoked' using errcode = 'PT409';
    end if;
    for field, value in select * from jsonb_each(given) loop
        case field
            when 'name' then
                key.name := case when value = '""' then '' else headwater.text_of(field, value, 128) end;
            when 'allowed_origins' then key.allowed_origins := headwater.origins_of(field, value);
            when 'scopes' then
                key.scopes := headwater.scopes_within(field, value, key.scopes, 'scopes can only be taken away');
            when 'expires_at' then
                until := headwater.expiry_of(field, value);
                if key.rotated_to is not null and (until is null or until > key.expires_at) then
                    raise exception 'the key was rotated: its end cannot be put off'
                        using errcode = 'PT409', detail = field;
                end if;
                key.expires_at := until;
            else perform headwater.refuse(field, format('%s is no setting of a key that can be changed', field));
        end case;
    end loop;
    update public.api_keys k set name = key.name, allowed_origins = key.allowed_origins, scopes = key.scopes,
                                 expires_at = key.expires_at
    where k.id = key.id;
    if given <> '{}' then
        perform headwater.audit(key.organization_id, key.project_id, whose.name, 'key.update', key.prefix,
            jsonb_build_object('given', (select jsonb_agg(name) from jsonb_object_keys(given) as name)));
    end if;
    return headwater.key_json(key);
end
$$;

-- Makes a successor with the same settings; the old key ends after the overlap, or earlier if it was to.
create function headwater.manage_key_rotate(
    actor json, key_id uuid, prefix text, secret_hash text, overlap_seconds integer) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    whose headwater.acting := headwater.enter_key(actor, key_id);
    key public.api_keys;
    made public.api_keys;
begin
    select * into key from public.api_keys k where k.id = key_id;
    if overlap_seconds is null or overlap_seconds not between 0 and 2592000 then
        perform headwater.refuse('overlap_seconds', 'overlap_seconds must be from 0 to 2592000 (30 days)');
    end if;
    if key.revoked_at is not null or key.expires_at <= now() then
        raise exception 'the key has ended: make a new one' using errcode = 'PT409';
    end if;
    if key.rotated_to is not null then
        raise exception 'the key was rotated already' using errcode = 'PT409';
    end if;
    perform headwater.check_secret(prefix, secret_hash);
    insert into public.api_keys (organization_id, project_id, kind, env, prefix, secret_hash, name, scopes,
                                 allowed_origins, expires_at)
    values (key.organization_id, key.project_id, key.kind, key.env, $3, $4, key.name, key.scopes,
            key.allowed_origins, key.expires_at)
    returning * into made;
    key.rotated_to := made.id;
    key.expires_at := least(key.expires_at, now() + make_interval(secs => overlap_seconds));
    update public.api_keys k set rotated_to = key.rotated_to, expires_at = key.expires_at where k.id = key.id;
    perform headwater.audit(key.organization_id, key.project_id, whose.name, 'key.rotate', key.prefix,
        jsonb_build_object('successor', made.prefix, 'overlap_seconds', overlap_seconds));
    return json_build_object('key', headwater.key_json(made), 'replaced', headwater.key_json(key));
end
$$;

create function headwater.manage_key_revoke(actor json, key_id uuid) returns json
language plpgsql volatile security definer set search_path = '' as $$
declare
    whose headwater.acting := headwater.enter_key(actor, key_id);
    key public.api_keys;
begin
    select * into key from public.api_keys k where k.id = key_id;
    if key.revoked_at is null then
        key.revoked_at := now();
        update public.api_keys k set revoked_at = key.revoked_at where k.id = key.id;
        perform headwater.audit(key.organization_id, key.project_id, whose.name, 'key.revoke', key.prefix);
    end if;
    return headwater.key_json(key);
end
$$;

create function public.manage_keys(actor json, project_id uuid default null) returns json
language sql volatile set search_path = '' as $$ select headwater.manage_keys(actor, project_id) $$;

create function public.manage_key_create(actor json, input json) returns json
language sql volatile set search_path = '' as $$ select headwater.manage_key_create(actor, input) $$;

create function public.manage_key_update(actor json, key_id uuid, input json) returns json
language sql volatile set search_path = '' as $$ select headwater.manage_key_update(actor, key_id, input) $$;

create function public.manage_key_rotate(
    actor json, key_id uuid, prefix text, secret_hash text, overlap_seconds integer) returns json
language sql volatile set search_path = '' as $$
    select headwater.manage_key_rotate(actor, key_id, prefix, secret_hash, overlap_seconds)
$$;

create function public.manage_key_revoke(actor json, key_id uuid) returns json
language sql volatile set search_path = '' as $$ select headwater.manage_key_revoke(actor, key_id) $$;

revoke execute on all functions in schema headwater from public, anon, authenticated;
grant execute on function headwater.my_organizations(), headwater.my_administered() to authenticated;
grant execute on all functions in schema headwater to service_role;

do $$
declare
    door regprocedure;
begin
    foreach door in array array[
        'public.manage_keys(json, uuid)', 'public.manage_key_create(json, json)',
        'public.manage_key_update(json, uuid, json)', 'public.manage_key_revoke(json, uuid)',
        'public.manage_key_rotate(json, uuid, text, text, integer)']::regprocedure[]
    loop
        execute format('revoke execute on function %s from public, anon, authenticated', door);
        execute format('grant execute on function %s to service_role', door);
    end loop;
end
$$;
