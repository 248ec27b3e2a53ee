// GET /v1/stats: counts that equal what was sent.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ask, newProject } from "./harness/stack.mjs";

let project;
let other;

const sent = [
  // event, time, visitor, referrer
  ["pageview", "2026-10-01T23:59:59.999Z", "a", "https://www.google.com/"],
  ["pageview", "2026-10-02T00:00:00.000Z", "a", "https://www.google.com/"],
  ["pageview", "2026-10-02T12:00:00.000Z", "b", ""],
  ["signup", "2026-10-02T12:30:00.000Z", "b", ""],
  ["pageview", "2026-10-05T08:00:00.000Z", "c", "https://example.org/x"],
];

before(async () => {
  [project, other] = await Promise.all([newProject("stats"), newProject("stats-other")]);
  for (const [index, [event, timestamp, anonymous_id, referrer]] of sent.entries()) {
    const body = { event, timestamp, anonymous_id, referrer, event_id: `e${index}`, url: "https://example.com/p" };
    for (const { keys } of [project, other]) {
      const [status] = await ask("/v1/track", { key: keys.sk, body });
      assert.equal(status, 202);
    }
  }
  // More of the other project, which must never show.
  await ask("/v1/track", { key: other.keys.sk, body: { event: "foreign", timestamp: sent[0][1] } });
});

const stats = (query, key = project.keys.rk) => ask(`/v1/stats?${new URLSearchParams(query)}`, { key });
const october = { from: "2026-10-01", to: "2026-11-01" };

describe("counts", () => {
  test("events and visitors of a period", async () => {
    const [status, answer] = await stats({ metric: "events,visitors", ...october });
    assert.equal(status, 200);
    assert.deepEqual(answer.rows, [{ events: 5, visitors: 3 }]);
    assert.deepEqual(answer.metrics, ["events", "visitors"]);
    assert.equal(answer.meta.from, "2026-10-01T00:00:00.000Z");
  });

  test("from is inclusive, to is exclusive", async () => {
    const [, answer] = await stats({ from: "2026-10-02T00:00:00Z", to: "2026-10-02T12:30:00Z" });
    assert.deepEqual(answer.rows, [{ events: 2 }]);
  });

  test("of one event", async () => {
    const [, answer] = await stats({ event: "signup", ...october });
    assert.deepEqual(answer.rows, [{ events: 1 }]);
  });

  test("by day, week and hour", async () => {
    const by = async (interval) => (await stats({ interval, ...october }))[1].rows.map((row) => [row.time, row.events]);
    assert.deepEqual(await by("day"), [
      ["2026-10-01", 1],
      ["2026-10-02", 3],
      ["2026-10-05", 1],
    ]);
    assert.deepEqual(await by("week"), [
      ["2026-09-28", 4],
      ["2026-10-05", 1],
    ]);
    assert.deepEqual((await by("hour")).at(-1), ["2026-10-05T08:00:00Z", 1]);
    assert.deepEqual(await by("month"), [["2026-10-01", 5]]);
  });

  test("by columns, largest first, with a limit that says when it cut", async () => {
    const [, answer] = await stats({ metric: "visitors", group_by: "event,referrer_host", ...october });
    assert.deepEqual(answer.dimensions, ["event", "referrer_host"]);
    assert.equal(answer.rows.length, 4);
    assert.ok(answer.rows.every((row, index, rows) => index === 0 || rows[index - 1].visitors >= row.visitors));
    assert.equal(answer.meta.truncated, false);
    const [, cut] = await stats({ group_by: "event", limit: "1", ...october });
    assert.deepEqual([cut.rows.length, cut.meta.truncated], [1, true]);
  });

  test("an empty period is zero, not an error", async () => {
    const [status, answer] = await stats({ metric: "events,visitors", from: "2026-01-01", to: "2026-01-02" });
    assert.deepEqual([status, answer.rows], [200, [{ events: 0, visitors: 0 }]]);
  });
});

describe("refused with what is allowed", () => {
  for (const [query, error, path] of [
    ["metric=people", "invalid_params", "?metric"],
    ["group_by=password", "invalid_group_by", "?group_by"],
    ["interval=second", "invalid_params", "?interval"],
    ["from=2026-10-02&to=2026-10-01", "invalid_params", "?from"],
    ["from=1800-01-01", "invalid_params", "?from"],
    ["limit=1000000000", "invalid_params", "?limit"],
    ["nonsense=1", "invalid_params", "?nonsense"],
    ["project_id=00000000-0000-0000-0000-000000000000", "invalid_params", "?project_id"],
  ]) {
    test(query, async () => {
      const [status, problem] = await stats(query);
      assert.deepEqual([status, problem.error, problem.fields[0].path], [400, error, path]);
    });
  }
});

describe("an account key", () => {
  const count = (query) =>
    ask(`/v1/stats?event=pageview&from=2026-10-01&to=2026-11-01${query}`, { key: project.keys.ak });

  test("reads each project of its organization, by slug or id", async () => {
    for (const name of [project.slug, project.project_id, other.slug]) {
      const [status, answer] = await count(`&project=${name}`);
      assert.deepEqual([status, answer.rows], [200, [{ events: 4 }]], name);
    }
  });

  test("names one, and one of its own", async () => {
    for (const query of ["", "&project=", "&project=nobody", "&project=00000000-0000-0000-0000-000000000000"]) {
      const [status, problem] = await count(query);
      assert.deepEqual([status, problem.fields?.[0].path], [400, "?project"], query);
    }
    const [status, problem] = await stats({ project: other.slug });
    assert.deepEqual([status, problem.fields[0].path], [400, "?project"], "another kind of key has its own");
  });
});

test("hostile values stay values", async () => {
  for (const event of [
    "' OR 1=1 --",
    "\\'; DROP TABLE events",
    "{project_id:UUID}",
    "%00",
    "\u0000",
    "\t\n",
    "é".repeat(128),
  ]) {
    const [status, answer] = await stats({ event, ...october });
    assert.deepEqual([status, answer.rows], [200, [{ events: 0 }]], JSON.stringify(event));
  }
});
