// POST /v1/stats: the query language, against numbers that were counted by hand.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ask, newProject, xtask } from "./harness/stack.mjs";

let project;
const event = (event, timestamp, anonymous_id, path, more = {}) => ({
  event,
  timestamp,
  anonymous_id,
  url: `https://example.com${path}`,
  ...more,
});

before(async () => {
  project = await newProject("query", "--unlimited");
  const google = { referrer: "https://www.google.com/" };
  const events = [
    // ada: from Google, looks at three pages, signs up and buys.
    event("pageview", "2026-10-20T10:00:00Z", "ada", "/", google),
    event("pageview", "2026-10-20T10:05:00Z", "ada", "/pricing", { referrer: "https://example.com/" }),
    event("signup", "2026-10-20T10:06:00Z", "ada", "/signup", { properties: { plan: "pro", seats: 3, trial: true } }),
    event("purchase", "2026-10-20T10:10:00Z", "ada", "/buy", { revenue: { amount: "19.99", currency: "EUR" } }),
    // bob: one page from a newsletter, and again the next day.
    event("pageview", "2026-10-20T23:30:00Z", "bob", "/?utm_source=news&utm_medium=email"),
    event("pageview", "2026-10-21T09:00:00Z", "bob", "/pricing"),
    event("signup", "2026-10-21T09:01:00Z", "bob", "/signup", { properties: { plan: "free", seats: 1 } }),
    // cy: in the hour that comes twice in Berlin, on two devices of one person.
    event("pageview", "2026-10-25T00:30:00Z", "cy-phone", "/"),
    event("pageview", "2026-10-25T01:30:00Z", "cy-laptop", "/", { context: { country: "AT" } }),
    event("purchase", "2026-10-25T01:40:00Z", "cy-laptop", "/buy", { revenue: { amount: 5, currency: "USD" } }),
    event("$identify", "2026-10-25T01:35:00Z", "cy-phone", "/", { user_id: "cy" }),
    event("$identify", "2026-10-25T01:36:00Z", "cy-laptop", "/", { user_id: "cy" }),
    // A shared device: who came second keeps what carries the own id.
    event("$identify", "2026-10-26T10:00:00Z", "cy-phone", "/", { user_id: "dan" }),
    event("pageview", "2026-10-26T10:01:00Z", "cy-phone", "/", { user_id: "dan" }),
    event("pageview", "2026-10-26T18:00:00Z", "cy-phone", "/"),
    // A crawler.
    event("pageview", "2026-10-20T10:00:00Z", "bot", "/", {
      context: { user_agent: "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" },
    }),
  ].map((one, index) => ({ ...one, event_id: `q${index}` }));
  const [status, answer] = await ask("/v1/batch", { key: project.keys.sk, body: { events } });
  assert.deepEqual([status, answer.accepted], [202, events.length]);
});

const october = ["2026-10-01", "2026-10-31"];
async function query(body) {
  const [status, answer] = await ask("/v1/stats", {
    key: project.keys.rk,
    body: { date_range: october, ...body },
  });
  assert.equal(status, 200, JSON.stringify(answer));
  return answer;
}
const rows = async (body) => (await query(body)).rows;

describe("metrics", () => {
  test("each has its number", async () => {
    const [row] = await rows({
      metrics: [
        ...["events", "visitors", "users", "sessions", "pageviews", "bounce_rate", "session_duration"],
        ...["views_per_session", "events_per_visitor", "revenue", "average_revenue", "conversion_rate"],
        ...["percentage", "paid_share"],
      ],
      goal: ["is", "event", ["signup"]],
    });
    assert.deepEqual(row, {
      events: 15,
      visitors: 4,
      // ada, bob, cy (phone and laptop), dan.
      users: 4,
      // ada 1; bob 2; cy-phone 25th 00:30, 01:35, 26th 10:00, 18:00; cy-laptop 1.
      sessions: 8,
      pageviews: 8,
      // bob's first, cy-phone's 00:30, 01:35 (an identification alone), 10:00 (with one), 18:00.
      bounce_rate: 62.5,
      session_duration: (600 + 60 + 600 + 60) / 8,
      views_per_session: 1,
      events_per_visitor: 3.75,
      revenue: { EUR: 19.99, USD: 5 },
      average_revenue: { EUR: 19.99, USD: 5 },
      conversion_rate: 50,
      percentage: 100,
      paid_share: 0,
    });
  });

  test("bots are counted where they are asked for", async () => {
    assert.deepEqual(await rows({ metrics: ["events", "visitors"], include: { bots: true } }), [
      { events: 16, visitors: 5 },
    ]);
  });
});

