// Whatever is asked: never a row of another project or data set, never a 500, never SQL in an answer.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { often } from "./harness/long.mjs";
import { below as made, seeded } from "./harness/random.mjs";
import { ask, call, newProject, settled } from "./harness/stack.mjs";

const REQUESTS = often(600, 20_000);
/** Stands in every text of the other projects' events, and nowhere else. */
const FOREIGN = "foreign-7c1f";
let own;
let ownTest;
let other;

before(async () => {
  own = await newProject("isolation", "--unlimited");
  ownTest = await newProject("isolation-test", "--unlimited", "--env", "test");
  other = await newProject("isolation-other", "--unlimited");
  const events = (mark) =>
    Array.from({ length: 20 }, (_, n) => ({
      event: `${mark}-event`,
      event_id: `same-${n}`,
      timestamp: `2026-11-${String(1 + (n % 20)).padStart(2, "0")}T10:00:00Z`,
      anonymous_id: `${mark}-device-${n % 5}`,
      user_id: `${mark}-user-${n % 3}`,
      url: `https://${mark}.example/${mark}/${n % 4}?utm_source=${mark}&utm_medium=email`,
      title: mark,
      properties: { [mark]: mark, shared: mark, n },
      revenue: { amount: n, currency: "EUR" },
    }));
  for (const [project, mark] of [
    [own, "own"],
    [ownTest, FOREIGN],
    [other, FOREIGN],
  ]) {
    const [status, answer] = await ask("/v1/batch", { key: project.keys.sk, body: events(mark) });
    assert.deepEqual([status, answer.accepted], [202, 20]);
  }
  await settled();
});

function generator(seed) {
  const below = made(seed);
  const of = (choices) => choices[below(choices.length)];
  return { below, of };
}

/** Hostile texts, names and conditions, from a generator of numbers. */
function hostile({ below, of }) {
  const ids = [own, other, ownTest].map((project) => project.project_id);
  const texts = [
    ...["' OR 1=1 --", "\\'; DROP TABLE events; --", "') OR project_id != ('", "{project_id:UUID}", "{p0_uuid:UUID}"],
    ...[
      "%",
      "_",
      "\\N",
      "\u0000",
      "\n\t",
      "own-event",
      `${FOREIGN}-event`,
      FOREIGN,
      "events",
      "1 UNION ALL SELECT * FROM events",
    ],
    ...[
      "(",
      "[a-",
      ".*",
      "a{1000}{1000}",
      "😀",
      "",
      "x".repeat(2100),
      other.slug,
      ...ids,
      ...ids.map((id) => `${id}' --`),
    ],
  ];
  const names = [
    ...[
      "event",
      "source",
      "path",
      "title",
      "user_id",
      "host",
      "prop:shared",
      `prop:${FOREIGN}`,
      "prop:' --",
      "prop:a.b",
    ],
    ...[
      "prop:\\",
      "prop:'), (SELECT title FROM events LIMIT 1), ('",
      "project_id",
      "env",
      "visitor",
      "entry_path",
      "time:day",
    ],
    ...["prop:", `prop:${"k".repeat(300)}`, "toString(project_id)", "1", "*"],
  ];
  const operators = [
    "is",
    "is_not",
    "contains",
    "not_contains",
    "starts_with",
    "matches",
    "gt",
    "lte",
    "exists",
    "nothing",
  ];
  const value = () => of([of(texts), [of(texts), of(texts)], below(100), -1e308, null, true, [], {}]);
  const filter = (depth = 0) => {
    const kind = below(depth > 3 ? 6 : 12);
    if (kind < 6) return [of(operators), of(names), value()];
    if (kind < 8) return [of(["and", "or"]), Array.from({ length: below(4) }, () => filter(depth + 1))];
    if (kind < 10) return [of(["not", "has_done", "has_not_done"]), filter(depth + 1)];
    return value();
  };
  return { ids, texts, names, value, filter };
}

/** The value that an error repeats, as JSON. */
const OWN_VALUE = /unknown value "(?:[^"\\]|\\.)*"/g;
/** Of no answer: SQL, or the words of a store. */
const inner = /SELECT .* FROM|DB::Exception|ClickHouse|FINAL|PT4|violates|headwater\./;

