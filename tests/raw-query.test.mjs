// GET /v1/query: events as they were sent, page by page. GET /v1/schema: what is sent.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ask, call, newProject } from "./harness/stack.mjs";

let project;
let other;
let trial;
const properties = '{ "plan" : "pro",\n "price": 1.50, "big": 12345678901234567890, "note": "ü/\\u00e9\\n\\"x\\"" }';
const october = "from=2026-10-01&to=2026-11-01";

before(async () => {
  [project, other, trial] = await Promise.all([
    newProject("raw", "--unlimited"),
    newProject("raw-other"),
    newProject("raw-test", "--env", "test"),
  ]);
  // Text of its own, so that the properties arrive as they are written here.
  const whole = `{"event":"purchase","event_id":"whole","timestamp":"2026-10-20T10:00:00.123Z","anonymous_id":"ada",
    "user_id":"u-1","session_id":"s-1","url":"https://example.com/buy?utm_source=news&utm_medium=email","title":"Buy \\"it\\"",
    "revenue":{"amount":"19.90","currency":"EUR"},"properties":${properties},
    "context":{"country":"DE","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0","ip":"192.0.2.7"}}`;
  const plain = Array.from({ length: 9 }, (_, index) => ({
    event: index % 3 ? "pageview" : "signup",
    event_id: `p${index}`,
    // Three share each instant: the id decides.
    timestamp: `2026-10-2${1 + Math.floor(index / 3)}T10:00:00Z`,
    anonymous_id: `v${index}`,
    properties: index % 3 ? { n: index } : { n: `${index}`, list: [1], deep: { a: 1 }, yes: true, none: null },
  }));
  const bot = {
    event: "pageview",
    event_id: "bot",
    timestamp: "2026-10-20T10:00:00Z",
    context: { user_agent: "curl/8" },
  };
  for (const body of [`[${whole}]`, { events: [...plain, bot] }]) {
    const [status, answer] = await ask("/v1/batch", { key: project.keys.sk, body });
    assert.equal(status, 202, JSON.stringify(answer));
  }
  for (const { keys } of [other, trial]) await ask("/v1/track", { key: keys.sk, body: plain[0] });
});

async function page(query, key = project.keys.rk) {
  const [status, answer] = await ask(`/v1/query?${october}&${query}`, { key });
  assert.equal(status, 200, JSON.stringify(answer));
  return answer;
}
const ids = (answer) => answer.rows.map(({ event_id }) => event_id);

