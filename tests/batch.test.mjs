// POST /v1/batch: many events, a verdict for each that is not plainly accepted.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ask, newProject, rowsOf } from "./harness/stack.mjs";

const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CHROME =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
const GPTBOT = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)";

let project;
before(async () => {
  project = await newProject("batch");
});
const batch = (body, options = {}) =>
  ask(`/v1/batch${options.query ?? ""}`, { key: project.keys.sk, body, ...options });
const ids = async () => (await rowsOf(project.project_id)).map((row) => row.event_id);

describe("a batch", () => {
  test("of 1000 events is stored whole and answered in short", async () => {
    const own = await newProject("batch-thousand");
    const events = Array.from({ length: 1000 }, (_, index) => ({
      event: "pageview",
      event_id: `e${index}`,
      timestamp: Date.UTC(2026, 9, 1 + (index % 30), 12),
      url: `https://example.com/page/${index % 7}`,
      anonymous_id: `visitor-${index % 50}`,
    }));
    const [status, answer] = await batch({ events }, { key: own.keys.sk });
    assert.deepEqual([status, answer], [202, { ok: true, accepted: 1000, results: [] }]);
    assert.equal((await rowsOf(own.project_id)).length, 1000);
    const range = "from=2026-10-01&to=2026-11-01";
    const [, stats] = await ask(`/v1/stats?metric=events,visitors&${range}`, { key: own.keys.rk });
    assert.deepEqual(stats.rows, [{ events: 1000, visitors: 50 }]);
    // The same once more adds nothing.
    await batch(events, { key: own.keys.sk });
    const [, again] = await ask(`/v1/stats?${range}`, { key: own.keys.rk });
    assert.deepEqual(again.rows, [{ events: 1000 }]);
  });

  test("keeps the good events and names the bad ones", async () => {
    const timestamp = "2026-11-01T10:00:00Z";
    const text = `[
      {"event":"good","event_id":"good-1","timestamp":"${timestamp}"},
      {"event":7,"event_id":"bad-name"},
      "no event",
      {"event":"half \\ud800"},
      {"event":"again","event_id":"good-1","timestamp":"${timestamp}"},
      {"event":"ahead","event_id":"ahead","timestamp":"2090-01-01"},
      {"event":"good","event_id":"good-2","timestamp":"${timestamp}"}
    ]`;
    const [status, answer] = await batch(text);
    assert.equal(status, 202);
    assert.equal(answer.accepted, 3);
    assert.deepEqual(
      answer.results.map(({ index, event_id, status: fate, code }) => [index, event_id, fate, code]),
      [
        [1, "bad-name", "rejected", "invalid_payload"],
        [2, undefined, "rejected", "invalid_payload"],
        [3, undefined, "rejected", "invalid_payload"],
        [4, "good-1", "duplicate", "duplicate"],
        [5, "ahead", "accepted", "timestamp_replaced"],
      ],
    );
    const stored = await ids();
    assert.ok(["good-1", "good-2", "ahead"].every((id) => stored.includes(id)));
    assert.ok(!stored.includes("bad-name"));
  });

  test("with atomic=1 is all or nothing", async () => {
    const events = [{ event: "fine", event_id: "atomic" }, { event: "" }];
    const [status, problem] = await batch({ events }, { query: "?atomic=1" });
    assert.deepEqual([status, problem.error, problem.fields[0].path], [400, "invalid_payload", "/events/1/event"]);
    assert.ok(!(await ids()).includes("atomic"));
  });

  test("of a server speaks for its visitors, each by the key of the day", async () => {
    const own = await newProject("batch-context");
    const visit = (event_id, day, ip, user_agent = FIREFOX) => ({
      event: "pageview",
      event_id,
      timestamp: `2015-05-${day}T10:00:00Z`,
      url: "https://example.com/",
      context: { ip, user_agent },
    });
    const events = [
      visit("a", "17", "192.0.2.1"),
      visit("b", "17", "192.0.2.1"),
      visit("c", "17", "192.0.2.1", CHROME),
      visit("d", "17", "2001:db8::1"),
      visit("e", "18", "192.0.2.1"),
    ];
    const [status] = await batch(events, { key: own.keys.sk });
    assert.equal(status, 202);
    const range = "metric=visitors&from=2015-05-01&to=2015-06-01";
    const [, byDay] = await ask(`/v1/stats?${range}&interval=day`, { key: own.keys.rk });
    assert.deepEqual(byDay.rows, [
      { time: "2015-05-17", visitors: 3 },
      { time: "2015-05-18", visitors: 1 },
    ]);
    const hashes = Object.fromEntries((await rowsOf(own.project_id)).map((row) => [row.event_id, row.visitor_hash]));
    assert.equal(hashes.a, hashes.b);
    assert.notEqual(hashes.a, hashes.e, "nobody can be followed from one day into the next");
  });

  test("tells browsers from bots, and reports leave bots out unless asked", async () => {
    const own = await newProject("batch-agents");
    const agents = [FIREFOX, CHROME, GPTBOT, "curl/8.5.0", "SomethingNew-Crawler/1.0 (+https://example.com/bot)"];
    const visits = agents.map((user_agent, index) => ({
      event: "pageview",
      event_id: `v${index}`,
      context: { ip: `192.0.2.${index}`, user_agent },
    }));
    assert.equal((await batch(visits, { key: own.keys.sk }))[0], 202);
    const rows = await rowsOf(own.project_id);
    const by = (column) => Object.fromEntries(rows.map((row) => [row.event_id, row[column]]));
    assert.deepEqual(by("browser"), { ...by("browser"), v0: "Firefox", v1: "Chrome" });
    assert.deepEqual(by("browser_version"), { ...by("browser_version"), v0: "140", v1: "141" });
    assert.deepEqual(by("os"), { ...by("os"), v0: "Windows", v1: "macOS" });
    assert.deepEqual(by("bot_class"), { v0: "", v1: "", v2: "ai-crawler", v3: "library", v4: "other" });
    const count = async (query) => (await ask(`/v1/stats?${query}`, { key: own.keys.rk }))[1].rows[0].events;
    assert.deepEqual([await count(""), await count("bots=true")], [2, 5]);
    const [status, problem] = await ask("/v1/stats?bots=maybe", { key: own.keys.rk });
    assert.deepEqual([status, problem.fields[0].path], [400, "?bots"]);
  });

  test("from a browser cannot speak for others", async () => {
    const events = [{ event: "e", event_id: "spoofed", context: { country: "XX", ip: "192.0.2.1" } }];
    const [status] = await batch(events, { key: project.keys.pk, headers: { origin: "http://localhost" } });
    assert.equal(status, 202);
    const row = (await rowsOf(project.project_id)).find(({ event_id }) => event_id === "spoofed");
    assert.notEqual(row.country, "XX");
  });
});

describe("refused as a whole", () => {
  const event = { event: "e" };
  for (const [name, body, status, error] of [
    ["nothing", "", 400, "invalid_payload"],
    ["an event", event, 400, "invalid_payload"],
    ["an empty list", [], 400, "invalid_payload"],
    ["a list that is none", { events: event }, 400, "invalid_payload"],
    ["broken JSON", '[{"event":"e"}', 400, "invalid_payload"],
    ["1001 events", Array(1001).fill(event), 400, "batch_too_large"],
    ["more than 1 MiB", [{ event: "e", title: "x".repeat(1 << 20) }], 413, "payload_too_large"],
  ]) {
    test(`${name}: ${status} ${error}`, async () => {
      const [answered, problem] = await batch(body);
      assert.deepEqual([answered, problem.error], [status, error]);
    });
  }

  test("1000 bad events get 1000 verdicts", async () => {
    const [status, answer] = await batch(Array(1000).fill({}));
    assert.deepEqual([status, answer.accepted, answer.results.length], [202, 0, 1000]);
  });
});