describe("dimensions", () => {
  test("columns, properties of any type, and both", async () => {
    assert.deepEqual(
      await rows({ metrics: ["visitors"], dimensions: ["event", "prop:plan"], filters: [["exists", "prop:plan"]] }),
      [
        { event: "signup", "prop:plan": "free", visitors: 1 },
        { event: "signup", "prop:plan": "pro", visitors: 1 },
      ],
    );
    const typed = await rows({
      metrics: ["events"],
      dimensions: ["prop:trial"],
      filters: [["is", "prop:trial", true]],
    });
    assert.deepEqual(typed, [{ "prop:trial": "true", events: 1 }]);
  });

  test("of sessions: where they began and ended", async () => {
    const found = await rows({
      metrics: ["sessions"],
      dimensions: ["entry_path", "exit_path", "source"],
      filters: [["is", "source", ["google", "news"]]],
    });
    assert.deepEqual(found, [
      { entry_path: "/", exit_path: "/", source: "news", sessions: 1 },
      { entry_path: "/", exit_path: "/buy", source: "google", sessions: 1 },
    ]);
  });

  test("sessions and events side by side", async () => {
    const [row] = await rows({
      metrics: ["events", "sessions", "bounce_rate"],
      dimensions: ["source"],
      filters: [["is", "source", ["google"]]],
    });
    assert.deepEqual(row, { source: "google", events: 1, sessions: 1, bounce_rate: 0 });
  });

  test("days of the asked zone, with the hour that comes twice told apart", async () => {
    const filters = [["is", "event", ["pageview"]]];
    const days = await rows({ dimensions: ["time:day"], timezone: "Europe/Berlin", filters });
    assert.deepEqual(
      days.map(({ time, events }) => [time, events]),
      [
        ["2026-10-20", 2],
        ["2026-10-21", 2],
        ["2026-10-25", 2],
        ["2026-10-26", 2],
      ],
    );
    const hours = await rows({
      dimensions: ["time:hour"],
      timezone: "Europe/Berlin",
      date_range: ["2026-10-25", "2026-10-25"],
      filters,
      include: { gap_fill: true },
    });
    assert.equal(hours.length, 25);
    assert.deepEqual(
      hours.filter((row) => row.events),
      [
        { time: "2026-10-25T02:00:00+02:00", events: 1 },
        { time: "2026-10-25T02:00:00+01:00", events: 1 },
      ],
    );
    const half = await rows({
      dimensions: ["time:hour"],
      timezone: "Asia/Kolkata",
      date_range: ["2026-10-25", "2026-10-25"],
    });
    assert.equal(half[0].time, "2026-10-25T06:00:00+05:30");
  });

  test("weeks from Monday and months, gaps filled with zeros", async () => {
    const weeks = await rows({ dimensions: ["time:week"], include: { gap_fill: true } });
    assert.deepEqual(
      weeks.map(({ time, events }) => [time, events]),
      [
        ["2026-09-28", 0],
        ["2026-10-05", 0],
        ["2026-10-12", 0],
        ["2026-10-19", 12],
        ["2026-10-26", 3],
      ],
    );
    assert.deepEqual(await rows({ dimensions: ["time:month"] }), [{ time: "2026-10-01", events: 15 }]);
  });
});

