// GET /v1/sources and GET /v1/metrics.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { ask, newProject } from "./harness/stack.mjs";

let project;
let other;
const period = "from=2026-10-01&to=2026-11-01";

before(async () => {
  [project, other] = await Promise.all([newProject("sources", "--unlimited"), newProject("sources-other")]);
  const event = (anonymous_id, url, referrer = "") => ({
    event: "pageview",
    timestamp: "2026-10-20T10:00:00Z",
    anonymous_id,
    url: `https://example.com${url}`,
    referrer,
  });
  const events = [
    event("ada", "/", "https://www.google.com/"),
    event("bob", "/", "https://www.google.com/"),
    event("bob", "/pricing", "https://www.google.com/"),
    event("cy", "/?utm_source=google&utm_medium=cpc"),
    event("dan", "/"),
    event("eve", "/"),
    event("fay", "/"),
  ];
  const [status] = await ask("/v1/batch", { key: project.keys.sk, body: { events } });
  assert.equal(status, 202);
  await ask("/v1/batch", { key: other.keys.sk, body: { events: events.slice(0, 1) } });
});

const rows = async (query, key = project.keys.rk) => {
  const [status, answer] = await ask(`/v1/sources?${period}&${query}`, { key });
  assert.equal(status, 200, JSON.stringify(answer));
  return answer.rows;
};

test("by source and medium, most visitors first", async () => {
  assert.deepEqual(await rows(""), [
    { source: "direct", medium: "direct", events: 3, visitors: 3, paid_share: 0 },
    { source: "google", medium: "organic", events: 3, visitors: 2, paid_share: 0 },
    { source: "google", medium: "paid", events: 1, visitors: 1, paid_share: 100 },
  ]);
  // Equal numbers of visitors: by events.
  assert.deepEqual(await rows("breakdown=source"), [
    { source: "google", events: 4, visitors: 3, paid_share: 25 },
    { source: "direct", events: 3, visitors: 3, paid_share: 0 },
  ]);
});

test("by channel, filtered, a page at a time", async () => {
  assert.deepEqual(await rows("breakdown=channel&event=signup"), []);
  const [status, first] = await ask(`/v1/sources?${period}&breakdown=channel&limit=1`, { key: project.keys.rk });
  assert.deepEqual([status, first.rows.length], [200, 1]);
  const second = await rows(`breakdown=channel&limit=1&cursor=${first.next_cursor}`);
  assert.notEqual(second[0].channel, first.rows[0].channel);
  assert.equal((await rows(`filters=${encodeURIComponent('[["is","medium","paid"]]')}`)).length, 1);
});

test("one's own project alone", async () => {
  assert.deepEqual(await rows("", other.keys.rk), [
    { source: "google", medium: "organic", events: 1, visitors: 1, paid_share: 0 },
  ]);
  assert.equal((await rows(`project=${other.slug}`, other.keys.ak)).length, 1);
  for (const [key, query] of [
    [project.keys.ak, ""],
    [project.keys.ak, "?project=nobodys"],
    [project.keys.rk, `?project=${other.slug}`],
  ]) {
    const [status, problem] = await ask(`/v1/sources${query}`, { key });
    assert.deepEqual([status, problem.fields?.[0].path], [400, "?project"], query);
  }
});

test("every breakdown of the document is answered", async () => {
  for (const breakdown of ["source_medium", "source", "medium", "channel", "campaign", "referrer_host"]) {
    const [status, { dimensions }] = await ask(`/v1/sources?${period}&breakdown=${breakdown}`, {
      key: project.keys.rk,
    });
    const wanted = breakdown === "source_medium" ? ["source", "medium"] : [breakdown];
    assert.deepEqual([status, dimensions], [200, wanted]);
  }
});

test("what is not taken is named", async () => {
  for (const [query, path] of [
    ["breakdown=city", "?breakdown"],
    ["breakdown=source&breakdown=channel", "?breakdown"],
    ["metric=users", "?metric"],
    ["limit=10001", "?limit"],
    ["cursor=AAAA", "?cursor"],
  ]) {
    const [status, problem] = await ask(`/v1/sources?${query}`, { key: project.keys.rk });
    assert.deepEqual([status, problem.fields?.[0].path], [400, path], query);
  }
});

test("the metrics are those that can be asked", async () => {
  const [status, { metrics, dimensions }] = await ask("/v1/metrics", { key: project.keys.rk });
  assert.equal(status, 200);
  assert.deepEqual(
    metrics.find(({ name }) => name === "pageviews"),
    { name: "pageviews", unit: "count", definition: "Events named pageview." },
  );
  assert.deepEqual(
    dimensions.find(({ name }) => name === "entry_path"),
    { name: "entry_path", events: false, sessions: true },
  );
  const names = metrics.map(({ name }) => name).join(",");
  const goal = encodeURIComponent('["is","event","signup"]');
  const [all, answer] = await ask(`/v1/stats?metric=${names}&goal=${goal}`, { key: project.keys.rk });
  assert.deepEqual([all, Object.keys(answer.rows[0]).sort()], [200, names.split(",").sort()]);
  assert.equal((await ask("/v1/metrics?x=1", { key: project.keys.rk }))[0], 400);
  assert.equal((await ask("/v1/metrics", { key: project.keys.pk }))[0], 403);
});
