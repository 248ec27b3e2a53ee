// Which key may do what, and what every refusal looks like.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ask, call, newProject } from "./harness/stack.mjs";

let project;
let trial;
before(async () => {
  [project, trial] = await Promise.all([newProject("access"), newProject("access-test", "--env", "test")]);
});

const event = { event: "e" };
const page = { origin: "http://localhost:3000" };

describe("keys", () => {
  const stranger = "sk_live_zzzzzzzz_00000000000000000000000000000000"; // no checksum
  for (const [name, headers, error] of [
    ["no key", {}, "missing_bearer_token"],
    ["another scheme", { authorization: "Basic abc" }, "missing_bearer_token"],
    ["nonsense", { authorization: "Bearer nonsense" }, "malformed_api_key"],
    ["a wrong checksum", { authorization: `Bearer ${stranger}AAAAAA` }, "malformed_api_key"],
  ]) {
    test(`${name}: 401 ${error}`, async () => {
      const [status, problem, answered] = await ask("/v1/track", { body: event, headers });
      assert.deepEqual([status, problem.error], [401, error]);
      assert.equal(answered.get("www-authenticate"), "Bearer");
    });
  }

  test("a well-formed key that nobody made is refused, like one with a wrong secret", async () => {
    const crc = (text) => {
      let sum = ~0;
      for (const byte of Buffer.from(text)) {
        sum ^= byte;
        for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
      }
      let rest = ~sum >>> 0;
      let out = "";
      for (let index = 0; index < 6; index++) {
        out = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[rest % 62] + out;
        rest = Math.floor(rest / 62);
      }
      return text + out;
    };
    const prefix = project.keys.sk.split("_")[2];
    const secret = "0".repeat(32);
    for (const key of [crc(stranger), crc(`sk_live_${prefix}_${secret}`)]) {
      const [status, problem] = await ask("/v1/track", { body: event, key });
      assert.deepEqual([status, problem.error], [401, "invalid_api_key"]);
    }
    // The right secret under another kind or env is another key.
    const body = project.keys.sk.slice(0, -6);
    for (const changed of [body.replace("sk_", "rk_"), body.replace("_live_", "_test_")]) {
      const [status, problem] = await ask("/v1/stats", { key: crc(changed) });
      assert.deepEqual([status, problem.error], [401, "invalid_api_key"]);
    }
  });

  test("kinds do what the contract's table says", async () => {
    const table = [
      ["pk", "track", 202],
      ["pk", "stats", 403],
      ["sk", "track", 202],
      ["sk", "stats", 200],
      ["rk", "track", 403],
      ["rk", "stats", 200],
      ["ak", "track", 403],
      ["ak", `stats?project=${project.slug}`, 200],
    ];
    for (const [kind, route, expected] of table) {
      const options = { key: project.keys[kind], headers: page, ...(route === "track" ? { body: event } : {}) };
      const [status, answer] = await ask(`/v1/${route}`, options);
      assert.equal(status, expected, `${kind} ${route}`);
      if (expected === 403) assert.equal(answer.error, "key_kind_not_allowed");
    }
  });

  test("a publishable key works from an allowed origin only", async () => {
    for (const [origin, expected] of [
      ["http://localhost:3000", 202],
      ["http://localhost", 202],
      ["https://example.com", 403],
      ["http://localhost.example.com", 403],
      [undefined, 403],
    ]) {
      const [status, answer] = await ask("/v1/track", {
        key: project.keys.pk,
        body: event,
        headers: origin ? { origin } : {},
      });
      assert.equal(status, expected, String(origin));
      if (expected === 403) assert.equal(answer.error, "origin_not_allowed");
    }
  });

  test("only a publishable key may stand in a URL", async () => {
    const [status, problem] = await ask(`/v1/track?key=${project.keys.sk}`, { body: event });
    assert.deepEqual([status, problem.error], [400, "key_in_query_not_allowed"]);
    assert.ok(!JSON.stringify(problem).includes(project.keys.sk.slice(17)));
    const [read] = await ask(`/v1/stats?key=${project.keys.rk}`);
    assert.equal(read, 401, "not on the read routes");
  });

  test("live and test are two data sets", async () => {
    await ask("/v1/track", { key: trial.keys.sk, body: { event: "trial" } });
    const [, own] = await ask("/v1/stats?event=trial", { key: trial.keys.rk });
    assert.deepEqual(own.rows, [{ events: 1 }]);
    const [, foreign] = await ask("/v1/stats?event=trial", { key: project.keys.rk });
    assert.deepEqual(foreign.rows, [{ events: 0 }]);
  });
});

describe("routes", () => {
  test("an unknown address: 404", async () => {
    const [status, problem] = await ask("/v2/nothing");
    assert.deepEqual([status, problem.error], [404, "not_found"]);
  });

  test("a wrong method: 405 with Allow", async () => {
    const [status, problem, headers] = await ask("/v1/track");
    assert.deepEqual([status, problem.error, headers.get("allow")], [405, "method_not_allowed", "POST, OPTIONS"]);
  });

  test("a preflight says what the route takes", async () => {
    const response = await call("/v1/track", {
      method: "OPTIONS",
      headers: { ...page, "access-control-request-method": "POST" },
    });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get("access-control-allow-origin"), page.origin);
    assert.match(response.headers.get("access-control-allow-methods"), /POST/);
    assert.match(response.headers.get("access-control-allow-headers"), /Authorization/);
    assert.equal((await call("/nothing", { method: "OPTIONS" })).status, 404);
  });

  test("health and ready", async () => {
    const [alive, health] = await ask("/health");
    const { version, commit } = health;
    assert.deepEqual([alive, health], [200, { status: "ok", version, commit }]);
    const [status, ready] = await ask("/ready");
    assert.equal(status, 200);
    assert.deepEqual(ready, {
      status: "ready",
      checks: { config: "ok", event_store: "ok", control_plane: "ok", buffer: "ok" },
      buffer: ready.buffer,
      version,
      commit,
    });
    assert.deepEqual(Object.keys(ready.buffer).sort(), ["bytes", "events", "oldest_age_s"]);
    const head = await call("/health", { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
  });

  test("every answer has a request id of its own", async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await call("/health")).headers.get("x-request-id")),
    );
    assert.equal(new Set(ids).size, 20);
  });
});
