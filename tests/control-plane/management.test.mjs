// Management: every function as everybody, on one's own and on another organization's things, and what the
// functions refuse of their input.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  asked,
  door,
  key,
  keyActor,
  month,
  must,
  organization,
  person,
  prefix,
  randomUUID,
  secret,
  sql,
  userActor,
} from "./world.mjs";

let ours;
let theirs;
let actors;

before(async () => {
  [ours, theirs] = [await organization("manage-a"), await organization("manage-b")];
  const account = async (more) => keyActor(await key(ours, null, "ak", more));
  const ended = await account({});
  await sql`update api_keys set expires_at = now() - interval '1 second' where id = ${ended.key_id}`;
  const revoked = await account({});
  await must("manage_key_revoke", { actor: { operator: true }, key_id: revoked.key_id });
  actors = {
    operator: { operator: true, organization: ours.slug },
    "an account key": keyActor(ours.keys.ak),
    "an owner": userActor(ours.people.owner, ours),
    "an admin": userActor(ours.people.admin, { id: ours.slug }),
    "a member": userActor(ours.people.member, ours),
    "a viewer": userActor(ours.people.viewer, ours),
    "a test account key": await account({ env: "test" }),
    "an account key without admin": await account({ scopes: ["read"] }),
    "an expired account key": ended,
    "a revoked account key": revoked,
    "a secret key": keyActor(ours.keys.sk),
    "an account key that claims another organization": { ...keyActor(ours.keys.ak), organization_id: theirs.id },
    "another's account key that claims ours": { ...keyActor(theirs.keys.ak), organization_id: ours.id },
    "a key that does not exist": { key_id: randomUUID(), organization_id: ours.id },
    "another's account key": keyActor(theirs.keys.ak),
    "another's owner": userActor(theirs.people.owner, ours),
    "a stranger": userActor(await person("manage-stranger"), ours),
    "a user that does not exist": { user_id: randomUUID(), organization: ours.slug },
    nobody: {},
    "nobody, at length": { key_id: null, user_id: null, operator: false, organization: ours.slug },
  };
});
after(() => sql.end());

/** What each actor gets: [reading, changing]. A number stands for all; a test key is answered by each case. */
const expected = {
  operator: [200, 200],
  "an account key": [200, 200],
  "an owner": [200, 200],
  "an admin": [200, 200],
  "a member": [200, 403],
  "a viewer": [200, 403],
  "an account key without admin": [403, 403],
  "an expired account key": [403, 403],
  "a revoked account key": [403, 403],
  "a secret key": [403, 403],
  "an account key that claims another organization": [403, 403],
  "another's account key that claims ours": [403, 403],
  "a key that does not exist": [403, 403],
  "another's account key": [404, 404],
  "another's owner": [404, 404],
  "a stranger": [404, 404],
  "a user that does not exist": [404, 404],
  nobody: [403, 403],
  "nobody, at length": [403, 403],
};

const freshProject = async () =>
  must("project_create", { organization: ours.slug, slug: `p-${prefix()}`, name: "Fresh" });
const freshKey = (more) => key(ours, ours.project, "sk", more);

/** Each function with the arguments beside the actor; `test` is what a test account key gets. */
const calls = {
  manage_project_update: {
    changes: true,
    test: 403,
    with: async () => ({ project_id: (await freshProject()).id, input: { name: "New" } }),
  },
  manage_project_archive: { changes: true, test: 403, with: async () => ({ project_id: (await freshProject()).id }) },
  manage_keys: { changes: false, test: 200, with: async () => ({ project_id: ours.project.id }) },
  manage_key_create: {
    changes: true,
    test: 403,
    with: async () => ({ input: { ...secret(), kind: "sk", env: "live", project_id: ours.project.id } }),
  },
  manage_key_update: {
    changes: true,
    test: 404,
    with: async () => ({ key_id: (await freshKey()).id, input: { name: "New" } }),
  },
  manage_key_rotate: {
    changes: true,
    test: 404,
    with: async () => ({ key_id: (await freshKey()).id, ...secret(), overlap_seconds: 60 }),
  },
  manage_key_revoke: { changes: true, test: 404, with: async () => ({ key_id: (await freshKey()).id }) },
};

