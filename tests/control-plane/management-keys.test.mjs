// Management of keys: scopes, what is refused of their input, changes, rotation, revocation.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { door, hash, key, keyActor, must, organization, prefix, randomUUID, secret, sql, userActor } from "./world.mjs";

let ours;
let theirs;
let actors;

before(async () => {
  [ours, theirs] = [await organization("manage-keys-a"), await organization("manage-keys-b")];
  actors = {
    operator: { operator: true, organization: ours.slug },
    accountKey: keyActor(ours.keys.ak),
    owner: userActor(ours.people.owner, ours),
    admin: userActor(ours.people.admin, ours),
  };
});
after(() => sql.end());

describe("keys", () => {
  const create = (more) =>
    door("manage_key_create", {
      actor: actors.owner,
      input: { ...secret(), kind: "sk", env: "live", project_id: ours.project.id, ...more },
    });
  const widest = { pk: ["ingest"], sk: ["ingest", "read"], rk: ["read"], ak: ["admin", "read"] };
  const subsets = [
    ["ingest"],
    ["read"],
    ["admin"],
    ["ingest", "read"],
    ["admin", "read"],
    ["admin", "ingest"],
    ["admin", "ingest", "read"],
  ];

  for (const kind of Object.keys(widest)) {
    for (const scopes of subsets) {
      const fits = scopes.every((scope) => widest[kind].includes(scope));
      test(`${kind} ${fits ? "may" : "may not"} have ${scopes.join(" and ")}`, async () => {
        const [status, made] = await create({ kind, scopes, project_id: kind === "ak" ? null : ours.project.id });
        assert.equal(status, fits ? 200 : 400, JSON.stringify(made));
        if (fits) assert.deepEqual(made.scopes, scopes);
        else assert.equal(made.details, "scopes");
        // A constraint of the table refuses the same scopes, so another way to insert a key cannot widen it.
        const row = { organization: ours.slug, project: "shop", kind, env: "live", ...secret(), scopes };
        assert.equal((await door("key_create", row))[0], fits ? 200 : 400);
      });
    }
  }

  test("get all scopes of their kind but admin unless told otherwise", async () => {
    for (const kind of Object.keys(widest)) {
      const [, made] = await create({ kind, project_id: kind === "ak" ? undefined : ours.project.id });
      assert.deepEqual(
        made.scopes,
        widest[kind].filter((scope) => scope !== "admin"),
      );
      assert.equal(made.redacted, `${kind}_live_${made.prefix}_…`);
    }
  });

  test("refuse what does not fit, and name it", async () => {
    const past = new Date(Date.now() - 1000).toISOString();
    const origins = ["*", "example.com", "https://a/b", "https://*.a.example:*", "https://", "javascript:alert(1)"];
    const wrong = {
      kind: ["xk", null],
      env: ["prod", null],
      project_id: ["x", null],
      scopes: [[], "read", ["write"]],
      expires_at: [past, "soon", 1, "2026-13-45", "infinity"],
      name: ["x".repeat(129), 5],
      prefix: ["short", null, "UPPERCAS"],
      secret_hash: ["x", null],
      allowed_origins: [
        ...origins.map((origin) => [origin]),
        "https://a.example",
        Array.from({ length: 101 }, () => "https://a.example"),
      ],
      revoked_at: [null],
      id: [randomUUID()],
    };
    const pairs = Object.entries(wrong).flatMap(([field, values]) => values.map((value) => ({ field, value })));
    for (const { field, value } of pairs) {
      const [status, problem] = await create({ [field]: value });
      assert.deepEqual(
        [status, problem.code, problem.details],
        [400, "PT400", field],
        JSON.stringify([value, problem]),
      );
    }
    assert.equal((await create({ project_id: theirs.project.id }))[0], 404);
    assert.equal((await create({ project_id: randomUUID() }))[0], 404);
    assert.equal((await create({ prefix: ours.keys.sk.prefix }))[0], 409);
  });

  test("are changed: a name, origins, an end, fewer scopes", async () => {
    const [, made] = await create({ allowed_origins: ["https://a.example"] });
    const actor = actors.admin;
    const update = (input) => door("manage_key_update", { actor, key_id: made.id, input });
    const origins = ["https://*.example.com", "http://localhost:*", "https://[::1]:8080"];
    const [, changed] = await update({
      name: "new",
      allowed_origins: origins,
      scopes: ["read"],
      expires_at: "2099-01-01",
    });
    assert.deepEqual(
      [changed.name, changed.allowed_origins, changed.scopes, changed.expires_at],
      ["new", origins, ["read"], "2099-01-01T00:00:00.000Z"],
    );
    for (const [field, value] of [
      ["scopes", ["ingest", "read"]],
      ["scopes", []],
      ["kind", "ak"],
      ["env", "test"],
      ["secret_hash", hash()],
      ["prefix", prefix()],
      ["project_id", theirs.project.id],
      ["organization_id", theirs.id],
      ["revoked_at", null],
    ]) {
      const [status, problem] = await update({ [field]: value });
      assert.deepEqual([status, problem.details], [400, field]);
    }
    assert.equal((await update({ expires_at: null }))[1].expires_at, null);
  });

  test("rotate with an overlap of at most 30 days, once", async () => {
    const actor = actors.accountKey;
    const [, made] = await create({
      name: "turning",
      scopes: ["read"],
      allowed_origins: ["https://a.example"],
      expires_at: "2099-01-01",
    });
    const rotate = (overlap_seconds, more = {}) =>
      door("manage_key_rotate", { actor, key_id: made.id, ...secret(), overlap_seconds, ...more });
    for (const wrong of [-1, 2_592_001, null]) assert.equal((await rotate(wrong))[1].details, "overlap_seconds");
    assert.equal((await rotate(60, { prefix: ours.keys.sk.prefix }))[0], 409);
    const before_ = Date.now();
    const [status, { key: next, replaced }] = await rotate(3600);
    assert.equal(status, 200);
    for (const field of ["kind", "env", "name", "scopes", "allowed_origins", "project_id", "expires_at"]) {
      assert.deepEqual(next[field], made[field], field);
    }
    assert.deepEqual([replaced.id, replaced.rotated_to, replaced.revoked_at], [made.id, next.id, null]);
    assert.ok(Math.abs(Date.parse(replaced.expires_at) - before_ - 3_600_000) < 30_000, replaced.expires_at);
    const old = (await must("key_lookup", { key_prefix: made.prefix })).key;
    assert.equal(new Date(old.expires_at).toISOString(), replaced.expires_at);
    assert.equal((await rotate(3600))[0], 409, "only once");
    for (const expires_at of [null, "2098-01-01"]) {
      assert.equal((await door("manage_key_update", { actor, key_id: made.id, input: { expires_at } }))[0], 409);
    }
  });

  test("that end before the overlap does keep their own end", async () => {
    const soon = new Date(Date.now() + 60_000).toISOString();
    const [, made] = await create({ expires_at: soon });
    const body = { actor: actors.operator, key_id: made.id, ...secret(), overlap_seconds: 3600 };
    assert.equal((await must("manage_key_rotate", body)).replaced.expires_at, soon);
  });

  test("rotated by two at the same time have one successor", async () => {
    const [, made] = await create({});
    const body = () => ({ actor: actors.operator, key_id: made.id, ...secret(), overlap_seconds: 60 });
    const turned = await Promise.all([1, 2, 3, 4].map(() => door("manage_key_rotate", body())));
    assert.deepEqual(turned.map(([status]) => status).sort(), [200, 409, 409, 409]);
  });

  test("once revoked stay so", async () => {
    const [, made] = await create({});
    const actor = actors.owner;
    const first = await must("manage_key_revoke", { actor, key_id: made.id });
    assert.equal((await must("manage_key_revoke", { actor, key_id: made.id })).revoked_at, first.revoked_at);
    assert.equal((await door("manage_key_update", { actor, key_id: made.id, input: { name: "x" } }))[0], 409);
    assert.equal(
      (await door("manage_key_rotate", { actor, key_id: made.id, ...secret(), overlap_seconds: 0 }))[0],
      409,
    );
    assert.ok((await must("key_lookup", { key_prefix: made.prefix })).key.revoked_at);
  });

  test("that revoke themselves manage nothing any more", async () => {
    const last = keyActor(await key(ours));
    await must("manage_key_revoke", { actor: last, key_id: last.key_id });
    assert.equal((await door("manage_projects", { actor: last }))[0], 403);
  });
});
