// Row-level security and grants: every table, every verb, as everybody, through PostgREST.
// It compares all rows of its organizations, which a job may change. @lane jobs
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { asked, hash, month, organization, person, prefix, rest, roles, sql } from "./world.mjs";

const visible =
  "id,organization_id,project_id,kind,env,prefix,name,scopes,allowed_origins,expires_at,revoked_at,last_used_at,rotated_to,created_at";

/**
 * Each table: how its rows of an organization are found, which columns are asked for, who of the members
 * reads them, a row to insert, a change, and the verbs service_role has.
 */
const tables = {
  organizations: {
    where: (org) => `id=eq.${org.id}`,
    row: () => ({ slug: `mine-${prefix()}`, name: "Mine" }),
    change: { plan: "unlimited" },
    readers: roles,
    service: "all",
  },
  members: {
    where: (org) => `organization_id=eq.${org.id}`,
    row: (org, who) => ({ organization_id: org.id, user_id: who.id ?? org.people.owner.id, role: "owner" }),
    change: { role: "owner" },
    readers: roles,
    service: "all",
  },
  projects: {
    where: (org) => `organization_id=eq.${org.id}`,
    row: (org) => ({ organization_id: org.id, slug: `mine-${prefix()}`, name: "Mine" }),
    change: { quota_events: 0, quota_mode: "soft", events_per_second: 0 },
    readers: roles,
    service: "all",
  },
  api_keys: {
    where: (org) => `organization_id=eq.${org.id}`,
    columns: visible,
    row: (org) => ({
      ...{ organization_id: org.id, project_id: org.project.id, kind: "sk", env: "live", prefix: prefix() },
      ...{ secret_hash: hash(), scopes: ["ingest", "read"] },
    }),
    change: { revoked_at: null, scopes: ["ingest"] },
    readers: roles,
    service: "all",
  },
  segments: {
    where: (org) => `project_id=eq.${org.project.id}`,
    row: (org) => ({ project_id: org.project.id, name: `mine-${prefix()}`, filters: [] }),
    change: { name: "mine", filters: [] },
    readers: roles,
    service: "read",
  },
  usage_meter: {
    where: (org) => `project_id=eq.${org.project.id}`,
    row: (org) => ({ project_id: org.project.id, env: "test", month: month(), events: 1 }),
    change: { events: 0 },
    readers: roles,
    service: "read",
  },
  audit_log: {
    where: (org) => `organization_id=eq.${org.id}`,
    row: (org) => ({ organization_id: org.id, actor: "me", action: "lie", subject: "log" }),
    change: { action: "nothing" },
    readers: ["owner", "admin"],
    service: "read",
  },
  plans: {
    where: () => "slug=eq.free",
    row: () => ({ slug: `mine-${prefix()}`, name: "Mine", events_per_second: 0, burst: 0 }),
    change: { quota_events: 1 },
    // Everybody who signs up has an organization on this plan.
    readers: [...roles, "stranger", "other owner"],
    service: "all",
  },
  forget_requests: {
    where: (org) => `project_id=eq.${org.project.id}`,
    row: (org) => ({ project_id: org.project.id, env: "live", user_ids: ["me"], anonymous_ids: [] }),
    change: { status: "done", user_ids: [] },
    readers: null,
    service: "read",
  },
  jobs: {
    where: () => "name=neq.mine",
    row: () => ({ name: `mine-${prefix()}` }),
    change: { holder: "me" },
    readers: null,
    service: "read",
  },
  day_keys: {
    where: () => "day=gt.2000-01-01",
    row: () => ({ day: "2001-01-01", random: `\\x${hash()}` }),
    change: { created_at: "2001-01-01" },
    readers: null,
    service: "all",
  },
};

let ours;
let theirs;
let who;
let before_;

/** Everything of both organizations, hashes included. */
async function everything() {
  const ids = [ours.id, theirs.id];
  const projects = [ours.project.id, theirs.project.id];
  return JSON.stringify([
    await sql`select * from organizations where id = any (${ids}) order by id`,
    await sql`select * from members where organization_id = any (${ids}) order by organization_id, user_id`,
    await sql`select * from projects where organization_id = any (${ids}) order by id`,
    await sql`select * from api_keys where organization_id = any (${ids}) order by id`,
    await sql`select * from segments where project_id = any (${projects}) order by id`,
    await sql`select * from usage_meter where project_id = any (${projects}) order by project_id, env, month`,
    await sql`select * from forget_requests where project_id = any (${projects}) order by id`,
    await sql`select * from audit_log where organization_id = any (${ids}) order by id`,
    await sql`select * from plans order by slug`,
    await sql`select name, holder from jobs order by name`,
    await sql`select count(*) from day_keys where day < '2002-01-01'`,
  ]);
}

before(async () => {
  await sql`insert into jobs (name) values ('tables') on conflict do nothing`;
  [ours, theirs] = [await organization("tables-a"), await organization("tables-b")];
  who = {
    anon: "anon",
    ...ours.people,
    stranger: await person("tables-stranger"),
    "other owner": theirs.people.owner,
    service_role: "service_role",
  };
  before_ = await everything();
});
after(() => sql.end());

const everybody = ["anon", ...roles, "stranger", "other owner"];
const refused = (name) => (name === "anon" ? 401 : 403);

