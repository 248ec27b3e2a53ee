// Functions: who may call them, and what a sign-up, the meter and a key look-up do.
// It calls the functions of all jobs. @lane jobs
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { asked, door, hash, key, keyActor, month, must, organization, person, prefix, roles, sql } from "./world.mjs";

/** Functions of the schema public and arguments that would do something. */
const doors = (org) => {
  const actor = { operator: true, organization: org.slug };
  const id = org.keys.sk.id;
  return {
    key_lookup: { key_prefix: org.keys.sk.prefix },
    day_keys: { days: ["2026-11-21"] },
    day_keys_turn: {},
    job_hold: { job: `mine-${prefix()}`, holder: "me", seconds: 60 },
    job_release: { job: `mine-${prefix()}`, holder: "me", finished: true },
    job_state: { job: "retention" },
    retention_policies: {},
    retention_note: { rows: [{ project_id: org.project.id, detail: {} }] },
    organization_create: { slug: `mine-${prefix()}`, name: "Mine" },
    project_create: { organization: org.slug, slug: `mine-${prefix()}`, name: "Mine" },
    key_create: {
      ...{ organization: org.slug, project: "shop", kind: "sk", env: "live", prefix: prefix() },
      ...{ secret_hash: hash(), scopes: ["read"] },
    },
    key_touch: { key_id: id },
    account_projects: { organization_id: org.id },
    tool_called: { key_id: id, tool: "get_stats", duration_ms: 1, failed: false },
    usage_set: { rows: [{ project_id: org.project.id, env: "live", month: month(), events: 1e9 }] },
    project_lookup: { organization_id: org.id, project: "shop" },
    segments: { project_id: org.project.id },
    segment: { project_id: org.project.id, segment_id: org.segment.id },
    segments_named: { project_id: org.project.id, named: ["Mine"] },
    segment_create: { key_id: id, project_id: org.project.id, input: { name: "Mine", filters: [] } },
    segment_update: { key_id: id, project_id: org.project.id, segment_id: org.segment.id, input: { name: "Mine" } },
    segment_delete: { key_id: id, project_id: org.project.id, segment_id: org.segment.id },
    usage_get: { actor },
    manage_projects: { actor },
    manage_project_create: { actor, input: { slug: "mine" } },
    manage_project_update: { actor, project_id: org.project.id, input: { name: "Mine" } },
    manage_project_archive: { actor, project_id: org.project.id },
    manage_keys: { actor },
    manage_key_create: { actor, input: {} },
    manage_key_update: { actor, key_id: id, input: { name: "mine" } },
    manage_key_rotate: { actor, key_id: id, prefix: prefix(), secret_hash: hash(), overlap_seconds: 0 },
    manage_key_revoke: { actor, key_id: id },
    manage_members: { actor },
    manage_member_set: { actor, user_id: org.people.viewer.id, role: "owner" },
    manage_organizations: { actor },
    manage_organization_update: { actor, input: { plan: "unlimited" } },
    member_add: { organization: org.slug, email: org.people.viewer.email, role: "owner" },
    forget_create: { key_id: id, user_id: "mine", anonymous_id: null },
    forget_get: { key_id: id, request_id: org.forgotten },
    access_note: { key_id: id, user_id: "mine", anonymous_id: null },
    forget_due: { most: 1 },
    forget_widen: { found: [] },
    forget_ran: { results: [] },
    forget_purge: {},
  };
};

let org;
let stranger;
before(async () => {
  org = await organization("functions");
  stranger = await person("functions-stranger");
});
after(() => sql.end());

const everybody = () => ({ anon: "anon", ...org.people, stranger });
/** A project's row of the meter and the look-up's answer for one of its keys. */
const lookup = (made) => must("key_lookup", { key_prefix: made.prefix });

describe("functions", () => {
  test("of the migrations are all in this file", async () => {
    const found = await sql`
      select proname as name from pg_proc where pronamespace = 'public'::regnamespace
        and proname not like 'conformance%'`;
    assert.deepEqual(found.map(({ name }) => name).sort(), Object.keys(doors(org)).sort());
  });

  for (const name of ["anon", ...roles, "stranger"]) {
    test(`cannot be called by ${name}`, async () => {
      for (const [called, body] of Object.entries(doors(org))) {
        const [status, answer] = await door(called, body, everybody()[name]);
        assert.equal(status, name === "anon" ? 401 : 403, `${called}: ${JSON.stringify(answer)}`);
        assert.equal(answer.code, "42501", called);
      }
    });
  }

  test("of the inner schema cannot be reached at all", async () => {
    for (const as of [...Object.values(everybody()), "service_role"]) {
      const body = { key_prefix: org.keys.sk.prefix };
      const [status] = await door("key_lookup", body, as, { "content-profile": "headwater" });
      assert.equal(status, 406);
    }
  });

  test("to come are closed to the API's roles by default", async () => {
    const open = await sql`
      select defaclobjtype from pg_default_acl d, aclexplode(d.defaclacl) as entry
      where d.defaclnamespace = 'public'::regnamespace and d.defaclrole = 'postgres'::regrole
        and entry.grantee in ('anon'::regrole, 'authenticated'::regrole)`;
    assert.equal(open.length, 0);
  });
});

