// /v1/projects, /v1/keys, /v1/usage: an account key with admin, or a signed-in user's token.
// One test runs the cron. @lane jobs
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { ask, call, newProject, rowsOf, settled, stack } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";

let project;
let stranger;
before(async () => {
  const organization = `manage-${randomUUID().slice(0, 8)}`;
  [project, stranger] = await Promise.all([
    newProject("manage", "--organization", organization),
    newProject("manage-stranger", "--organization", `${organization}-other`),
  ]);
});

const manage = (method, path, body, key = project.keys.ak) =>
  ask(path, { method, key, body, headers: body === undefined ? { "content-type": "application/json" } : {} });

/** A token like Supabase's, or a broken one. */
function token(claims = {}, { alg = "HS256", secret = stack.supabase_jwt_secret } = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const payload = { sub: randomUUID(), aud: "authenticated", role: "authenticated", exp: now + 600, ...claims };
  const signed = `${part({ alg, typ: "JWT" })}.${part(payload)}`;
  return `${signed}.${alg === "none" ? "" : createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

describe("projects", () => {
  let made;

  test("are made, listed, changed and archived", async () => {
    const [status, answer] = await manage("POST", "/v1/projects", {
      slug: `shop-${randomUUID().slice(0, 8)}`,
      name: "Shop",
      timezone: "Europe/Berlin",
    });
    assert.equal(status, 201, JSON.stringify(answer));
    made = answer;
    const [, listed] = await manage("GET", "/v1/projects");
    assert.ok(listed.some((one) => one.id === made.id));
    const [updated, changed] = await manage("PATCH", `/v1/projects/${made.id}`, { name: "Shop 2", retention_days: 90 });
    assert.deepEqual([updated, changed.name, changed.retention_days], [200, "Shop 2", 90]);
  });

  test("take no field that is not theirs to change", async () => {
    for (const input of [{ plan: "unlimited" }, { organization_id: stranger.project_id }, { nonsense: 1 }]) {
      const [status, problem] = await manage("PATCH", `/v1/projects/${made.id}`, input);
      assert.deepEqual([status, problem.error], [400, "invalid_payload"], JSON.stringify(input));
    }
    const [zone] = await manage("PATCH", `/v1/projects/${made.id}`, { timezone: "Mars/Olympus" });
    assert.equal(zone, 400);
  });

  test("have rules of their own, which the classifier must understand", async () => {
    const own = await newProject("manage-rules", "--organization", `rules-${randomUUID().slice(0, 8)}`);
    const rule = {
      id: "partner",
      field: "referrer_host",
      pattern: "partner.example",
      source: "partner",
      medium: "affiliate",
    };
    const set = (input) => manage("PATCH", `/v1/projects/${own.project_id}`, input, own.keys.ak);
    const [status, changed] = await set({ classifier_rules: [rule], internal_hosts: ["pay.example.net"] });
    assert.equal(status, 200, JSON.stringify(changed));
    for (const wrong of [
      [{ ...rule, field: "anything" }],
      [{ ...rule, pattern: "" }],
      [{ ...rule, more: 1 }],
      "none",
    ]) {
      const [refused, problem] = await set({ classifier_rules: wrong });
      assert.deepEqual([refused, problem.error], [400, "invalid_payload"], JSON.stringify(wrong));
    }
    const url = "https://shop.example.com/";
    const visits = [
      { event: "pageview", event_id: "a", url, referrer: "https://blog.partner.example/review" },
      { event: "pageview", event_id: "b", url, referrer: "https://pay.example.net/done" },
    ];
    assert.equal((await ask("/v1/batch", { key: own.keys.sk, body: visits }))[0], 202);
    const rows = await rowsOf(own.project_id);
    assert.deepEqual(rows.map((row) => [row.event_id, row.source, row.medium]).sort(), [
      ["a", "partner", "affiliate"],
      ["b", "internal", "direct"],
    ]);
  });

  test("of another organization do not exist", async () => {
    for (const id of [stranger.project_id, randomUUID(), "nonsense"]) {
      const [status, problem] = await manage("PATCH", `/v1/projects/${id}`, { name: "mine" });
      assert.deepEqual([status, problem.error], [404, "not_found"], id);
    }
    const [, listed] = await manage("GET", "/v1/projects");
    assert.ok(!listed.some((one) => one.id === stranger.project_id));
  });

  test("once archived open for no key", async () => {
    const [, key] = await manage("POST", "/v1/keys", { kind: "sk", project_id: made.id, name: "to be closed" });
    assert.equal((await ask("/v1/track", { key: key.key, body: { event: "e" } }))[0], 202);
    assert.equal((await manage("DELETE", `/v1/projects/${made.id}`))[0], 200);
    const [status, problem] = await ask("/v1/track", { key: key.key, body: { event: "e" } });
    assert.deepEqual([status, problem.error], [401, "revoked_api_key"]);
  });
});

describe("keys", () => {
  test("are shown whole once, work at once, and are never listed with their hash", async () => {
    const [status, made] = await manage("POST", "/v1/keys", {
      kind: "pk",
      project_id: project.project_id,
      name: "site",
      allowed_origins: ["https://*.example.com"],
    });
    assert.equal(status, 201, JSON.stringify(made));
    assert.match(made.key, /^pk_live_[0-9a-z]{8}_[0-9A-Za-z]{38}$/);
    const sent = await call("/e", {
      key: made.key,
      body: { event: "e" },
      headers: { origin: "https://www.example.com" },
    });
    assert.equal(sent.status, 202);
    const [, listed, headers] = await manage("GET", `/v1/keys?project_id=${project.project_id}`);
    const text = JSON.stringify(listed);
    assert.ok(listed.some((one) => one.prefix === made.prefix));
    assert.ok(!text.includes("secret_hash") && !text.includes(made.key.slice(17, 40)));
    assert.equal(headers.get("cache-control"), "no-store");
  });

  test("tell when they were last used", async () => {
    const [, made] = await manage("POST", "/v1/keys", { kind: "sk", project_id: project.project_id });
    assert.equal((await ask("/v1/track", { key: made.key, body: { event: "e" } }))[0], 202);
    const lastUsed = async () => (await manage("GET", "/v1/keys"))[1].find((one) => one.id === made.id).last_used_at;
    // Written after the answer has gone out.
    const at = await until(lastUsed, "the use is written");
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 120_000);
  });

  test("cannot be made wider than their kind", async () => {
    for (const input of [
      { kind: "rk", scopes: ["ingest"] },
      { kind: "pk", scopes: ["read"] },
      { kind: "sk", scopes: ["admin"] },
      { kind: "xk" },
      { kind: "sk", env: "staging" },
    ]) {
      const [status, problem] = await manage("POST", "/v1/keys", { project_id: project.project_id, ...input });
      assert.deepEqual([status, problem.error], [400, "invalid_payload"], JSON.stringify(input));
    }
  });

  test("narrowed in scope can do less", async () => {
    const [, made] = await manage("POST", "/v1/keys", {
      kind: "sk",
      project_id: project.project_id,
      scopes: ["ingest"],
    });
    assert.equal((await ask("/v1/track", { key: made.key, body: { event: "e" } }))[0], 202);
    const [status, problem] = await ask("/v1/stats", { key: made.key });
    assert.deepEqual([status, problem.error], [403, "insufficient_scope"]);
  });

  test("rotate with an overlap, and without one end at once", async () => {
    const [, first] = await manage("POST", "/v1/keys", { kind: "sk", project_id: project.project_id });
    const [status, second] = await manage("POST", `/v1/keys/${first.id}/rotate`, { overlap_seconds: 600 });
    assert.equal(status, 201, JSON.stringify(second));
    for (const key of [first.key, second.key]) {
      assert.equal((await ask("/v1/track", { key, body: { event: "e" } }))[0], 202);
    }
    const [, third] = await manage("POST", `/v1/keys/${second.id}/rotate`, { overlap_seconds: 0 });
    assert.equal((await ask("/v1/track", { key: third.key, body: { event: "e" } }))[0], 202);
    const [ended, problem] = await ask("/v1/track", { key: second.key, body: { event: "e" } });
    assert.deepEqual([ended, problem.error], [401, "expired_api_key"]);
    const [refused] = await manage("POST", `/v1/keys/${third.id}/rotate`, { overlap_seconds: 90 * 86_400 });
    assert.equal(refused, 400);
  });

  test("revoked are refused at once", async () => {
    const [, made] = await manage("POST", "/v1/keys", { kind: "rk", project_id: project.project_id });
    assert.equal((await ask("/v1/stats", { key: made.key }))[0], 200);
    assert.equal((await manage("DELETE", `/v1/keys/${made.id}`))[0], 200);
    const [status, problem] = await ask("/v1/stats", { key: made.key });
    assert.deepEqual([status, problem.error], [401, "revoked_api_key"]);
  });

  test("of another organization cannot be touched", async () => {
    const [, theirs] = await manage("GET", "/v1/keys", undefined, stranger.keys.ak);
    const [, mine] = await manage("GET", "/v1/keys");
    const foreign = theirs.find((one) => !mine.some((own) => own.id === one.id));
    for (const [method, path, body] of [
      ["DELETE", `/v1/keys/${foreign.id}`],
      ["PATCH", `/v1/keys/${foreign.id}`, { name: "mine" }],
      ["POST", `/v1/keys/${foreign.id}/rotate`, {}],
    ]) {
      const [status] = await manage(method, path, body);
      assert.equal(status, 404, `${method} ${path}`);
    }
  });
});

describe("who may manage", () => {
  test("only an account key with admin", async () => {
    for (const kind of ["pk", "sk", "rk"]) {
      const [status, problem] = await manage("GET", "/v1/projects", undefined, project.keys[kind]);
      assert.deepEqual([status, problem.error], [403, "account_key_required"], kind);
    }
    const [, reading] = await manage("POST", "/v1/keys", { kind: "ak", scopes: ["read"] });
    const [status, problem] = await manage("GET", "/v1/projects", undefined, reading.key);
    assert.deepEqual([status, problem.error], [403, "insufficient_scope"]);
  });

  test("a token that is not good is refused before anything is asked", async () => {
    const hour = 3600;
    const now = Math.floor(Date.now() / 1000);
    for (const [name, text] of [
      ["expired", token({ exp: now - hour })],
      ["without exp", token({ exp: undefined })],
      ["not yet", token({ nbf: now + hour })],
      ["another audience", token({ aud: "anon" })],
      ["another secret", token({}, { secret: "x".repeat(40) })],
      ["alg none", token({}, { alg: "none" })],
      ["alg RS256", token({}, { alg: "RS256" })],
      ["alg HS512", token({}, { alg: "HS512" })],
      ["no user", token({ sub: "service" })],
      ["garbage", "a.b.c"],
    ]) {
      const [status, problem] = await manage("GET", "/v1/projects", undefined, text);
      assert.deepEqual([status, problem.error], [401, "invalid_session"], name);
    }
  });

  test("a user without an organization sees nothing", async () => {
    const [status, answer] = await manage("GET", "/v1/projects", undefined, token());
    assert.ok(status === 403 || status === 404 || (status === 200 && answer.length === 0), `${status}`);
    assert.ok(!JSON.stringify(answer).includes(project.project_id));
  });
});

test("usage is what the store counts", async () => {
  const own = await newProject("manage-usage", "--organization", `usage-${randomUUID().slice(0, 8)}`);
  const event = (event_id) => ({ event: "e", event_id, timestamp: Date.now() });
  await ask("/v1/batch", { key: own.keys.sk, body: [event("a"), event("b"), event("c")] });
  await ask("/v1/batch", { key: own.keys.sk, body: [event("a")] });
  await settled();
  // The meter is the first of the cron's jobs. The others take as long as there is work of all projects.
  const signal = AbortSignal.timeout(300_000);
  const scheduled = call("/cdn-cgi/handler/scheduled?cron=*/5+*+*+*+*", { signal });
  const usage = await until(async () => {
    const [status, usage] = await ask("/v1/usage", { key: own.keys.ak });
    assert.equal(status, 200, JSON.stringify(usage));
    return usage.rows.length > 0 && usage;
  }, "the use is metered");
  assert.equal((await scheduled).status, 200);
  assert.deepEqual(
    usage.rows.map((row) => [row.project_id, row.env, row.events]),
    [[own.project_id, "live", 3]],
  );
  const [bad, problem] = await ask("/v1/usage?from=November", { key: own.keys.ak });
  assert.deepEqual([bad, problem.error], [400, "invalid_params"]);
});