for (const [table, about] of Object.entries(tables)) {
  describe(table, () => {
    for (const name of everybody) {
      test(`${name} reads what is theirs`, async () => {
        const path = `${table}?select=${about.columns ?? "*"}&${about.where(ours)}`;
        const [status, rows] = await rest(who[name], "GET", path);
        if (name === "anon" || about.readers === null) {
          assert.equal(status, refused(name), JSON.stringify(rows));
        } else {
          assert.equal(status, 200, JSON.stringify(rows));
          assert.equal(rows.length > 0, about.readers.includes(name), `${rows.length} rows`);
        }
      });

      test(`${name} sees no other organization's rows without a filter either`, async () => {
        const [status, rows] = await rest(who[name], "GET", `${table}?select=${about.columns ?? "*"}`);
        if (name === "anon" || about.readers === null) {
          assert.equal(status, refused(name));
          return;
        }
        const [{ ids }] = await sql`
          select array_agg(organization_id::text) as ids from members where user_id = ${who[name].id}`;
        const projects = await sql`select id from projects where organization_id = any (${ids})`;
        for (const row of rows) {
          const place = table === "organizations" ? row.id : row.organization_id;
          if (row.project_id && place === undefined) assert.ok(projects.some(({ id }) => id === row.project_id));
          else if (table !== "plans") assert.ok(ids.includes(place), JSON.stringify(row));
        }
      });

      for (const whose of ["their", "the other"]) {
        test(`${name} writes nothing into ${whose} organization`, async () => {
          const [org, as] = [whose === "their" ? ours : theirs, who[name]];
          const expected = refused(name);
          const minimal = { prefer: "return=minimal" };
          const upsert = { prefer: "return=minimal,resolution=merge-duplicates" };
          assert.equal((await rest(as, "POST", table, about.row(org, as), minimal))[0], expected, "insert");
          assert.equal((await rest(as, "POST", table, about.row(org, as), upsert))[0], expected, "upsert");
          for (const [column, value] of Object.entries(about.change)) {
            const path = `${table}?${about.where(org)}`;
            assert.equal((await rest(as, "PATCH", path, { [column]: value }, minimal))[0], expected, column);
          }
          assert.equal((await rest(as, "DELETE", `${table}?${about.where(org)}`))[0], expected, "delete");
        });
      }
    }

    test("service_role reads all, and writes what no function guards", async () => {
      for (const org of [ours, theirs]) {
        const [status, rows] = await rest("service_role", "GET", `${table}?select=*&${about.where(org)}`);
        assert.equal(status, 200);
        assert.ok(rows.length > 0);
        if (about.service === "read") {
          const path = `${table}?${about.where(org)}`;
          assert.equal((await rest("service_role", "POST", table, about.row(org, {})))[0], 403);
          assert.equal((await rest("service_role", "PATCH", path, about.change))[0], 403);
          assert.equal((await rest("service_role", "DELETE", path))[0], 403);
        }
      }
    });
  });
}

test("after all of that nothing has changed", async (t) => {
  t.diagnostic(`${asked.requests} requests`);
  assert.equal(await everything(), before_);
});

describe("secret_hash", () => {
  const ways = [
    "api_keys?select=secret_hash",
    "api_keys?select=*",
    "api_keys",
    "api_keys?select=id,hidden:secret_hash",
    "api_keys?select=id&secret_hash=like.*",
    "api_keys?select=id&order=secret_hash",
    "api_keys?select=id&or=(secret_hash.like.a*,id.not.is.null)",
    "projects?select=id,api_keys(secret_hash)",
    "organizations?select=id,api_keys(*)",
    "rpc/key_lookup?key_prefix=aaaaaaaa",
  ];
  for (const name of everybody) {
    test(`is read by ${name} in none of ${ways.length} ways`, async () => {
      const stored = await sql`select secret_hash from api_keys where organization_id in (${ours.id}, ${theirs.id})`;
      for (const way of ways) {
        const [status, , text] = await rest(who[name], "GET", way);
        assert.ok(status >= 400 && status !== 500, `${way}: ${status}`);
        for (const { secret_hash } of stored) assert.ok(!text.includes(secret_hash), way);
      }
    });
  }
});

test("no column can be written by anon or authenticated, and none of a hash or a day key be read", async () => {
  const columns = await sql`
    select c.table_name as table, c.column_name as column, who.role as role,
           has_column_privilege(who.role, format('public.%I', c.table_name), c.column_name, 'select') as reads,
           has_column_privilege(who.role, format('public.%I', c.table_name), c.column_name, 'insert')
           or has_column_privilege(who.role, format('public.%I', c.table_name), c.column_name, 'update')
           or has_column_privilege(who.role, format('public.%I', c.table_name), c.column_name, 'references')
           or has_table_privilege(who.role, format('public.%I', c.table_name), 'delete, truncate, trigger') as writes
    from information_schema.columns c, unnest(array['anon', 'authenticated']) as who(role)
    where c.table_schema = 'public' and c.table_name = any (${Object.keys(tables)})`;
  assert.ok(columns.length > 120, `${columns.length} pairs of a column and a role`);
  for (const { table, column, role, reads, writes } of columns) {
    assert.equal(writes, false, `${role} ${table}.${column}`);
    const open = role === "authenticated" && tables[table].readers !== null && column !== "secret_hash";
    assert.equal(reads, open, `${role} ${table}.${column}`);
  }
});

test("every table that the migrations made is in this file and has row-level security", async () => {
  const found = await sql`
    select c.relname as name, c.relrowsecurity as secured from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
      -- Other suites of the same stack bring tables of their own.
      and c.relname not like 'conformance%'`;
  assert.deepEqual(found.map(({ name }) => name).sort(), Object.keys(tables).sort());
  assert.ok(found.every(({ secured }) => secured));
});
