-- One helper opens a function to the Worker.
--
-- A door is a pair of functions: headwater.f does the work with its owner's rights, and public.f, which
-- PostgREST exposes, calls it with the same arguments. Both run with an empty search_path and can be
-- executed by service_role alone. A later migration writes
--
--     create function headwater.f(…) returns … language … as $$ … $$;
--     select headwater.door('f');
--
-- and nothing else: no second signature, no revoke, no grant. A helper that no door belongs to (a check, a
-- trigger, a shared query) needs `select headwater.door();` once in the migration, which closes it.

-- Makes or renews the doors of these names, every overload, and takes EXECUTE on everything in the schema
-- headwater from PUBLIC and anon. What authenticated may execute there (my_organizations and
-- my_administered, which policies call) was granted by name and stays. Idempotent.
create function headwater.door(variadic names text[] default '{}') returns void
language plpgsql volatile set search_path = '' as $$
declare
    called text;
    inner_function record;
    outer_function text;
begin
    foreach called in array names loop
        if not exists (select from pg_catalog.pg_proc
                       where pronamespace = 'headwater'::regnamespace and proname = called and prokind = 'f') then
            raise exception 'there is no function headwater.%', called;
        end if;
        for inner_function in
            select p.oid::regprocedure::text as name,
                   -- PostgREST calls a function that is not volatile in a read-only transaction.
                   case p.provolatile when 'v' then 'volatile' when 's' then 'stable' else 'immutable' end as volatility,
                   pg_catalog.pg_get_function_arguments(p.oid) as arguments,
                   pg_catalog.pg_get_function_identity_arguments(p.oid) as identity_arguments,
                   pg_catalog.pg_get_function_result(p.oid) as result,
                   coalesce((select string_agg('$' || place, ', ' order by place)
                             from generate_series(1, p.pronargs) as place), '') as passed,
                   p.proargmodes is not null or p.proretset as is_refused
            from pg_catalog.pg_proc p
            where p.pronamespace = 'headwater'::regnamespace and p.proname = called and p.prokind = 'f'
        loop
            if inner_function.is_refused then
                raise exception '% returns rows or has output or variadic arguments: return json instead',
                    inner_function.name;
            end if;
            execute format('alter function %s security definer set search_path = ''''', inner_function.name);
            execute format(
                'create or replace function public.%I(%s) returns %s language sql %s security invoker
                 set search_path = '''' as %L',
                called, inner_function.arguments, inner_function.result, inner_function.volatility,
                format('select headwater.%I(%s)', called, inner_function.passed));
            outer_function := format('public.%I(%s)', called, inner_function.identity_arguments);
            execute format('revoke execute on function %s, %s from public, anon, authenticated',
                inner_function.name, outer_function);
            execute format('grant execute on function %s, %s to service_role', inner_function.name, outer_function);
        end loop;
    end loop;
    revoke execute on all functions in schema headwater from public, anon;
end
$$;

-- All doors so far.
select headwater.door(variadic array_agg(distinct proname::text))
from pg_catalog.pg_proc
where pronamespace = 'public'::regnamespace
  and proname in (select inside.proname from pg_catalog.pg_proc inside
                  where inside.pronamespace = 'headwater'::regnamespace);
