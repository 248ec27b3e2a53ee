// POST /v1/match, against numbers that were counted by hand.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ask, newProject } from "./harness/stack.mjs";

let project;
let other;
const day = (time) => `2026-10-20T${time}Z`;
const event = (event, timestamp, event_id, properties, more = {}) => ({
  event,
  timestamp,
  event_id,
  properties,
  url: "https://example.com/",
  ...more,
});

before(async () => {
  project = await newProject("match", "--unlimited");
  other = await newProject("match-other", "--unlimited");
  const bot = {
    context: { user_agent: "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" },
  };
  const events = [
    // m1: sent twice, opened once after both; clicked later.
    event("sent", day("10:00:00"), "a1", { message: "m1", template: "welcome" }),
    event("sent", day("10:01:00"), "a2", { message: "m1", template: "welcome" }),
    event("opened", day("10:02:00"), "a3", { message: "m1" }),
    event("clicked", day("10:03:00"), "a4", { message: "m1" }),
    // 2: a number and a text are the same value; opened before it was sent, then clicked after exactly an hour.
    event("opened", day("09:00:00"), "b1", { message: 2 }),
    event("sent", day("10:00:00"), "b2", { message: "2", template: "offer" }),
    event("clicked", day("11:00:00"), "b3", { message: 2 }),
    // m3: opened a millisecond later than an hour.
    event("sent", day("10:00:00"), "c1", { message: "m3", template: "offer" }),
    event("opened", day("11:00:00.001"), "c2", { message: "m3" }),
    // m4: in one millisecond, in the order of ids; m5: the other way round.
    event("sent", day("12:00:00.500"), "d1", { message: "m4" }),
    event("opened", day("12:00:00.500"), "d2", { message: "m4" }),
    event("opened", day("12:00:00.500"), "e1", { message: "m5" }),
    event("sent", day("12:00:00.500"), "e2", { message: "m5" }),
    // m6: sent at the end of the period, opened after it.
    event("sent", day("23:59:30"), "f1", { message: "m6" }, { user_id: "fay" }),
    event("opened", "2026-10-21T00:00:10Z", "f2", { message: "m6" }, { anonymous_id: "fay-phone" }),
    event("$identify", "2026-10-22T00:00:00Z", "f3", {}, { anonymous_id: "fay-phone", user_id: "fay" }),
    // Nothing to share, and a crawler.
    event("sent", day("10:00:00"), "g1", { message: null }),
    event("opened", day("10:00:01"), "g2", { message: "" }),
    event("sent", day("10:00:00"), "g3", {}),
    event("sent", day("10:00:00"), "h1", { message: "m7" }, bot),
    event("opened", day("10:00:01"), "h2", { message: "m7" }, bot),
  ];
  const send = async (key, events) => {
    const [status, answer] = await ask("/v1/batch", { key, body: { events } });
    assert.deepEqual([status, answer.accepted], [202, events.length], JSON.stringify(answer));
  };
  await send(project.keys.sk, events);
  // Sent again, and by others: nothing of it counts.
  await send(project.keys.sk, events.slice(0, 4));
  await send(
    other.keys.sk,
    events.map((one) => ({ ...one, event_id: `other-${one.event_id}`, event: "opened" })),
  );
});

const sent = ["is", "event", ["sent"]];
const seen = ["is", "event", ["opened", "clicked"]];

async function match(body, key = project.keys.rk) {
  const [status, answer] = await ask("/v1/match", {
    key,
    body: {
      trigger: sent,
      result: seen,
      on: "prop:message",
      window: "1h",
      date_range: ["2026-10-20", "2026-10-20"],
      ...body,
    },
  });
  assert.equal(status, 200, JSON.stringify(answer));
  return answer;
}
const counts = async (body) => {
  const { triggers, matched } = await match(body);
  return [triggers, matched];
};