describe("filters", () => {
  const count = async (...filters) => (await rows({ metrics: ["events"], filters }))[0].events;
  test("texts", async () => {
    assert.equal(await count(["is", "event", ["signup", "purchase"]]), 4);
    assert.equal(await count(["is_not", "event", ["signup", "purchase"]]), 11);
    assert.equal(await count(["contains", "path", ["ri"]]), 2);
    assert.equal(await count(["not_contains", "path", "ri"]), 13);
    assert.equal(await count(["starts_with", "path", ["/s", "/b"]]), 4);
    assert.equal(await count(["matches", "path", ["^/(buy|signup)$"]]), 4);
    assert.equal(await count(["exists", "campaign"]), 0);
    assert.equal(await count(["is", "country", ["AT"]]), 1);
  });

  test("numbers", async () => {
    assert.equal(await count(["gt", "prop:seats", 1]), 1);
    assert.equal(await count(["gte", "prop:seats", 1]), 2);
    assert.equal(await count(["lt", "prop:seats", 3], ["exists", "prop:seats"]), 1);
    assert.equal(await count(["gt", "revenue", 5]), 1);
    assert.equal(await count(["lte", "revenue", 5]), 1);
    assert.equal(await count(["exists", "revenue"]), 2);
    assert.equal(await count(["not", ["gt", "prop:plan", 0]]), 15);
  });

  test("and, or, not, and what a visitor has done", async () => {
    assert.equal(
      await count([
        "or",
        [
          ["is", "event", "signup"],
          [
            "and",
            [
              ["is", "path", "/buy"],
              ["exists", "revenue"],
            ],
          ],
        ],
      ]),
      4,
    );
    assert.equal(await count(["has_done", ["is", "event", ["purchase"]]]), 4 + 3);
    assert.equal(await count(["has_not_done", ["is", "event", ["purchase"]]]), 8);
    assert.equal(await count(["has_done", ["is", "event", "signup"]], ["is", "event", "pageview"]), 4);
  });

  test("sessions that hold such an event", async () => {
    assert.deepEqual(await rows({ metrics: ["sessions"], filters: [["is", "event", ["purchase"]]] }), [
      { sessions: 2 },
    ]);
    assert.deepEqual(await rows({ metrics: ["sessions"], filters: [["is", "entry_path", "/pricing"]] }), [
      { sessions: 1 },
    ]);
  });

  test("a pattern that is none is the caller's fault", async () => {
    const [status, problem] = await ask("/v1/stats", {
      key: project.keys.rk,
      // The store compiles a pattern for the first row that it reads: the period must hold one.
      body: { filters: [["matches", "path", "(["]], date_range: ["2026-10-20", "2026-10-26"] },
    });
    assert.deepEqual([status, problem.error, problem.fields?.[0].path], [400, "invalid_params", "/filters/0/2"]);
  });
});

describe("comparison, totals and pages", () => {
  test("both values and the change", async () => {
    const answer = await query({
      metrics: ["visitors", "events"],
      dimensions: ["time:day"],
      date_range: ["2026-10-20", "2026-10-21"],
      compare: ["2026-10-25", "2026-10-26"],
      include: { totals: true },
    });
    assert.deepEqual(answer.rows[0], {
      time: "2026-10-20",
      visitors: 2,
      events: 5,
      compare: { visitors: { previous: 2, change: 0 }, events: { previous: 5, change: 0 } },
    });
    assert.deepEqual(answer.totals.compare.events, { previous: 8, change: -12.5 });
    assert.deepEqual(answer.meta.compare, { from: "2026-10-25T00:00:00.000Z", to: "2026-10-27T00:00:00.000Z" });
  });

  test("shares of all visitors, the number of all rows, pages that do not overlap", async () => {
    const body = { metrics: ["visitors", "percentage"], dimensions: ["path"], include: { total_rows: true }, limit: 2 };
    const seen = [];
    let cursor;
    do {
      const answer = await query({ ...body, cursor });
      assert.equal(answer.total_rows, 4);
      seen.push(...answer.rows);
      cursor = answer.next_cursor;
    } while (cursor);
    assert.deepEqual(seen, [
      { path: "/", visitors: 4, percentage: 100 },
      { path: "/buy", visitors: 2, percentage: 50 },
      { path: "/pricing", visitors: 2, percentage: 50 },
      { path: "/signup", visitors: 2, percentage: 50 },
    ]);
  });

  test("a cursor fits its own question and project alone", async () => {
    const body = { dimensions: ["path"], limit: 1, date_range: october };
    const { next_cursor: cursor } = await query(body);
    const other = await newProject("query-other");
    for (const [key, asked] of [
      [project.keys.rk, { ...body, dimensions: ["event"], cursor }],
      [other.keys.rk, { ...body, cursor }],
      [project.keys.rk, { ...body, cursor: "AAAA" }],
      [project.keys.rk, { ...body, cursor: "!" }],
      [project.keys.rk, { ...body, cursor: 7 }],
    ]) {
      const [status, problem] = await ask("/v1/stats", { key, body: asked });
      assert.deepEqual([status, problem.fields?.[0].path], [400, "/cursor"], JSON.stringify(asked));
    }
  });
});

