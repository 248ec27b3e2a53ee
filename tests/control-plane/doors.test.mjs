// Doors: every function of the control plane has the owner, search path and grants that `headwater.door` gives it
// (migrations/postgres/0013_doors.sql).
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { sql } from "./world.mjs";

after(() => sql.end());

/** What policies call with the rights of the signed-in user; every other function is for the Worker alone. */
const ASKED_BY_POLICIES = ["headwater.my_administered()", "headwater.my_organizations()"];

/** Every function of both schemas. */
const functions = (tx) => tx`
  select p.oid::regprocedure::text as name, n.nspname as schema, p.prosecdef as is_definer, p.provolatile as volatility,
         coalesce(p.proconfig, '{}') as settings, pg_get_function_arguments(p.oid) as arguments,
         pg_get_function_result(p.oid) as result,
         array(select role from unnest(array['anon', 'authenticated', 'service_role']) as role
               where has_function_privilege(role, p.oid, 'execute') order by role) as callers,
         p.proacl is null or exists (select from aclexplode(p.proacl) as entry where entry.grantee = 0) as is_public
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'headwater')
    -- Other suites of the same stack create functions of their own.
    and p.proname not like 'conformance%'
  order by 1`;

/** Every rule that some function breaks, as `name: rule`. */
async function broken(tx) {
  // Names are compared with their schema.
  await tx`set local search_path = ''`;
  const all = await functions(tx);
  const inner = new Map(all.filter(({ schema }) => schema === "headwater").map((one) => [one.name, one]));
  const outer = all.filter(({ schema }) => schema === "public");
  const isDoor = new Set(outer.map(({ name }) => name.replace("public.", "headwater.")));
  const faults = [];
  for (const one of all) {
    const rule = (holds, text) => holds || faults.push(`${one.name}: ${text}`);
    rule(one.settings.includes('search_path=""'), "search_path is not fixed");
    rule(!one.is_public, "executable by PUBLIC");
    const expected = ASKED_BY_POLICIES.includes(one.name) ? ["authenticated", "service_role"] : ["service_role"];
    for (const role of one.callers) rule(expected.includes(role), `executable by ${role}`);
    if (one.schema === "public") {
      const behind = inner.get(one.name.replace("public.", "headwater."));
      rule(!one.is_definer, "exposed and security definer");
      rule(behind, "no function of the same arguments in the schema headwater");
      for (const part of ["arguments", "result", "volatility"])
        rule(!behind || one[part] === behind[part], `${part} differ from the inner function's`);
    }
    if (one.schema === "public" || isDoor.has(one.name))
      rule(one.callers.includes("service_role"), "not executable by service_role");
    if (isDoor.has(one.name)) rule(one.is_definer, "behind a door and not security definer");
  }
  return { faults, doors: outer.length };
}

/** What a change breaks; the change is rolled back. */
async function brokenBy(...changes) {
  const stop = new Error("rolled back");
  let faults;
  await sql
    .begin(async (tx) => {
      for (const change of changes) await tx.unsafe(change);
      ({ faults } = await broken(tx));
      throw stop;
    })
    .catch((error) => assert.equal(error, stop, error));
  return faults;
}

test("every door obeys the rules", async () => {
  const { faults, doors } = await sql.begin(broken);
  assert.deepEqual(faults, []);
  assert.ok(doors >= 44, `${doors} doors`);
});

const add = (schema, more = "") =>
  `create function ${schema}.added(one integer, two text default 'x') returns json
   language sql stable ${more} as $$ select to_json(two) $$`;

describe("the check finds", () => {
  const changes = {
    "a missing grant": {
      by: ["revoke execute on function public.key_lookup(text) from service_role"],
      finds: ["public.key_lookup(text): not executable by service_role"],
    },
    "a missing grant on the inner function": {
      by: ["revoke execute on function headwater.key_lookup(text) from service_role"],
      finds: ["headwater.key_lookup(text): not executable by service_role"],
    },
    "a grant too many": {
      by: ["grant execute on function public.key_touch(uuid) to anon"],
      finds: ["public.key_touch(uuid): executable by anon"],
    },
    "a grant to a signed-in user": {
      by: ["grant execute on function headwater.usage_set(json) to authenticated"],
      finds: ["headwater.usage_set(json): executable by authenticated"],
    },
    "an inner function that runs with the caller's rights": {
      by: ["alter function headwater.day_keys(date[]) security invoker"],
      finds: ["headwater.day_keys(date[]): behind a door and not security definer"],
    },
    "an exposed function that runs with its owner's rights": {
      by: ["alter function public.day_keys(date[]) security definer"],
      finds: ["public.day_keys(date[]): exposed and security definer"],
    },
    "a search path that the caller chooses": {
      by: ["alter function headwater.forget_due(integer) reset search_path"],
      finds: ["headwater.forget_due(integer): search_path is not fixed"],
    },
    "a function added without the helper": {
      by: [add("headwater", "set search_path = ''")],
      finds: ["executable by PUBLIC", "executable by anon", "executable by authenticated"].map(
        (fault) => `headwater.added(integer,text): ${fault}`,
      ),
    },
    "an exposed function added by hand": {
      by: [add("public", "set search_path = ''"), "revoke execute on function public.added from public"],
      finds: ["public.added(integer,text): no function of the same arguments in the schema headwater"],
    },
  };
  for (const [what, { by, finds }] of Object.entries(changes)) {
    test(what, async () => assert.deepEqual(await brokenBy(...by), finds));
  }
});

describe("headwater.door", () => {
  test("makes a function of a migration a door, twice if asked", async () => {
    const open = "select headwater.door('added')";
    assert.deepEqual(await brokenBy(add("headwater"), open, open), []);
  });

  test("opens every overload, and a name with quotes", async () => {
    const overload = `create function headwater.added() returns void language sql as $$ select $$`;
    assert.deepEqual(await brokenBy(add("headwater"), overload, "select headwater.door('added')"), []);
    const odd = `create function headwater."it's ""odd"""("an ""argument" text) returns text language sql as $$ select $1 $$`;
    assert.deepEqual(await brokenBy(odd, `select headwater.door('it''s "odd"')`), []);
  });

  test("calls the inner function with the same arguments and defaults", async () => {
    const stop = new Error("rolled back");
    const calling = sql.begin(async (tx) => {
      await tx.unsafe(add("headwater"));
      await tx`select headwater.door('added')`;
      await tx`set local role service_role`;
      const [answer] = await tx`select public.added(1) as left_out, public.added(two := 'y', one := 1) as named`;
      assert.deepEqual(answer, { left_out: "x", named: "y" });
      throw stop;
    });
    await assert.rejects(calling, stop);
  });

  test("closes helpers without a name", async () => {
    assert.deepEqual(await brokenBy(add("headwater", "set search_path = ''"), "select headwater.door()"), []);
  });

  test("refuses what cannot be a door, and can be called by the owner alone", async () => {
    await assert.rejects(brokenBy("select headwater.door('nowhere')"), /there is no function headwater\.nowhere/);
    const rows = "create function headwater.added() returns setof integer language sql as $$ select 1 $$";
    await assert.rejects(brokenBy(rows, "select headwater.door('added')"), /returns rows/);
    for (const role of ["anon", "authenticated", "service_role"]) {
      const [{ may }] = await sql`select has_function_privilege(${role}, 'headwater.door(text[])', 'execute') as may`;
      assert.equal(may, false, role);
    }
  });
});
