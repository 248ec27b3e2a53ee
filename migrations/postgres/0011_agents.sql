-- What agents ask for: the projects that an account key may be asked about, and a line of the log for each use of a
-- tool.

-- The projects of an organization that are in use, by slug.
create function headwater.account_projects(organization_id uuid) returns json
language sql stable security definer set search_path = '' as $$
    select coalesce(json_agg(json_build_object(
        'id', p.id, 'slug', p.slug, 'name', p.name, 'timezone', p.timezone) order by p.slug), '[]')
    from public.projects p
    where p.organization_id = account_projects.organization_id and p.archived_at is null
$$;

-- Notes that a key's agent used a tool, how long it took and whether it failed: never what was asked. Whether it was
-- noted: a key that is gone has no line.
create function headwater.tool_called(key_id uuid, tool text, duration_ms bigint, failed boolean) returns boolean
language sql volatile security definer set search_path = '' as $$
    with noted as (
        insert into public.audit_log (organization_id, project_id, actor, action, subject, detail)
        select k.organization_id, k.project_id, 'key:' || k.prefix, 'mcp.tool', left(tool, 64),
               jsonb_build_object('env', k.env, 'duration_ms', duration_ms, 'failed', failed)
        from public.api_keys k where k.id = key_id
        returning id)
    select exists (select from noted)
$$;

create function public.account_projects(organization_id uuid) returns json
language sql stable set search_path = '' as $$ select headwater.account_projects(organization_id) $$;

create function public.tool_called(key_id uuid, tool text, duration_ms bigint, failed boolean) returns boolean
language sql volatile set search_path = '' as $$
    select headwater.tool_called(key_id, tool, duration_ms, failed)
$$;

revoke execute on function headwater.account_projects(uuid), public.account_projects(uuid),
    headwater.tool_called(uuid, text, bigint, boolean), public.tool_called(uuid, text, bigint, boolean)
    from public, anon, authenticated;
grant execute on function headwater.account_projects(uuid), public.account_projects(uuid),
    headwater.tool_called(uuid, text, bigint, boolean), public.tool_called(uuid, text, bigint, boolean)
    to service_role;