for (const [name, call] of Object.entries(calls)) {
  describe(name, () => {
    for (const who of ["a test account key", ...Object.keys(expected)]) {
      test(`by ${who}`, async () => {
        const rest = await call.with();
        const log = () => sql`select count(*) from audit_log where organization_id = ${ours.id}`;
        const [{ count: lines }] = await log();
        const [status, answer] = await door(name, { actor: actors[who], ...rest });
        const wanted = who === "a test account key" ? call.test : expected[who][call.changes ? 1 : 0];
        assert.equal(status, wanted, JSON.stringify(answer));
        const [{ count: now }] = await log();
        assert.equal(now - lines, call.changes && status === 200 ? 1 : 0, "each change is one line of the log");
        if (status !== 200) assert.equal(answer.code, `PT${status}`);
        assert.ok(!JSON.stringify(answer).includes("secret_hash"));
      });
    }
  });
}

describe("lists, creation and usage", () => {
  for (const who of ["a test account key", ...Object.keys(expected)]) {
    test(`by ${who}`, async () => {
      const actor = actors[who];
      const [reads, writes] = expected[who] ?? [200, 403];
      // An account key of another organization is shown its own.
      const foreign = who === "another's account key";
      for (const name of ["manage_projects", "manage_keys", "usage_get"]) {
        const [status, answer] = await door(name, { actor });
        assert.equal(status, foreign ? 200 : reads, `${name}: ${JSON.stringify(answer)}`);
        if (status !== 200) continue;
        const text = JSON.stringify(answer);
        const [mine, other] = foreign ? [theirs, ours] : [ours, theirs];
        assert.ok(text.includes(mine.id) && !text.includes(other.id) && !text.includes(other.project.id), name);
        assert.ok(!text.includes("secret_hash"));
        if (who === "a test account key" && name === "manage_keys") {
          assert.ok(answer.length > 0 && answer.every(({ env }) => env === "test"));
        }
      }
      const [status, made] = await door("manage_project_create", { actor, input: { slug: `p-${prefix()}` } });
      assert.equal(status, foreign ? 200 : writes, JSON.stringify(made));
      if (status === 200) assert.equal(made.organization_id, foreign ? theirs.id : ours.id);
    });
  }

  test("a test account key makes, changes and withdraws test keys", async () => {
    const actor = actors["a test account key"];
    const input = { ...secret(), kind: "sk", env: "test", project_id: ours.project.id };
    const made = await must("manage_key_create", { actor, input });
    await must("manage_key_update", { actor, key_id: made.id, input: { name: "tests" } });
    const { key: next } = await must("manage_key_rotate", { actor, key_id: made.id, ...secret(), overlap_seconds: 0 });
    assert.ok((await must("manage_key_revoke", { actor, key_id: next.id })).revoked_at);
  });
});

describe("a user of several organizations", () => {
  let both;
  before(async () => {
    both = await person("manage-both");
    await must("member_add", { organization: ours.slug, email: both.email, role: "admin" });
    await must("member_add", { organization: theirs.slug, email: both.email, role: "viewer" });
  });

  test("names the one that is meant, by slug or id", async () => {
    const [status, problem] = await door("manage_projects", { actor: { user_id: both.id } });
    assert.deepEqual([status, problem.details], [400, "organization"]);
    for (const named of [theirs.id, theirs.slug]) {
      const projects = await must("manage_projects", { actor: { user_id: both.id, organization: named } });
      assert.deepEqual([...new Set(projects.map((one) => one.organization_id))], [theirs.id]);
    }
    assert.equal((await door("manage_projects", { actor: { user_id: both.id, organization: "none" } }))[0], 404);
  });

  test("need not where a thing says it, and has each organization's role there", async () => {
    const input = { name: "By name of the thing" };
    const update = (org) =>
      door("manage_project_update", { actor: { user_id: both.id }, project_id: org.project.id, input });
    assert.equal((await update(ours))[0], 200);
    assert.equal((await update(theirs))[0], 403);
    const actor = { user_id: both.id, organization: ours.slug };
    assert.equal((await door("manage_project_update", { actor, project_id: theirs.project.id, input }))[0], 404);
  });

  test("sees which there are", async () => {
    const all = await must("manage_organizations", { actor: { user_id: both.id } });
    const found = Object.fromEntries(all.map((one) => [one.id, one.role]));
    assert.deepEqual([found[ours.id], found[theirs.id], all.length], ["admin", "viewer", 3]);
  });

  test("loses all at once with the membership", async () => {
    const actor = actors["an owner"];
    await must("manage_member_set", { actor, user_id: both.id, role: null });
    assert.equal((await door("manage_projects", { actor: { user_id: both.id, organization: ours.slug } }))[0], 404);
  });
});