describe("a match", () => {
  test("is the first result after each trigger, within the window", async () => {
    const { triggers, matched, match_rate, median_seconds, p90_seconds, breakdown, results, meta } = await match({
      breakdown: "prop:template",
      result_by: "event",
    });
    // m1 twice, 2, m3, m4, m5, m6; m1 twice, 2, m4, m6 after 120, 60, 3600, 0 and 40 seconds.
    assert.deepEqual([triggers, matched, match_rate, median_seconds, p90_seconds], [7, 5, 71.43, 60, 2208]);
    assert.deepEqual(breakdown, [
      { value: "", triggers: 3, matched: 2, match_rate: 66.67, median_seconds: 20, p90_seconds: 36 },
      { value: "offer", triggers: 2, matched: 1, match_rate: 50, median_seconds: 3600, p90_seconds: 3600 },
      { value: "welcome", triggers: 2, matched: 2, match_rate: 100, median_seconds: 90, p90_seconds: 114 },
    ]);
    assert.deepEqual(results, [
      { value: "opened", matched: 4, share: 80, median_seconds: 50, p90_seconds: 102 },
      { value: "clicked", matched: 1, share: 20, median_seconds: 3600, p90_seconds: 3600 },
    ]);
    assert.deepEqual(
      [meta.on, meta.window_seconds, meta.from, meta.to, meta.truncated],
      ["prop:message", 3600, "2026-10-20T00:00:00.000Z", "2026-10-21T00:00:00.000Z", false],
    );
    // 3 of 18: two triggers and a result.
    assert.equal(meta.unshared_excluded, 16.67);
    assert.ok(!("cookieless_excluded" in meta));
  });

  test("depends on the window, to the millisecond", async () => {
    assert.deepEqual(await counts({ window: "59m" }), [7, 4]);
    assert.deepEqual(await counts({ window: "3601s" }), [7, 6]);
    assert.deepEqual(await counts({ window: "30s" }), [7, 1]);
  });

  test("is never the trigger itself, and the next of its kind may be", async () => {
    assert.deepEqual(await counts({ result: sent }), [7, 1]);
    assert.deepEqual(await counts({ trigger: seen, result: seen }), [7, 1]);
  });

  test("is of the same person, on whatever device, or of the same user", async () => {
    const { triggers, matched, meta } = await match({ on: "person" });
    assert.deepEqual([triggers, matched], [1, 1]);
    // All triggers and results but two: 16 of 18.
    assert.equal(meta.cookieless_excluded, 88.89);
    assert.deepEqual(await counts({ on: "user_id" }), [1, 0]);
  });

  test("passes the filters like its trigger; bots are left out unless asked for", async () => {
    assert.deepEqual(await counts({ filters: [["is_not", "event", "opened"]] }), [7, 3]);
    assert.deepEqual(await counts({ include: { bots: true } }), [8, 6]);
    assert.deepEqual(await counts({ date_range: ["2026-10-01", "2026-10-19"] }), [0, 0]);
    assert.deepEqual(await counts({ timezone: "Asia/Tokyo", date_range: ["2026-10-20", "2026-10-20"] }), [6, 4]);
  });

  test("stays in the project, which an account key names", async () => {
    assert.equal((await match({}, other.keys.rk)).triggers, 0);
    assert.equal((await match({ project: project.slug }, project.keys.ak)).triggers, 7);
  });
});

test("what is wrong is named with its place", async () => {
  for (const [body, path] of [
    [{ result: seen }, "/trigger"],
    [{ trigger: sent, result: ["is", "nothing", "a"] }, "/result/1"],
    [{ trigger: sent, result: ["or", [seen, ["matches", "path", ["(["]]]], date_range: "60d" }, "/result/1/1/2"],
    [{ trigger: sent, result: seen, on: "path" }, "/on"],
    [{ trigger: sent, result: seen, window: 60 }, "/window"],
    [{ trigger: sent, result: seen, result_by: "exit_path" }, "/result_by"],
    [{ trigger: sent, result: ["is", "segment", "none"] }, "/result/2"],
    [{ trigger: sent, result: seen, limit: 1 }, "/limit"],
    [[], ""],
  ]) {
    const [status, problem] = await ask("/v1/match", { key: project.keys.rk, body });
    assert.deepEqual([status, problem.fields?.[0].path], [400, path], JSON.stringify(problem));
  }
});