test(`${REQUESTS} hostile questions`, async (context) => {
  const seed = seeded();
  const { below, of } = generator(seed);
  const { ids, texts, names, filter } = hostile({ below, of });
  const metrics = [
    "events",
    "visitors",
    "users",
    "sessions",
    "bounce_rate",
    "revenue",
    "percentage",
    "conversion_rate",
    "x",
  ];
  const november = ["2026-11-01", "2026-11-20"];
  const cursors = [undefined];
  /** @returns {any} */
  const question = () => {
    const body = {
      metrics: [of(metrics)],
      date_range: of(["30d", "30d", "month", november, november, november, ["1", "2"], of(texts)]),
    };
    if (below(2)) body.dimensions = Array.from({ length: 1 + below(2) }, () => of(names));
    if (below(3)) body.filters = Array.from({ length: below(3) }, () => filter());
    if (!below(5)) body.goal = filter();
    if (!below(6)) body.timezone = of(["Europe/Berlin", "UTC", of(texts)]);
    if (!below(6)) body.order_by = [[of([...names, ...metrics]), of(["asc", "desc", of(texts)])]];
    if (!below(6)) body.compare = of(["previous_period", "year_over_year", of(texts)]);
    if (!below(4)) body.include = { bots: true, totals: true, gap_fill: !below(2), total_rows: true };
    if (!below(4)) body.limit = of([1, 2, 10_000, 0, 1e9]);
    if (!below(3)) body.cursor = of(cursors);
    if (!below(8))
      body[of(["project", "project_id", "env", "scope", "__proto__"])] = of([...ids, other.slug, "test", FOREIGN]);
    return body;
  };
  /** As a query string; a parameter may stand twice, once with another's value. */
  const parameters = (body) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(body)) {
      if (value === undefined) continue;
      const text =
        typeof value === "string" ? value : Array.isArray(value) && name !== "filters" ? value.join(",") : undefined;
      query.append({ metrics: "metric", dimensions: "group_by" }[name] ?? name, text ?? JSON.stringify(value));
      if (!below(40)) query.append(name, of(texts));
    }
    return query;
  };
  const rows = () => {
    const { date_range, filters, cursor, timezone, project } = question();
    return { date_range: Array.isArray(date_range) ? "30d" : date_range, filters, cursor, timezone, project };
  };
  const exported = () => ({ ...rows(), cursor: undefined, format: of(["ndjson", "ndjson", "csv", of(texts)]) });
  // Cursors of the others' answers, for the very same question.
  for (const project of [other, ownTest, own]) {
    const key = project.keys.rk;
    for (const dimensions of [["event"], ["path"]]) {
      const body = { metrics: ["events"], dimensions, limit: 1, date_range: november };
      cursors.push((await ask("/v1/stats", { key, body }))[1].next_cursor);
    }
    cursors.push((await ask("/v1/query?limit=1&date_range=30d", { key }))[1].next_cursor);
  }

  /** @type {Record<string, Record<string, number>>} */
  const statuses = {};
  const one = async (turn) => {
    // A project's exports come one at a time.
    const route = turn === 0 ? "export" : of(["stats", "stats", "stats", "query", "sources"]);
    const forms = { stats: question, query: rows, sources: rows, export: exported };
    const body = forms[route]();
    const asGet = route !== "stats" || !below(5);
    const path = asGet ? `/v1/${route}?${parameters(body)}` : `/v1/${route}`;
    const response = await call(path, { key: of([own.keys.rk, own.keys.sk]), body: asGet ? undefined : body });
    const { status } = response;
    const text = await response.text();
    statuses[route] ??= {};
    statuses[route][status] = (statuses[route][status] ?? 0) + 1;
    const about = `seed ${seed}: ${status} ${text.slice(0, 500)} for ${path} ${JSON.stringify(body)}`;
    assert.ok([200, 400].includes(status), about);
    if (status === 400) {
      // An error repeats the caller's own value, in quotes, and lists the question's own dimensions.
      const said = names.reduce((said, name) => said.replaceAll(`, ${name}`, ""), JSON.parse(text).detail);
      assert.ok(!inner.test(said.replace(OWN_VALUE, "")), about);
      return;
    }
    if (route !== "stats") {
      // Nothing of the question stands in these answers.
      assert.ok(!text.includes(FOREIGN), about);
      // 20 rows, and what stands before and after them.
      const rows = route === "export" ? text.split("\n").length - 2 : JSON.parse(text).rows.length;
      assert.ok(rows <= 20, about);
      return;
    }
    const answer = JSON.parse(text);
    // What was asked for may come back as a name; a foreign value may not.
    const values = answer.rows.flatMap((row) => Object.entries(row)).filter(([name]) => !name.startsWith("prop:"));
    assert.ok(!JSON.stringify(values).includes(FOREIGN), about);
    for (const [name, value] of answer.rows.flatMap((row) => Object.entries(row)))
      assert.ok(!(typeof value === "string" && value.includes(FOREIGN)), `${name} ${about}`);
    for (const row of answer.rows) assert.ok((row.events ?? 0) <= 20 && (row.visitors ?? 0) <= 5, about);
  };
  for (let sent = 0; sent < REQUESTS; sent += 20) await Promise.all(Array.from({ length: 20 }, (_, turn) => one(turn)));
  // Both are to be tried: what is answered, and what is refused.
  for (const [route, found] of Object.entries(statuses)) {
    const all = found[200] + found[400];
    assert.ok(found[200] > all / 20 && found[400] > all / 20, `${route} ${JSON.stringify(statuses)}`);
  }
  context.diagnostic(`seed ${seed}: ${JSON.stringify(statuses)}`);
});