describe("members", () => {
  const set = (who, target, role) => door("manage_member_set", { actor: who, user_id: target.id, role });

  test("are managed by people, owners by owners", async () => {
    const { owner, admin, member, viewer } = ours.people;
    const as = (one) => userActor(one, ours);
    assert.equal((await set(as(viewer), member, "admin"))[0], 403);
    assert.equal((await set(as(member), member, "owner"))[0], 403);
    assert.equal((await set(as(admin), admin, "owner"))[0], 403);
    assert.equal((await set(as(admin), owner, "viewer"))[0], 403);
    assert.equal((await set(keyActor(ours.keys.ak), viewer, "admin"))[0], 403);
    assert.equal((await set(userActor(theirs.people.owner, ours), viewer, "admin"))[0], 404);
    assert.equal((await set(as(owner), theirs.people.viewer, "viewer"))[0], 404);
    assert.equal((await set(as(owner), viewer, "king"))[0], 400);
    assert.equal((await set(as(admin), viewer, "member"))[0], 200);
    assert.equal((await set(as(admin), viewer, "viewer"))[0], 200);
  });

  test("keep their last owner, also when two leave at the same time", async () => {
    const { owner, admin } = theirs.people;
    const as = (one) => userActor(one, theirs);
    assert.equal((await set(as(owner), owner, null))[0], 409);
    assert.equal((await set(as(owner), owner, "admin"))[0], 409);
    assert.equal((await set(as(owner), admin, "owner"))[0], 200);
    const left = await Promise.all([set(as(owner), owner, null), set(as(admin), admin, null)]);
    assert.deepEqual(left.map(([status]) => status).sort(), [200, 409]);
  });

  test("change the name of their organization, not its plan", async () => {
    const actor = actors["an admin"];
    assert.equal((await must("manage_organization_update", { actor, input: { name: "Acme" } })).name, "Acme");
    for (const [field, input] of [
      ["plan", { plan: "unlimited" }],
      ["slug", { slug: "x" }],
    ]) {
      const [status, problem] = await door("manage_organization_update", { actor, input });
      assert.deepEqual([status, problem.details], [400, field]);
    }
    assert.equal((await door("manage_organization_update", { actor: actors["a member"], input: {} }))[0], 403);
    assert.equal((await door("manage_organization_update", { actor: actors["an account key"], input: {} }))[0], 403);
  });
});

