// POST /v1/funnel, against numbers that were counted by hand.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ask, newProject } from "./harness/stack.mjs";

let project;
const day = (time) => `2026-10-20T${time}Z`;
const event = (event, timestamp, anonymous_id, event_id, more = {}) => ({
  event,
  timestamp,
  anonymous_id,
  event_id,
  url: "https://example.com/",
  ...more,
});
const steps = ["view", "signup", "buy"].map((name) => ["is", "event", [name]]);

before(async () => {
  project = await newProject("funnel", "--unlimited");
  const other = await newProject("funnel-other", "--unlimited");
  const google = { referrer: "https://www.google.com/" };
  const events = [
    // ada: all three, 60 and 600 seconds apart; the last one arrives first.
    event("buy", day("10:11:00"), "ada", "a3"),
    event("view", day("10:00:00"), "ada", "a1", google),
    event("signup", day("10:01:00"), "ada", "a2"),
    // bob: all three, in the wrong order.
    event("buy", day("10:00:00"), "bob", "b1"),
    event("signup", day("10:05:00"), "bob", "b2"),
    event("view", day("10:10:00"), "bob", "b3"),
    // cy: views on the phone, signs up and buys on the laptop a day later: one person.
    event("view", day("11:00:00"), "cy-phone", "c1", google),
    event("$identify", day("11:01:00"), "cy-phone", "c2", { user_id: "cy" }),
    event("$identify", "2026-10-21T10:59:00Z", "cy-laptop", "c3", { user_id: "cy" }),
    event("signup", "2026-10-21T11:00:00Z", "cy-laptop", "c4"),
    event("buy", "2026-10-21T11:02:00Z", "cy-laptop", "c5"),
    // dan, who came second to cy's phone: what carries his id is his, and he only views.
    event("view", "2026-10-22T10:00:00Z", "cy-phone", "d1", { user_id: "dan" }),
    // eve: two steps in one millisecond, in the order of their ids.
    event("view", day("12:00:00.500"), "eve", "e1"),
    event("signup", day("12:00:00.500"), "eve", "e2"),
    // fay: the same, the other way round.
    event("signup", day("12:00:00.500"), "fay", "f1"),
    event("view", day("12:00:00.500"), "fay", "f2"),
    // gil: signs up exactly an hour after the view; and a millisecond too late after another one.
    event("view", day("13:00:00"), "gil", "g1"),
    event("signup", day("14:00:00"), "gil", "g2"),
    event("view", day("13:00:00"), "hal", "h1"),
    event("signup", day("14:00:00.001"), "hal", "h2"),
    // A crawler that does everything, and someone without an id.
    ...["view", "signup", "buy"].map((name, at) =>
      event(name, day(`15:00:0${at}`), "bot", `x${at}`, {
        context: { user_agent: "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" },
      }),
    ),
    ...["view", "signup"].map((name, at) =>
      event(name, day(`16:00:0${at}`), undefined, `n${at}`, {
        context: {
          ip: "192.0.2.7",
          user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
        },
      }),
    ),
  ];
  const send = async (key, events) => {
    const [status, answer] = await ask("/v1/batch", { key, body: { events } });
    assert.deepEqual([status, answer.accepted], [202, events.length]);
  };
  await send(project.keys.sk, events);
  // Sent again, and by others: nothing of it counts.
  await send(project.keys.sk, events.slice(0, 6));
  await send(
    other.keys.sk,
    events.map((one) => ({ ...one, event_id: `other-${one.event_id}` })),
  );
});

async function funnel(body) {
  const [status, answer] = await ask("/v1/funnel", {
    key: project.keys.rk,
    body: { steps, date_range: ["2026-10-01", "2026-10-31"], window: "7d", ...body },
  });
  assert.equal(status, 200, JSON.stringify(answer));
  return answer;
}
const counts = async (body) => (await funnel(body)).steps.map((step) => step.count);