describe("a sign-up", () => {
  const signUp = async (email) => {
    const [{ id }] = await sql`insert into auth.users (email) values (${email}) returning id`;
    return sql`
      select o.slug, o.name, o.plan, m.role from members m join organizations o on o.id = m.organization_id
      where m.user_id = ${id}`;
  };

  test("makes an organization on the free plan, owned by the user", async () => {
    const name = `Ann.Bee+${prefix()}`;
    const slug = name.toLowerCase().replace(/[.+]/g, "-");
    assert.deepEqual([...(await signUp(`${name}@example.com`))], [{ slug, name, plan: "free", role: "owner" }]);
    const [{ slug: second }] = await signUp(`${name}@example.org`);
    assert.match(second, new RegExp(`^${slug}-[0-9a-f]{6}$`), "a taken slug gets an ending");
  });

  test("never fails for the address it comes with", async () => {
    const odd = [
      "",
      "@",
      "***@example.com",
      "日本@example.com",
      `${"x".repeat(300)}@example.com`,
      "-@-",
      "a@b@c",
      " @x",
    ];
    for (const email of [...odd.map((one) => `${one}?${prefix()}`), null]) {
      const [made] = await signUp(email);
      assert.match(made.slug, /^[a-z0-9][a-z0-9-]{0,62}$/, `${email}`);
    }
  });

  test("goes through where no organization can be made", async () => {
    await sql.begin(async (inside) => {
      await inside`alter table public.organizations add constraint closed check (false) not valid`;
      const [{ id }] = await inside`insert into auth.users (email) values (${`${prefix()}@example.com`}) returning id`;
      assert.ok(id);
      const [{ count }] = await inside`select count(*) from members where user_id = ${id}`;
      assert.equal(count, "0");
      await inside`alter table public.organizations drop constraint closed`;
    });
  });
});

describe("a key's look-up", () => {
  test("brings key, plan, project and day keys in one answer", async () => {
    const answer = await lookup(org.keys.sk);
    assert.deepEqual(Object.keys(answer), ["key", "organization_id", "plan", "project", "day_keys"]);
    assert.deepEqual(answer.plan, { slug: "free", events_per_second: 5000, burst: 20000 });
    assert.equal(answer.project.organization_id, org.id);
    const { quota_events, quota_mode, used_events, geo_level, events_per_second, burst } = answer.project;
    assert.deepEqual(
      [quota_events, quota_mode, used_events, geo_level, events_per_second, burst],
      [10_000_000, "soft", 7, "country", 5000, 20000],
    );
    assert.deepEqual([answer.project.excluded_ip_ranges, answer.project.classifier_rules], [[], []]);
    assert.equal(Object.keys(answer.day_keys).length, 3);
  });

  test("of an account key has no project, of an unknown one is null", async () => {
    const answer = await lookup(org.keys.ak);
    assert.deepEqual([answer.project, answer.organization_id, answer.plan.slug], [null, org.id, "free"]);
    assert.equal(await must("key_lookup", { key_prefix: "unknown!" }), null);
  });

  test("knows what the operator set in place of the plan, and the test quota", async () => {
    const input = { quota_events: 5, quota_mode: "block", events_per_second: 9, burst: 0 };
    const actor = { operator: true };
    await must("manage_project_update", { actor, project_id: org.project.id, input });
    const { project } = await lookup(org.keys.sk);
    assert.deepEqual(
      [project.quota_events, project.quota_mode, project.events_per_second, project.burst],
      [5, "block", 9, 0],
    );
    const test_ = await key(org, { slug: "shop" }, "sk", { env: "test" });
    const tried = (await lookup(test_)).project;
    assert.deepEqual([tried.quota_events, tried.used_events], [100_000, 0]);
    await must("manage_project_update", { actor, project_id: org.project.id, input: { quota_events: 0 } });
    assert.equal((await lookup(test_)).project.quota_events, null);
    assert.equal((await lookup(org.keys.sk)).project.quota_events, null);
  });

  test("shows the last use, noted at most once an hour", async () => {
    const { id } = org.keys.rk;
    const lastUse = async () => (await lookup(org.keys.rk)).key.last_used_at;
    assert.equal(await lastUse(), null);
    assert.deepEqual([await must("key_touch", { key_id: id }), await must("key_touch", { key_id: id })], [true, false]);
    const first = await lastUse();
    assert.ok(Math.abs(first - Date.now()) < 60_000);
    await sql`update api_keys set last_used_at = now() - interval '61 minutes' where id = ${id}`;
    assert.equal(await must("key_touch", { key_id: id }), true);
    assert.ok((await lastUse()) >= first);
  });
});

