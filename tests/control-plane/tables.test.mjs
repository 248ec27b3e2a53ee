// Row-level security and grants: every table, every verb, as everybody, through SQL roles.
// It compares all rows of its organizations, which a job may change. @lane jobs
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { as, attempt } from "./roles.mjs";
import { hash, month, organization, person, prefix, roles, sql } from "./world.mjs";

/** SQLSTATE of a missing grant and of a violated policy. */
const DENIED = "42501";

const visible =
  "id,organization_id,project_id,kind,env,prefix,name,scopes,allowed_origins,expires_at,revoked_at,last_used_at,rotated_to,created_at";

/**
 * Each table: the condition for an organization's rows, the columns to select, which members may read them, a row to
 * insert, a change, and what service_role may do.
 */
const tables = {
  organizations: {
    where: (org) => sql`id = ${org.id}`,
    row: () => ({ slug: `mine-${prefix()}`, name: "Mine" }),
    change: { plan: "unlimited" },
    readers: roles,
    service: "all",
  },
  members: {
    where: (org) => sql`organization_id = ${org.id}`,
    row: (org, who) => ({ organization_id: org.id, user_id: who.id ?? org.people.owner.id, role: "owner" }),
    change: { role: "owner" },
    readers: roles,
    service: "all",
  },
  projects: {
    where: (org) => sql`organization_id = ${org.id}`,
    row: (org) => ({ organization_id: org.id, slug: `mine-${prefix()}`, name: "Mine" }),
    change: { quota_events: 0, quota_mode: "soft", events_per_second: 0 },
    readers: roles,
    service: "all",
  },
  api_keys: {
    where: (org) => sql`organization_id = ${org.id}`,
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
    where: (org) => sql`project_id = ${org.project.id}`,
    row: (org) => ({ project_id: org.project.id, name: `mine-${prefix()}`, filters: [] }),
    change: { name: "mine", filters: [] },
    readers: roles,
    service: "read",
  },
  usage_meter: {
    where: (org) => sql`project_id = ${org.project.id}`,
    row: (org) => ({ project_id: org.project.id, env: "test", month: month(), events: 1 }),
    change: { events: 0 },
    readers: roles,
    service: "read",
  },
  audit_log: {
    where: (org) => sql`organization_id = ${org.id}`,
    row: (org) => ({ organization_id: org.id, actor: "me", action: "lie", subject: "log" }),
    change: { action: "nothing" },
    readers: ["owner", "admin"],
    service: "read",
  },
  plans: {
    where: () => sql`slug = 'free'`,
    row: () => ({ slug: `mine-${prefix()}`, name: "Mine", events_per_second: 0, burst: 0 }),
    change: { quota_events: 1 },
    // Every user who signs up gets an organization on this plan.
    readers: [...roles, "stranger", "other owner"],
    service: "all",
  },
  forget_requests: {
    where: (org) => sql`project_id = ${org.project.id}`,
    row: (org) => ({ project_id: org.project.id, env: "live", user_ids: ["me"], anonymous_ids: [] }),
    change: { status: "done", user_ids: [] },
    readers: null,
    service: "read",
  },
  jobs: {
    where: () => sql`name <> 'mine'`,
    row: () => ({ name: `mine-${prefix()}` }),
    change: { holder: "me" },
    readers: null,
    service: "read",
  },
  day_keys: {
    where: () => sql`day > '2000-01-01'`,
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
  await sql`select day_keys(array[current_date])`;
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

/** Rows of a table that a person sees, or the error. */
const read = (name, table, condition = sql`true`) =>
  attempt(
    who[name],
    (tx) => tx`select ${sql.unsafe(tables[table].columns ?? "*")} from ${sql(table)} where ${condition}`,
  );

/** The code of each way to write a row: insert, upsert, update of each column, delete. */
async function writes(person, table, org) {
  const { row, change, where } = tables[table];
  const record = row(org, person);
  const columns = Object.keys(record);
  const values = sql`select ${sql(columns)} from jsonb_populate_record(null::${sql(table)}, ${sql.json(record)})`;
  const insert = sql`insert into ${sql(table)} (${sql(columns)}) ${values}`;
  const conflict = sql`on conflict on constraint ${sql(`${table}_pkey`)} do update`;
  const codes = {};
  const write = async (what, statement) => {
    codes[what] = (await attempt(person, (tx) => tx`${statement}`)).code;
  };
  await write("insert", insert);
  await write("upsert", sql`${insert} ${conflict} set ${sql(columns[0])} = excluded.${sql(columns[0])}`);
  for (const [column, value] of Object.entries(change)) {
    const changed = sql`(select ${sql(column)} from jsonb_populate_record(null::${sql(table)}, ${sql.json({ [column]: value })}))`;
    await write(column, sql`update ${sql(table)} set ${sql(column)} = ${changed} where ${where(org)}`);
  }
  await write("delete", sql`delete from ${sql(table)} where ${where(org)}`);
  return codes;
}

for (const [table, about] of Object.entries(tables)) {
  describe(table, () => {
    for (const name of everybody) {
      test(`${name} reads what is theirs`, async () => {
        const { rows, code } = await read(name, table, about.where(ours));
        if (name === "anon" || about.readers === null) {
          assert.equal(code, DENIED);
        } else {
          assert.equal(code, null);
          assert.equal(rows.length > 0, about.readers.includes(name), `${rows.length} rows`);
        }
      });

      test(`${name} sees no other organization's rows without a filter either`, async () => {
        const { rows, code } = await read(name, table);
        if (name === "anon" || about.readers === null) {
          assert.equal(code, DENIED);
          return;
        }
        assert.equal(code, null);
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
          const codes = await writes(who[name], table, whose === "their" ? ours : theirs);
          assert.ok(Object.keys(codes).length >= 4);
          for (const [what, code] of Object.entries(codes)) assert.equal(code, DENIED, what);
        });
      }
    }

    test("service_role reads all, and writes what no function guards", async () => {
      for (const org of [ours, theirs]) {
        const { rows, code } = await read("service_role", table, about.where(org));
        assert.equal(code, null);
        assert.ok(rows.length > 0);
        if (about.service === "read") {
          const codes = await writes("service_role", table, org);
          for (const [what, denied] of Object.entries(codes)) assert.equal(denied, DENIED, what);
        }
      }
    });
  });
}

test("after all of that nothing has changed", async () => {
  assert.equal(await everything(), before_);
});

describe("secret_hash", () => {
  const ways = [
    "select secret_hash from api_keys",
    "select * from api_keys",
    "select api_keys from api_keys",
    "select to_json(api_keys) from api_keys",
    "select id, secret_hash as hidden from api_keys",
    "select id from api_keys where secret_hash like '%'",
    "select id from api_keys order by secret_hash",
    "select id from api_keys where secret_hash like 'a%' or id is not null",
    "select projects.id, secret_hash from projects join api_keys on project_id = projects.id",
    "select organizations.id, api_keys.* from organizations join api_keys on organization_id = organizations.id",
    "select key_lookup('aaaaaaaa')",
    "select headwater.key_lookup('aaaaaaaa')",
  ];
  for (const name of everybody) {
    test(`is read by ${name} in none of ${ways.length} ways`, async () => {
      const stored = await sql`select secret_hash from api_keys where organization_id in (${ours.id}, ${theirs.id})`;
      for (const way of ways) {
        const { code, message } = await attempt(who[name], (tx) => tx.unsafe(way));
        assert.equal(code, DENIED, way);
        for (const { secret_hash } of stored) assert.ok(!message.includes(secret_hash), way);
      }
    });
  }

  test("is readable for its owner in the same ways", async () => {
    for (const way of ways) await as("postgres", (tx) => tx.unsafe(way));
  });
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

test("every table of the migrations is in this file and has row-level security", async () => {
  const found = await sql`
    select c.relname as name, c.relrowsecurity as secured from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
      -- Other suites of the same stack create tables of their own.
      and c.relname not like 'conformance%'`;
  assert.deepEqual(found.map(({ name }) => name).sort(), Object.keys(tables).sort());
  assert.ok(found.every(({ secured }) => secured));
});