describe("the strict order", () => {
  test("each step after the one before, by one person on any device", async () => {
    const { steps: found, meta } = await funnel({});
    // ada, bob, cy, dan, eve, fay, gil, hal; ada, cy, eve, gil, hal; ada, cy.
    assert.deepEqual(found, [
      {
        index: 0,
        count: 8,
        rate_from_start: 100,
        rate_from_previous: 100,
        drop_off: 0,
        median_seconds: null,
        p90_seconds: null,
      },
      {
        index: 1,
        count: 5,
        rate_from_start: 62.5,
        rate_from_previous: 62.5,
        drop_off: 3,
        // 0, 60, 3600, 3600.001, 86400.
        median_seconds: 3600,
        p90_seconds: 53_280,
      },
      {
        index: 2,
        count: 2,
        rate_from_start: 25,
        rate_from_previous: 40,
        drop_off: 3,
        // 120 and 600.
        median_seconds: 360,
        p90_seconds: 552,
      },
    ]);
    assert.deepEqual(
      [meta.order, meta.by, meta.window_seconds, meta.from, meta.timezone],
      ["strict", "person", 604_800, "2026-10-01T00:00:00.000Z", "UTC"],
    );
    // 2 of the 20 events that are a step.
    assert.equal(meta.cookieless_excluded, 10);
  });

  test("within the window, its last millisecond included", async () => {
    assert.deepEqual(await counts({ window: "1h" }), [8, 3, 1]);
    assert.deepEqual(await counts({ window: "1m" }), [8, 2, 0]);
  });

  test("one event is one step", async () => {
    assert.deepEqual(await counts({ steps: [steps[0], steps[0]] }), [8, 0]);
    assert.deepEqual(await counts({ steps: [steps[0], ["is", "event", ["view", "signup"]]] }), [8, 5]);
  });

  test("the period, filters and bots", async () => {
    assert.deepEqual(await counts({ date_range: ["2026-10-20", "2026-10-20"] }), [7, 4, 1]);
    // What has been done is asked of visitors: cy's phone bought nothing.
    assert.deepEqual(await counts({ filters: [["has_done", ["is", "event", ["buy"]]]] }), [2, 1, 1]);
    assert.deepEqual(await counts({ include: { bots: true } }), [9, 6, 3]);
  });
});

test("any order: all within the window, each by an event of its own", async () => {
  assert.deepEqual(await counts({ order: "any" }), [8, 7, 3]);
  const { steps: found } = await funnel({ order: "any", window: "10m" });
  // ada's purchase comes 11 minutes after her view; bob's three steps take ten.
  assert.deepEqual(
    found.map((step) => step.count),
    [8, 4, 1],
  );
  assert.deepEqual(await counts({ order: "any", steps: [steps[0], steps[0]] }), [8, 0]);
});

test("by session, which need not have an id and ends after half an hour", async () => {
  // ada; bob; cy-phone on three occasions of which one is dan's (two with a view); eve; fay; gil 2; hal 2; nobody's.
  const { steps: found, meta } = await funnel({ by: "session" });
  assert.deepEqual(
    found.map((step) => step.count),
    [9, 3, 1],
  );
  assert.equal("cookieless_excluded" in meta, false);
});

test("told apart by the first step's source", async () => {
  const { breakdown } = await funnel({ breakdown: "source" });
  assert.deepEqual(
    breakdown.map(({ value, steps }) => [value, ...steps.map((step) => step.count)]),
    [
      ["direct", 6, 3, 0],
      ["google", 2, 2, 2],
    ],
  );
});

