// POST /v1/track: one event, from the wire to the stored row.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { before, describe, test } from "node:test";
import { ask, call, newProject, rowsOf, stack } from "./harness/stack.mjs";
import { sleep } from "./harness/until.mjs";

let project;
before(async () => {
  project = await newProject("track");
});

const track = (body, options = {}) => ask("/v1/track", { key: project.keys.sk, body, ...options });
const stored = async (eventId) => (await rowsOf(project.project_id)).find((row) => row.event_id === eventId);

describe("an accepted event", () => {
  test("is stored with what was derived from it", async () => {
    const [status, answer, headers] = await track({
      event: "pageview",
      event_id: "full",
      timestamp: "2026-11-20T10:00:00.250Z",
      anonymous_id: "device-1",
      user_id: "user-1",
      session_id: "session-1",
      url: "https://user:pw@www.example.com/pricing?utm_source=newsletter&utm_medium=email&secret=1#top",
      referrer: "https://www.google.com/search?q=private",
      title: "Pricing — 価格 🚀",
      properties: { plan: "pro", "dotted.key": [1, 2.5, null], quote: "\"'\\" },
      revenue: { amount: "19.99", currency: "eur" },
      context: { ip: "198.51.100.7", user_agent: "Firefox/140", country: "de", language: "de-AT,de" },
    });
    assert.equal(status, 202);
    assert.deepEqual(answer, { ok: true, event_id: "full" });
    assert.match(headers.get("x-request-id"), /^req_[0-9a-f]{32}$/);

    const row = await stored("full");
    assert.equal(row.timestamp, "2026-11-20 10:00:00.250");
    assert.equal(row.env, "live");
    assert.equal(row.anonymous_id, "device-1");
    assert.equal(row.user_id, "user-1");
    assert.equal(row.session_id, "session-1");
    assert.equal(row.host, "www.example.com");
    assert.equal(row.path, "/pricing");
    assert.equal(row.title, "Pricing — 価格 🚀");
    assert.equal(row.source, "newsletter");
    assert.equal(row.medium, "email");
    assert.equal(row.country, "DE");
    assert.equal(row.language, "de");
    assert.equal(Number(row.revenue), 19.99);
    assert.equal(row.currency, "EUR");
    assert.deepEqual(JSON.parse(row.properties), {
      plan: "pro",
      "dotted.key": [1, 2.5, null],
      quote: "\"'\\",
    });
    assert.notEqual(String(row.visitor_hash), "0");
    // What the contract says is never kept.
    const text = JSON.stringify(row);
    for (const secret of ["198.51.100.7", "Firefox/140", "user:pw", "secret=1", "private", "#top"]) {
      assert.ok(!text.includes(secret), `${secret} is stored`);
    }
  });

  test("gets an id and the time of receipt where it brings none", async () => {
    const before = Date.now();
    const [status, answer] = await track({ event: "bare" });
    assert.equal(status, 202);
    assert.match(answer.event_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const row = await stored(answer.event_id);
    const at = Date.parse(`${row.timestamp.replace(" ", "T")}Z`);
    assert.ok(at >= before - 1000 && at <= Date.now() + 1000, row.timestamp);
    assert.equal(String(row.visitor_hash), "0", "a server is no visitor");
  });

  test("counts once, and its first receipt wins", async () => {
    const timestamp = "2026-11-20T11:00:00Z";
    await track({ event: "first", event_id: "twice", timestamp });
    // Receipts differ by their milliseconds.
    await sleep(5);
    await track({ event: "second", event_id: "twice", timestamp });
    const rows = (await rowsOf(project.project_id)).filter((row) => row.event_id === "twice");
    assert.deepEqual(
      rows.map((row) => row.event),
      ["first"],
    );
  });

  test("more than a day ahead is set to the time of receipt, and that is said", async () => {
    const [status, answer] = await track({ event: "e", event_id: "ahead", timestamp: "2090-01-01T00:00:00Z" });
    assert.equal(status, 202);
    assert.equal(answer.code, "timestamp_replaced");
    assert.ok((await stored("ahead")).timestamp < "2080");
  });

  test("keeps too large properties out and itself in", async () => {
    const properties = { blob: "x".repeat(9000) };
    const [status] = await track({ event: "e", event_id: "large", properties });
    assert.equal(status, 202);
    assert.deepEqual(JSON.parse((await stored("large")).properties), {
      __truncated: true,
      original_bytes: JSON.stringify(properties).length,
    });
  });

  test("from a page's beacon needs no header and no preflight", async () => {
    const response = await call(`/e?key=${project.keys.pk}`, {
      body: JSON.stringify({ event: "beacon", event_id: "beacon", url: "https://example.com/" }),
      headers: { "content-type": "text/plain;charset=UTF-8", origin: "http://localhost:3000" },
    });
    assert.equal(response.status, 202);
    assert.equal(response.headers.get("access-control-allow-origin"), "http://localhost:3000");
    assert.match(response.headers.get("vary"), /Origin/i);
    assert.equal((await stored("beacon")).event, "beacon");
  });

  test("says who sent it, by the key and not by what it claims", async () => {
    const own = await newProject("track-sent-by");
    const { pk, sk, rk } = own.keys;
    const timestamp = "2026-11-20T12:00:00Z";
    const claims = ["browser", "server", "import"].map((sent_by) => ({
      event: "e",
      event_id: sent_by,
      timestamp,
      sent_by,
      context: { sent_by },
      properties: { sent_by },
    }));
    const send = async (key, prefix, headers = {}) => {
      const events = claims.map((event) => ({ ...event, event_id: `${prefix}-${event.event_id}` }));
      const [single, ...others] = events;
      const query = "?sent_by=server";
      assert.equal((await ask(`/v1/track${query}`, { key, headers, body: single }))[0], 202);
      assert.equal((await ask(`/v1/batch${query}`, { key, headers, body: others }))[0], 202);
      const body = { anonymous_id: "a", user_id: "u", event_id: `${prefix}-identify`, timestamp, sent_by: "import" };
      assert.equal((await ask(`/v1/identify${query}`, { key, headers, body }))[0], 202);
    };
    const origin = { origin: "http://localhost:3000" };
    await send(pk, "pk", origin);
    // Only a server may say that it imports.
    await send(pk, "pk-import", { ...origin, "x-headwater-import": "1" });
    await send(sk, "sk");
    await send(sk, "sk-no-import", { "x-headwater-import": "0" });
    await send(sk, "import", { "x-headwater-import": "1" });
    const counted = { browser: 8, import: 4, server: 8 };
    const rows = await rowsOf(own.project_id);
    const sender = { pk: "browser", sk: "server", import: "import" };
    for (const row of rows) assert.equal(row.sent_by, sender[row.event_id.split("-")[0]], row.event_id);
    const range = "from=2026-11-20&to=2026-11-21&group_by=sent_by&bots=true";
    const [status, answer] = await ask(`/v1/stats?metric=events&${range}`, { key: rk });
    assert.equal(status, 200, JSON.stringify(answer));
    assert.deepEqual(Object.fromEntries(answer.rows.map(({ sent_by, events }) => [sent_by, events])), counted);
  });

  test("of someone who asks not to be tracked keeps neither hash nor ids", async () => {
    await call(`/e?key=${project.keys.pk}`, {
      body: JSON.stringify({ event: "dnt", event_id: "dnt", anonymous_id: "a", user_id: "u" }),
      headers: { origin: "http://localhost:3000", "sec-gpc": "1" },
    });
    const row = await stored("dnt");
    assert.deepEqual([row.anonymous_id, row.user_id, String(row.visitor_hash)], ["", "", "0"]);
  });
});

describe("bad input", () => {
  const deep = (depth) => "[".repeat(depth) + "]".repeat(depth);
  const cases = [
    ["nothing", "", 400, "invalid_payload"],
    ["no JSON", "event=signup", 400, "invalid_payload"],
    ["half a JSON", '{"event":"e"', 400, "invalid_payload"],
    ["an array", '["e"]', 400, "invalid_payload"],
    ["a number", "7", 400, "invalid_payload"],
    ["no name", "{}", 400, "invalid_payload", "/event"],
    ["an empty name", '{"event":""}', 400, "invalid_payload", "/event"],
    ["a long name", { event: "e".repeat(129) }, 400, "invalid_payload", "/event"],
    ["a name that is a number", '{"event":7}', 400, "invalid_payload", "/event"],
    ["a name that is deep", `{"event":${deep(10_000)}}`, 400, "invalid_payload"],
    ["deep properties", `{"event":"e","properties":{"a":${deep(1000)}}}`, 400, "invalid_payload", "/properties"],
    ["properties that are a list", '{"event":"e","properties":[]}', 400, "invalid_payload", "/properties"],
    ["an old time", '{"event":"e","timestamp":"1999-01-01"}', 400, "invalid_payload", "/timestamp"],
    ["a time that is none", '{"event":"e","timestamp":"soon"}', 400, "invalid_payload", "/timestamp"],
    ["a long url", { event: "e", url: `https://a.b/${"x".repeat(2048)}` }, 400, "invalid_payload", "/url"],
    ["half a surrogate pair", '{"event":"\\ud800"}', 400, "invalid_payload"],
    ["half a pair in properties", '{"event":"e","properties":{"a":"\\udc00"}}', 400, "invalid_payload", "/properties"],
    ["a number past all bounds", '{"event":"e","properties":{"a":1e400}}', 400, "invalid_payload", "/properties"],
    ["a repeated field", '{"event":"a","event":"b"}', 400, "invalid_payload"],
    ["invalid UTF-8", Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, "invalid_payload"],
    ["65 KiB", { event: "e", title: "x".repeat(65 * 1024) }, 413, "payload_too_large"],
    ["2 MB", "x".repeat(2 << 20), 413, "payload_too_large"],
  ];
  for (const [name, body, status, error, path] of cases) {
    test(`${name}: ${status} ${error}`, async () => {
      const [answered, problem, headers] = await track(body);
      assert.equal(answered, status, JSON.stringify(problem));
      assert.equal(problem.error, error);
      assert.equal(headers.get("content-type"), "application/problem+json");
      assert.equal(headers.get("x-request-id"), problem.request_id);
      if (path)
        assert.ok(
          problem.fields.some((field) => field.path === path),
          JSON.stringify(problem),
        );
    });
  }

  test("a streamed body without a length is bounded as well", async () => {
    const chunks = Array.from({ length: 64 }, () => new Uint8Array(32 * 1024).fill(32));
    /** @type {any} */
    const init = {
      method: "POST",
      duplex: "half",
      headers: { authorization: `Bearer ${project.keys.sk}`, "content-type": "application/json" },
      body: Readable.from(chunks),
    };
    const response = await fetch(`${stack.worker_url}/v1/track`, init).catch((error) => error);
    // Where the connection is torn down before the client has read the answer, that is a bound too; wrangler's proxy
    // may tell of that by a 500 of its own, which has no id: every answer of the Worker's has one.
    const torn = response instanceof Error || !response.headers.has("x-request-id");
    assert.ok(torn || response.status === 413, String(response.status));
  });

  test("an encoding or media type that is not taken says what is", async () => {
    const [status, problem] = await track("{}", { headers: { "content-encoding": "br" } });
    assert.deepEqual([status, problem.error], [400, "unsupported_encoding"]);
    const [other, media] = await track("a=b", { headers: { "content-type": "application/x-www-form-urlencoded" } });
    assert.deepEqual([other, media.error], [415, "unsupported_media_type"]);
  });

  test("an unknown field that is deep is passed over", async () => {
    const [status] = await track(`{"event":"e","unknown":${deep(10_000)}}`);
    assert.equal(status, 202);
  });
});

test("an event older than the project keeps events is refused", async () => {
  const short = await newProject("short", "--retention-days", "30");
  const [status, problem] = await ask("/v1/track", {
    key: short.keys.sk,
    body: { event: "e", timestamp: Date.now() - 31 * 86_400_000 },
  });
  assert.deepEqual([status, problem.error], [400, "timestamp_too_old"]);
  assert.deepEqual(await rowsOf(short.project_id), []);
});