test("meta says what was asked and what it cost", async () => {
  const { meta } = await query({ metrics: ["visitors"], timezone: "America/New_York" });
  assert.equal(meta.from, "2026-10-01T04:00:00.000Z");
  assert.equal(meta.timezone, "America/New_York");
  assert.deepEqual(meta.tables, ["events"]);
  assert.ok(meta.rows_read > 0 && meta.elapsed_ms >= 0);
  assert.match(meta.notes[0], /UTC day/);
});

test("once days are computed, rollups and sessions answer the same", async () => {
  const questions = [
    { metrics: ["events", "visitors", "pageviews"], dimensions: ["time:day"] },
    { metrics: ["visitors", "events"], dimensions: ["source", "medium"], timezone: "Europe/Berlin" },
    { metrics: ["visitors", "percentage"], dimensions: ["time:hour", "event"], timezone: "Asia/Tokyo" },
    { metrics: ["sessions", "bounce_rate", "session_duration", "visitors"], dimensions: ["source"] },
    { metrics: ["sessions"], dimensions: ["entry_path", "time:week"], filters: [["is_not", "source", "direct"]] },
    { metrics: ["events"], dimensions: ["path"], compare: ["2026-09-01", "2026-09-30"], include: { totals: true } },
  ];
  const ask = async (expected) => {
    const answers = [];
    for (const question of questions) {
      const { rows, totals, meta } = await query(question);
      assert.deepEqual(meta.tables, expected ?? meta.tables);
      answers.push({ rows, totals, tables: meta.tables });
    }
    return answers;
  };
  const before = await ask(["events"]);
  await xtask("rollup", "rebuild", "--project", project.slug, "--margin", "0");
  const after = await ask();
  for (const [index, { rows, totals, tables }] of after.entries()) {
    assert.deepEqual([rows, totals], [before[index].rows, before[index].totals]);
    assert.ok(tables.includes("daily_rollup") || tables.includes("sessions"), JSON.stringify(tables));
  }
});

test("what is wrong is named with its place and what is allowed", async () => {
  /** @type {[any, string, RegExp][]} */
  const wrong = [
    [{ metrics: ["people"] }, "/metrics/0", /visitors/],
    [{ dimensions: ["colour"] }, "/dimensions/0", /referrer_host/],
    [{ filters: [["is", "colour", ["red"]]] }, "/filters/0/1", /referrer_host/],
    [{ timezone: "Mars/Olympus" }, "/timezone", /IANA/],
    [{ date_range: ["2026-10-02", "2026-10-01"] }, "/date_range", /before/],
    [{ date_range: ["1826-10-02", "2026-10-01"] }, "/date_range", /five years/],
    [{ date_range: ["2001-10-02", "2026-10-01"] }, "/date_range", /five years/],
    [{ limit: 0 }, "/limit", /10000/],
    [{ limit: 1e9 }, "/limit", /10000/],
    [{ metrics: ["bounce_rate"], dimensions: ["path"] }, "/dimensions/0", /sessions have no path/],
    [{ nonsense: 1 }, "/nonsense", /date_range/],
    [{ project_id: project.project_id }, "/project_id", /Allowed/],
    [[], "", /object/],
  ];
  for (const [body, path, said] of wrong) {
    const [status, problem] = await ask("/v1/stats", { key: project.keys.rk, body });
    assert.equal(status, 400, JSON.stringify(problem));
    assert.equal(problem.fields[0].path, path);
    assert.match(problem.fields[0].message, said);
    assert.ok(!/SELECT|FROM events/.test(JSON.stringify(problem)));
  }
});