test("what is wrong is named with its place and what is allowed", async () => {
  /** @type {[any, string, RegExp][]} */
  const wrong = [
    [{}, "/steps", /2 to 10/],
    [{ steps, window: "91d" }, "/window", /90d/],
    [{ steps, order: "loose" }, "/order", /strict, any/],
    [{ steps, breakdown: "time:day" }, "/breakdown", /time/],
    [{ steps: [steps[0], ["is", "colour", "red"]] }, "/steps/1/1", /referrer_host/],
  ];
  for (const [body, path, said] of wrong) {
    const [status, problem] = await ask("/v1/funnel", { key: project.keys.rk, body });
    assert.deepEqual([status, problem.fields[0].path], [400, path]);
    assert.match(problem.fields[0].message, said);
  }
  // What only the store knows to be no pattern.
  for (const [route, body, path] of /** @type {[string, any, string][]} */ ([
    ["funnel", { steps: [steps[0], ["or", [steps[1], ["matches", "path", ["a", "(["]]]]] }, "/steps/1/1/1/2"],
    ["funnel", { steps, filters: [["matches", "path", "(["]] }, "/filters/0/2"],
    ["retention", { cohort_by: ["matches", "path", "(["] }, "/cohort_by/2"],
    ["retention", { return: ["not", ["matches", "path", "(["]] }, "/return/1/2"],
    ["stats", { metrics: ["conversion_rate"], goal: ["matches", "path", "(["] }, "/goal/2"],
  ])) {
    const asked = { key: project.keys.rk, body: { date_range: ["2026-10-20", "2026-10-22"], ...body } };
    const [status, problem] = await ask(`/v1/${route}`, asked);
    assert.deepEqual([status, problem.error, problem.fields[0].path], [400, "invalid_params", path]);
  }
  assert.equal((await ask("/v1/funnel", { key: project.keys.pk, body: { steps } }))[0], 403);
  assert.equal((await ask("/v1/funnel", { key: project.keys.rk }))[0], 405);
});

describe("retention", () => {
  const retention = async (body) => {
    const [status, answer] = await ask("/v1/retention", {
      key: project.keys.rk,
      body: { date_range: ["2026-10-20", "2026-10-22"], interval: "day", periods: 3, ...body },
    });
    assert.equal(status, 200, JSON.stringify(answer));
    return answer;
  };

  test("who comes back, by the day of the first event", async () => {
    const { rows, meta } = await retention({});
    assert.deepEqual(rows, [
      // ada, bob, cy, eve, fay, gil, hal; cy comes back.
      { cohort: "2026-10-20", size: 7, returned: [7, 1, 0], rates: [100, 14.29, 0] },
      { cohort: "2026-10-21", size: 0, returned: [0, 0, 0], rates: [null, null, null] },
      { cohort: "2026-10-22", size: 1, returned: [1, 0, 0], rates: [100, 0, 0] },
    ]);
    // 2 of 22.
    assert.equal(meta.cookieless_excluded, 9.09);
  });

  test("a cohort and a return of one's own, which may lie before nothing and after the period", async () => {
    const body = { cohort_by: steps[0], return: steps[2], date_range: ["2026-10-20", "2026-10-20"], periods: 2 };
    const { rows } = await retention(body);
    // bob bought before his view.
    assert.deepEqual(rows, [{ cohort: "2026-10-20", size: 7, returned: [1, 1], rates: [14.29, 14.29] }]);
    const unbounded = await retention({ ...body, unbounded: true, breakdown: "source" });
    assert.deepEqual(unbounded.rows[0].returned, [2, 1]);
    assert.deepEqual(
      unbounded.breakdown.map(({ value, rows }) => [value, rows[0].size, rows[0].returned]),
      [
        ["direct", 5, [0, 0]],
        ["google", 2, [2, 1]],
      ],
    );
  });

  test("days of the asked zone, weeks, and a future that is not known", async () => {
    // From 11:00 UTC on it is the 21st in Auckland.
    const { rows } = await retention({ timezone: "Pacific/Auckland", date_range: ["2026-10-20", "2026-10-21"] });
    assert.deepEqual(
      rows.map((row) => [row.cohort, row.size]),
      [
        ["2026-10-20", 2],
        ["2026-10-21", 5],
      ],
    );
    const weeks = await retention({ interval: "week", date_range: "7d", periods: 60 });
    assert.equal(weeks.rows.at(-1).returned[0], 0);
    assert.equal(weeks.rows.at(-1).returned[59], null);
  });

  test("what is wrong is named with its place", async () => {
    const [status, problem] = await ask("/v1/retention", { key: project.keys.rk, body: { periods: 61 } });
    assert.deepEqual([status, problem.fields[0].path], [400, "/periods"]);
  });
});