describe("rows", () => {
  test("everything its owner may see, as it was sent", async () => {
    const response = await call(`/v1/query?${october}&event=purchase`, { key: project.keys.rk });
    const text = await response.text();
    assert.ok(text.includes(`"properties":${properties}`), text);
    const [{ properties: _, received_at, visitor_hash, classifier_version, rule_id, confidence, ...row }] =
      JSON.parse(text).rows;
    assert.match(received_at, /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.match(visitor_hash, /^[1-9]\d*$/);
    assert.ok(classifier_version && rule_id && confidence);
    assert.deepEqual(row, {
      event_id: "whole",
      event: "purchase",
      timestamp: "2026-10-20T10:00:00.123Z",
      sent_by: "server",
      anonymous_id: "ada",
      user_id: "u-1",
      session_id: "s-1",
      url: "https://example.com/buy?utm_source=news&utm_medium=email",
      host: "example.com",
      path: "/buy",
      title: 'Buy "it"',
      referrer: "",
      referrer_host: "",
      source: "news",
      medium: "email",
      channel: row.channel,
      campaign: "",
      term: "",
      content: "",
      click_id: "",
      utm_source: "news",
      utm_medium: "email",
      country: "DE",
      region: "",
      city: "",
      language: row.language,
      device_type: "desktop",
      screen: "",
      browser: "Firefox",
      browser_version: row.browser_version,
      os: "Linux",
      os_version: row.os_version,
      bot_class: "",
      revenue: { amount: "19.9", currency: "EUR" },
    });
    assert.ok(!text.includes("192.0.2.7") && !text.includes("Gecko"));
  });

  test("newest first, by id within an instant; bots where they are asked for", async () => {
    const expected = ["p8", "p7", "p6", "p5", "p4", "p3", "p2", "p1", "p0", "whole"];
    assert.deepEqual(ids(await page("")), expected);
    assert.deepEqual(ids(await page("bots=true")), [...expected, "bot"]);
    assert.deepEqual((await page("event=signup")).rows[0].revenue, null);
    assert.deepEqual(ids(await page("event=signup")), ["p6", "p3", "p0"]);
    const filters = encodeURIComponent('[["gt","prop:n",6],["is","event",["pageview"]]]');
    assert.deepEqual(ids(await page(`filters=${filters}`)), ["p8", "p7"]);
    const [, none] = await ask("/v1/query?from=2026-09-01&to=2026-09-02", { key: project.keys.rk });
    assert.deepEqual([none.rows, none.next_cursor], [[], null]);
  });

  test("one's own project and env alone", async () => {
    assert.deepEqual(ids(await page("", other.keys.rk)), ["p0"]);
    assert.deepEqual(ids(await page("", trial.keys.rk)), ["p0"]);
    assert.deepEqual(ids(await page(`project=${other.slug}`, other.keys.ak)), ["p0"]);
    const [status, problem] = await ask(`/v1/query?project=${other.slug}`, { key: project.keys.rk });
    assert.deepEqual([status, problem.fields[0].path], [400, "?project"]);
    assert.equal((await ask("/v1/query", { key: project.keys.pk }))[0], 403);
  });
});

describe("pages", () => {
  test("each row once, whatever is written meanwhile", async () => {
    const seen = [];
    let cursor = "";
    do {
      const answer = await page(`limit=4&bots=true${cursor && `&cursor=${cursor}`}`);
      seen.push(...ids(answer));
      cursor = answer.next_cursor;
      // Newer, older, and one that was there before.
      const late = ["2026-10-30", "2026-10-02"].map((day) => ({
        event: "late",
        event_id: `late-${day}-${seen.length}`,
        timestamp: `${day}T00:00:00Z`,
        context: { user_agent: "curl/8" },
      }));
      const again = { event: "signup", event_id: "p0", timestamp: "2026-10-21T10:00:00Z" };
      await ask("/v1/batch", { key: project.keys.sk, body: { events: [...late, again] } });
    } while (cursor);
    const first = seen.filter((id) => !id.startsWith("late"));
    assert.deepEqual(first, ["p8", "p7", "p6", "p5", "p4", "p3", "p2", "p1", "p0", "whole", "bot"]);
    assert.equal(new Set(seen).size, seen.length);
    // What was written behind the cursor is met, what was written before it is not.
    assert.ok(seen.some((id) => id.startsWith("late-2026-10-02")));
    assert.ok(!seen.some((id) => id.startsWith("late-2026-10-30")));
  });

  test("a cursor fits its own question and data set alone, and keeps its period", async () => {
    const [, first] = await ask("/v1/query?date_range=1mo&limit=1", { key: project.keys.rk });
    assert.equal(first.next_cursor, null);
    const { next_cursor: cursor } = await page("limit=1");
    const [, next] = await ask(`/v1/query?limit=1&cursor=${cursor}`, { key: project.keys.rk });
    assert.deepEqual([ids(next), next.meta.from], [["p7"], "2026-10-01T00:00:00.000Z"]);
    const [, stats] = await ask(`/v1/stats?${october}&group_by=path&limit=1&bots=true`, { key: project.keys.rk });
    for (const [key, query] of [
      [other.keys.rk, `limit=1&cursor=${cursor}`],
      [trial.keys.rk, `limit=1&cursor=${cursor}`],
      [project.keys.rk, `limit=2&cursor=${cursor}`],
      [project.keys.rk, `limit=1&event=signup&cursor=${cursor}`],
      [project.keys.rk, `limit=1&cursor=${stats.next_cursor ?? "AAAA"}`],
      [project.keys.rk, `limit=1&cursor=${cursor.slice(0, -4)}%00`],
      [project.keys.rk, "limit=1&cursor=!"],
    ]) {
      const [status, problem] = await ask(`/v1/query?${query}`, { key });
      assert.deepEqual([status, problem.fields?.[0].path], [400, "?cursor"], query);
    }
  });
});

test("hostile and wrong parameters", async () => {
  for (const hostile of ["' OR 1=1 --", "\\' OR 1=1 --", "\0\t\n", "{p0_uuid:UUID}", "x'); DROP TABLE events; --"]) {
    const filters = JSON.stringify([["is", `prop:${hostile}`, [hostile]]]);
    const query = `event=${encodeURIComponent(hostile)}&filters=${encodeURIComponent(filters)}`;
    assert.deepEqual((await page(query)).rows, [], hostile);
  }
  for (const [query, path] of [
    ["limit=0", "?limit"],
    ["limit=1001", "?limit"],
    ["limit=x", "?limit"],
    ["columns=url", "?columns"],
    ["bots=1", "?bots"],
    ["event=", "?event"],
    ["filters=[[%22is%22,%22entry_path%22,%22/%22]]", "?filters"],
    ["filters={", "?filters"],
    ["from=2001-01-01", "?from"],
    ["timezone=Mars", "?timezone"],
  ]) {
    const [status, problem] = await ask(`/v1/query?${query}`, { key: project.keys.rk });
    assert.deepEqual([status, problem.fields?.[0].path], [400, path], query);
    assert.ok(!/SELECT|FROM events/.test(JSON.stringify(problem)));
  }
});

test("the schema names events, properties and their types", async () => {
  const [status, schema] = await ask("/v1/schema", { key: project.keys.rk });
  assert.equal(status, 200, JSON.stringify(schema));
  const named = Object.fromEntries(schema.events.map(({ name, ...rest }) => [name, rest]));
  assert.deepEqual(named.signup, {
    count: 3,
    first_seen: "2026-10-21T10:00:00.000Z",
    last_seen: "2026-10-23T10:00:00.000Z",
    properties: [
      { key: "deep", types: ["object"] },
      { key: "list", types: ["array"] },
      { key: "n", types: ["string"] },
      { key: "none", types: ["null"] },
      { key: "yes", types: ["boolean"] },
    ],
  });
  assert.deepEqual(named.pageview.properties, [{ key: "n", types: ["number"] }]);
  assert.deepEqual(
    named.purchase.properties.map(({ key, types }) => [key, ...types]),
    [
      ["big", "number"],
      ["note", "string"],
      ["plan", "string"],
      ["price", "number"],
    ],
  );
  assert.ok(schema.dimensions.some(({ name }) => name === "prop:KEY"));
  const [, foreign] = await ask(`/v1/schema?project=${other.slug}`, { key: other.keys.ak });
  assert.deepEqual(
    foreign.events.map(({ name, count }) => [name, count]),
    [["signup", 1]],
  );
  assert.equal((await ask("/v1/schema?from=2026-01-01", { key: project.keys.rk }))[0], 400);
});