describe("the meter", () => {
  let project;
  const row = (events, more = {}) => ({ project_id: project.id, env: "live", month: month(), events, ...more });
  const set = (...rows) => must("usage_set", { rows });
  const warnings = async () =>
    (
      await sql`select detail from audit_log where project_id = ${project.id} and action = 'quota.warning' order by id`
    ).map(({ detail }) => [detail.env, detail.percent, detail.month]);

  before(async () => {
    project = await must("project_create", { organization: org.slug, slug: `meter-${prefix()}`, name: "Meter" });
    const input = { quota_events: 100 };
    await must("manage_project_update", { actor: { operator: true }, project_id: project.id, input });
  });

  test("is set, never lowered", async () => {
    for (const [events, kept] of [
      [10, 10],
      [30, 30],
      [20, 30],
      [0, 30],
      [30, 30],
    ]) {
      assert.equal((await set(row(events))).written, 1);
      const [meter] = await sql`select events from usage_meter where project_id = ${project.id} and env = 'live'`;
      assert.equal(Number(meter.events), kept);
    }
    assert.deepEqual(await warnings(), []);
  });

  test("warns at 80 and at 100 percent, once a month and env", async () => {
    for (const events of [79, 80, 85, 99]) await set(row(events));
    assert.deepEqual(await warnings(), [["live", 80, month()]]);
    for (const events of [100, 120, 10, 100_000]) await set(row(events));
    assert.deepEqual(await warnings(), [
      ["live", 80, month()],
      ["live", 100, month()],
    ]);
    const { warnings: told } = await set(row(150, { month: month(1) }), row(1e6, { env: "test" }));
    assert.equal(told.length, 4, "both at once, for another month and for test");
    assert.equal((await set(row(150, { month: month(1) }))).warnings.length, 0);
  });

  test("passes over projects that are gone, takes a row twice, and refuses what is none", async () => {
    const gone = "00000000-0000-4000-8000-000000000000";
    assert.equal(
      (await set(row(5, { project_id: gone }), row(1, { month: month(-1) }), row(2, { month: month(-1) }))).written,
      1,
    );
    const [{ events }] =
      await sql`select events from usage_meter where project_id = ${project.id} and month = ${month(-1)}`;
    assert.equal(Number(events), 2);
    for (const bad of [
      { events: -1 },
      { env: "prod" },
      { month: "2026-11-02" },
      { month: "soon" },
      { events: "many" },
    ]) {
      const [status] = await door("usage_set", { rows: [row(1, bad)] });
      assert.equal(status, 400, JSON.stringify(bad));
    }
  });

  test("set by two at the same time keeps the higher count and warns once", async () => {
    const counts = Array.from({ length: 20 }, (_, at) => 80 + at * 5);
    await Promise.all(counts.map((events) => set(row(events, { month: month(2) }))));
    const [{ events }] =
      await sql`select events from usage_meter where project_id = ${project.id} and month = ${month(2)}`;
    assert.equal(Number(events), Math.max(...counts));
    const told = (await warnings()).filter(([, , when]) => when === month(2)).map(([, percent]) => percent);
    assert.deepEqual(told.sort(), [100, 80]);
  });

  test("is read by month, from inclusive, to exclusive", async () => {
    const actor = keyActor(org.keys.ak);
    const read = async (more) =>
      (await must("usage_get", { actor, ...more })).rows.filter((one) => one.project_id === project.id);
    assert.deepEqual(
      (await read({})).map(({ env, events }) => [env, events]),
      [
        ["live", 100_000],
        ["test", 1_000_000],
      ],
    );
    assert.equal((await read({ month_from: month(-1), month_to: month() })).length, 1);
    assert.equal((await read({ month_from: month(-1), month_to: month(3) })).length, 5);
    for (const wrong of [{ month_to: month(-1) }, { month_from: "1900-01-01", month_to: month() }]) {
      const [status, answer] = await door("usage_get", { actor, ...wrong });
      assert.deepEqual([status, answer.details], [400, "month_to"]);
    }
  });
});

test("the log is only ever added to, even by the database's owner", async (t) => {
  for (const change of [sql`update audit_log set actor = 'x'`, sql`delete from audit_log`, sql`truncate audit_log`]) {
    await assert.rejects(change, /only ever added to/);
  }
  t.diagnostic(`${asked.requests} requests`);
});