describe("settings of a project", () => {
  const update = (input) =>
    door("manage_project_update", { actor: actors["an owner"], project_id: ours.project.id, input });
  const rule = { id: "spring", field: "utm_campaign", pattern: "spring*", source: "news", medium: "email" };

  test("come back as they were given, and null takes the default", async () => {
    const input = {
      ...{ name: "Shop", timezone: "Asia/Kathmandu", retention_days: 30, dnt_mode: "drop", geo_level: "region" },
      ...{ kept_params: ["page"], internal_hosts: ["help.example.com"], classifier_rules: [rule] },
      excluded_ip_ranges: ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"],
    };
    const [status, project] = await update(input);
    assert.equal(status, 200, JSON.stringify(project));
    for (const [field, value] of Object.entries(input)) assert.deepEqual(project[field], value, field);
    const seen = (await must("key_lookup", { key_prefix: ours.keys.sk.prefix })).project;
    for (const field of ["timezone", "excluded_ip_ranges", "classifier_rules", "internal_hosts"]) {
      assert.deepEqual(seen[field], input[field], field);
    }
    const [, reset] = await update({ retention_days: null, kept_params: null });
    assert.deepEqual([reset.retention_days, reset.kept_params, reset.name], [null, null, "Shop"]);
  });

  const many = (count, item) => Array.from({ length: count }, item);
  const bad = {
    name: ["", " ", "x".repeat(129), 1, null, ["x"]],
    timezone: ["Mars/Olympus", "", null, "posix/Europe/Berlin", "europe/berlin", "../../etc/passwd"],
    retention_days: [0, -1, 36501, 1.5, "30", true, 1e300],
    dnt_mode: ["maybe", null, 1],
    geo_level: ["street", null],
    kept_params: ["page", [1], [""], ["x".repeat(129)], many(101, () => "x")],
    excluded_ip_ranges: [
      ["10"],
      ["10.0.0.1/8"],
      ["300.1.1.1"],
      ["example.com"],
      ["::/129"],
      [null],
      "10.0.0.0/8",
      null,
      many(101, (_, at) => `10.0.0.${at}`),
    ],
    internal_hosts: [["a b"], ["https://x.example"], ["x/y"], [""], null, many(101, (_, at) => `h${at}.example`)],
    classifier_rules: [
      null,
      {},
      [1],
      [{}],
      [{ ...rule, extra: "x" }],
      [{ ...rule, field: "path" }],
      [{ ...rule, id: "" }],
      [{ ...rule, source: 1 }],
      many(101, () => rule),
      many(90, () => ({ ...rule, source: "x".repeat(256), medium: "y".repeat(256) })),
    ],
    archived: ["yes", null, 1],
    // Those are the operator's.
    quota_events: [0, null, 1],
    quota_mode: ["soft"],
    events_per_second: [0],
    burst: [0],
    // And those nobody's.
    slug: ["other"],
    plan: ["unlimited"],
    organization_id: [randomUUID()],
    id: [randomUUID()],
    nonsense: [1],
    'secret"; drop table projects': [1],
  };
  for (const [field, values] of Object.entries(bad)) {
    test(`refuse ${values.length} values of ${field}, and name it`, async () => {
      for (const value of values) {
        const [status, problem] = await update({ [field]: value });
        assert.deepEqual(
          [status, problem.code, problem.details],
          [400, "PT400", field],
          JSON.stringify([value, problem]),
        );
        assert.ok(!problem.message.includes("headwater."));
      }
    });
  }

  test("refuse an input that is no object, too long, or not to be stored", async () => {
    for (const input of [null, [], "x", 1, { name: "a\u0000b" }, { name: "x".repeat(140_000) }]) {
      assert.equal((await update(input))[0], 400, JSON.stringify(input)?.slice(0, 40));
    }
  });

  test("a slug is free once in an organization, and well-formed", async () => {
    const actor = actors["an owner"];
    const create = (slug) => door("manage_project_create", { actor, input: { slug } });
    assert.equal((await create("shop"))[0], 409);
    for (const slug of ["Shop", "-x", "a b", "", null, "x".repeat(64), "é"])
      assert.equal((await create(slug))[0], 400, `${slug}`);
  });

  test("an archived project makes no keys, and comes back", async () => {
    const actor = actors["an owner"];
    const project = await freshProject();
    assert.ok((await must("manage_project_archive", { actor, project_id: project.id })).archived_at);
    await must("manage_project_archive", { actor, project_id: project.id });
    const input = { ...secret(), kind: "sk", project_id: project.id };
    assert.equal((await door("manage_key_create", { actor, input }))[0], 409);
    const back = await must("manage_project_update", { actor, project_id: project.id, input: { archived: false } });
    assert.equal(back.archived_at, null);
    await must("manage_key_create", { actor, input });
  });
});

test("the log tells who did what, and holds no hash and no address", async (t) => {
  const lines = await sql`select * from audit_log where organization_id = ${ours.id}`;
  const text = JSON.stringify(lines);
  const hashes = await sql`select secret_hash from api_keys where organization_id = ${ours.id}`;
  for (const { secret_hash } of hashes) assert.ok(!text.includes(secret_hash));
  assert.ok(!text.includes("192.0.2.7") && !text.includes("2001:db8") && !text.includes("@example.com"));
  const kinds = new Set(lines.map(({ actor }) => actor.split(":")[0]));
  assert.deepEqual([...kinds].sort(), ["key", "operator", "user"]);
  const actions = [...new Set(lines.map(({ action }) => action))].sort();
  assert.deepEqual(actions, [
    ...["key.create", "key.revoke", "key.rotate", "key.update", "member.add", "member.remove", "member.update"],
    ...["organization.create", "organization.update", "person.forget", "project.archive"],
    ...["project.create", "project.update", "segment.create"],
  ]);
  t.diagnostic(`${asked.requests} requests, ${lines.length} lines, month ${month()}`);
});
