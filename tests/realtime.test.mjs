// GET /v1/realtime: the last 5 and 30 minutes.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { ask, newProject } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";

const MINUTE = 60_000;
let project;
let other;
/** The minute that all of this happens in. */
let now;
/** What is answered within it. */
let answers;

const questions = {
  all: () => ask("/v1/realtime", { key: project.keys.rk }),
  filtered: () =>
    ask(`/v1/realtime?filters=${encodeURIComponent('[["is","path","/pricing"]]')}`, { key: project.keys.rk }),
  bots: () => ask("/v1/realtime?bots=true", { key: project.keys.rk }),
  foreign: () => ask("/v1/realtime", { key: other.keys.rk }),
};

/** Events of this minute and before, and the questions about them; nothing where the minute is over before the end. */
async function minute() {
  [project, other] = await Promise.all([newProject("realtime", "--unlimited"), newProject("realtime-other")]);
  now = Math.floor(Date.now() / MINUTE) * MINUTE;
  const event = (ago, anonymous_id, path, more = {}) => ({
    event: "pageview",
    timestamp: new Date(now - ago * MINUTE).toISOString(),
    anonymous_id,
    url: `https://example.com${path}`,
    ...more,
  });
  const google = { referrer: "https://www.google.com/" };
  const events = [
    event(0, "ada", "/", google),
    event(0, "ada", "/pricing", { referrer: "https://example.com/" }),
    event(4, "bob", "/"),
    // One minute too old for the short window.
    event(5, "cy", "/", google),
    event(29, "ada", "/old"),
    // Too old for both, ahead of now, and a bot.
    event(30, "dan", "/"),
    event(-10, "eve", "/"),
    event(0, "bot", "/", { context: { user_agent: "curl/8" } }),
  ];
  const [status] = await ask("/v1/batch", { key: project.keys.sk, body: { events } });
  assert.equal(status, 202);
  answers = Object.fromEntries(
    await Promise.all(Object.entries(questions).map(async ([name, question]) => [name, await question()])),
  );
  return Date.now() < now + MINUTE;
}
before(() => until(minute, "all of it happens in one minute", { limit: 200 }));

test("visitors, events, pages and sources of both windows, and each minute", async () => {
  const [status, answer] = answers.all;
  assert.equal(status, 200, JSON.stringify(answer));
  const [five, thirty] = answer.windows;
  assert.deepEqual(five, {
    minutes: 5,
    visitors: 2,
    events: 3,
    pages: [
      { path: "/", visitors: 2, events: 2 },
      { path: "/pricing", visitors: 1, events: 1 },
    ],
    sources: five.sources,
  });
  assert.deepEqual(five.sources[0].source === "google" || five.sources[1].source === "google", true);
  assert.deepEqual([thirty.visitors, thirty.events], [3, 5]);
  assert.deepEqual(thirty.pages[0], { path: "/", visitors: 3, events: 3 });
  assert.deepEqual(
    thirty.sources.find(({ source }) => source === "google"),
    { source: "google", visitors: 2, events: 2 },
  );
  assert.equal(answer.series.length, 30);
  const iso = (ago) => new Date(now - ago * MINUTE).toISOString().replace(".000", "");
  assert.deepEqual(answer.series[0], { time: iso(29), visitors: 1, events: 1 });
  assert.deepEqual(answer.series[29], { time: iso(0), visitors: 1, events: 2 });
  assert.deepEqual(answer.series[10], { time: iso(19), visitors: 0, events: 0 });
  assert.equal(
    answer.series.reduce((sum, { events }) => sum + events, 0),
    thirty.events,
  );
});

test("filters, bots, and one's own project alone", async () => {
  const [, filtered] = answers.filtered;
  assert.deepEqual([filtered.windows[0].events, filtered.windows[1].events], [1, 1]);
  const [, bots] = answers.bots;
  assert.equal(bots.windows[0].events, 4);
  const [, foreign] = answers.foreign;
  assert.deepEqual(foreign.windows[1], { minutes: 30, visitors: 0, events: 0, pages: [], sources: [] });
  assert.equal(foreign.series.length, 30);
  for (const query of ["from=2026-01-01", "limit=5", "project=x", "filters=1", "timezone=UTC"]) {
    assert.equal((await ask(`/v1/realtime?${query}`, { key: project.keys.rk }))[0], 400, query);
  }
});
