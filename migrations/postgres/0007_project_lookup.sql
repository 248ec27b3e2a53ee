-- Which project an account key means: by slug or id, within its own organization; null where there is none.
create function headwater.project_lookup(organization_id uuid, project text) returns json
language sql stable security definer set search_path = '' as $$
    select json_build_object('id', p.id, 'slug', p.slug, 'timezone', p.timezone)
    from public.projects p
    where p.organization_id = project_lookup.organization_id
      and (p.slug = project_lookup.project or p.id::text = project_lookup.project)
      and p.archived_at is null
$$;

create function public.project_lookup(organization_id uuid, project text) returns json
language sql stable set search_path = '' as $$ select headwater.project_lookup(organization_id, project) $$;

revoke execute on function headwater.project_lookup(uuid, text), public.project_lookup(uuid, text)
    from public, anon, authenticated;
grant execute on function headwater.project_lookup(uuid, text), public.project_lookup(uuid, text) to service_role;