test(`${REQUESTS / 5} hostile questions about people, journeys and pairs, with segments of one's own and of others`, async () => {
  const seed = seeded();
  const { below, of } = generator(seed);
  const { ids, texts, names, filter } = hostile({ below, of });
  const range = ["2026-11-01", "2026-11-20"];
  const segments = [];
  for (const [project, mark] of [
    [own, "own"],
    [other, FOREIGN],
  ]) {
    const body = { name: `${mark} segment`, filters: [["contains", "title", [mark]]] };
    const [status, made] = await ask("/v1/segments", { key: project.keys.sk, body });
    assert.equal(status, 201, JSON.stringify(made));
    segments.push(made.name, made.id);
  }
  const segment = () => [of(["is", "is_not"]), "segment", of([of(segments), [of(segments), of(texts)], of(ids)])];
  const condition = () => (below(3) ? filter() : segment());
  const event = () => (below(2) ? ["is", "event", ["own-event"]] : condition());
  const questions = {
    "/v1/funnel": () => ({
      steps: [event(), event()],
      by: of(["person", "session"]),
      order: of(["strict", "any", of(texts)]),
    }),
    "/v1/retention": () => ({ cohort_by: event(), return: event(), interval: of(["day", "week", of(texts)]) }),
    "/v1/journeys": () => ({
      start: event(),
      by: of(["person", "session"]),
      unit: of(["path", "event", of(texts)]),
      direction: of(["next", "previous"]),
      limit: of([1, 50, 1e9]),
    }),
    "/v1/match": () => ({
      trigger: event(),
      result: event(),
      on: of(["person", "user_id", of(names)]),
      result_by: of(names),
    }),
  };
  const statuses = {};
  const one = async () => {
    const path = of(Object.keys(questions));
    const body = { date_range: range, ...questions[path]() };
    if (!below(3)) body.filters = Array.from({ length: below(3) }, condition);
    if (path !== "/v1/journeys" && below(2)) body.breakdown = of(names);
    if (!below(8)) body[of(["project", "project_id", "env", "__proto__"])] = of([...ids, other.slug, "test", FOREIGN]);
    const asked = { key: of([own.keys.rk, own.keys.sk]), body };
    let [status, answer] = await ask(path, asked);
    // A busy machine may be late in checking the key; a question that is not answered is asked again.
    for (let again = 0; status === 503 && again < 10; again += 1) [status, answer] = await ask(path, asked);
    statuses[status] = (statuses[status] ?? 0) + 1;
    const about = `seed ${seed}: ${status} ${JSON.stringify(answer).slice(0, 500)} for ${path} ${JSON.stringify(body)}`;
    assert.ok([200, 400].includes(status), about);
    if (status === 200) {
      // The question's own words come back in `meta.on` alone.
      assert.ok(!JSON.stringify({ ...answer, meta: null }).includes(FOREIGN), about);
      const counts = JSON.stringify(answer).matchAll(/"(count|size|triggers|matched)":(\d+)/g);
      for (const [, , count] of counts) assert.ok(Number(count) <= 20, about);
    } else {
      assert.ok(!inner.test(answer.detail.replace(OWN_VALUE, "")), about);
      const named = JSON.stringify(body).includes(FOREIGN);
      assert.ok(named || !JSON.stringify(answer).includes(FOREIGN), about);
    }
  };
  for (let sent = 0; sent < REQUESTS / 5; sent += 20) await Promise.all(Array.from({ length: 20 }, one));
  assert.ok(statuses[200] > REQUESTS / 100 && statuses[400] > REQUESTS / 100, JSON.stringify(statuses));
});
