// /v1/segments, and questions that name them.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { ask, call, newProject } from "./harness/stack.mjs";

let project;
let other;
let testKeys;
const range = ["2026-10-01", "2026-10-31"];
const german = [["is", "prop:country", ["DE", "AT"]]];
const buyers = [
  ["has_done", ["is", "event", ["buy"]]],
  ["not", ["is", "prop:country", ["FR"]]],
];

before(async () => {
  const organization = `segments-${randomUUID().slice(0, 8)}`;
  [project, other] = await Promise.all([
    newProject("segments", "--unlimited", "--organization", organization),
    newProject("segments-other", "--unlimited", "--organization", `${organization}-other`),
  ]);
  testKeys = {};
  for (const kind of ["sk", "rk"]) {
    const body = { kind, env: "test", project_id: project.project_id };
    const [status, made] = await ask("/v1/keys", { key: project.keys.ak, body });
    assert.equal(status, 201, JSON.stringify(made));
    testKeys[kind] = made.key;
  }
  const event = (event, anonymous_id, country, at) => ({
    event,
    event_id: `${event}-${anonymous_id}`,
    anonymous_id,
    timestamp: `2026-10-20T10:0${at}:00Z`,
    properties: { country },
    url: `https://example.com/${event}`,
  });
  const body = [
    event("view", "ann", "DE", 0),
    event("buy", "ann", "DE", 1),
    event("view", "ben", "AT", 0),
    event("view", "cat", "FR", 0),
    event("buy", "cat", "FR", 1),
    event("view", "dan", "US", 0),
    event("buy", "dan", "US", 1),
  ];
  const [status, answer] = await ask("/v1/batch", { key: project.keys.sk, body });
  assert.deepEqual([status, answer.accepted], [202, 7]);
});

const segments = (method, path = "", body = undefined, key = project.keys.sk) =>
  ask(`/v1/segments${path}`, { method, key, body, headers: { "content-type": "application/json" } });

async function made(name, filters, more = {}) {
  const [status, segment] = await segments("POST", "", { name, filters, ...more });
  assert.equal(status, 201, JSON.stringify(segment));
  return segment;
}

async function refused(answer, status, error, path, message = /./) {
  const [found, problem] = await answer;
  assert.deepEqual([found, problem.error, problem.fields?.[0]?.path], [status, error, path], JSON.stringify(problem));
  assert.match(problem.detail, message);
}

describe("segments", () => {
  test("are made, listed, read, changed and deleted", async () => {
    const segment = await made("Changing", german, { description: "For now" });
    assert.deepEqual([segment.name, segment.description, segment.filters], ["Changing", "For now", german]);
    assert.match(segment.id, /^[0-9a-f-]{36}$/);
    assert.equal(segment.created_at, segment.updated_at);
    for (const key of Object.values({ ...testKeys, rk: project.keys.rk })) {
      const [status, listed] = await segments("GET", "", undefined, key);
      assert.equal(status, 200);
      assert.deepEqual(
        listed.filter(({ name }) => name === "Changing"),
        [segment],
      );
      assert.deepEqual(await segments("GET", `/${segment.id}`, undefined, key).then(([, one]) => one), segment);
    }
    const [status, changed] = await segments("PATCH", `/${segment.id}`, { name: "Changed", description: null });
    assert.deepEqual([status, changed.name, changed.description, changed.filters], [200, "Changed", null, german]);
    assert.equal((await segments("PATCH", `/${segment.id}`, {}))[1].updated_at, changed.updated_at);
    const [deleted, last] = await segments("DELETE", `/${segment.id}`);
    assert.deepEqual([deleted, last.name], [200, "Changed"]);
    await refused(segments("GET", `/${segment.id}`), 404, "not_found");
  });

  test("are written by secret keys of the live data, and by account keys that name the project", async () => {
    const body = { name: "Whose", filters: german };
    for (const [key, error] of [
      [project.keys.pk, "key_kind_not_allowed"],
      [project.keys.rk, "key_kind_not_allowed"],
      [testKeys.rk, "key_kind_not_allowed"],
      [testKeys.sk, "insufficient_scope"],
    ]) {
      await refused(segments("POST", "", body, key), 403, error);
      await refused(segments("DELETE", `/${randomUUID()}`, undefined, key), 403, error);
    }
    await refused(segments("POST", "", body, project.keys.ak), 400, "invalid_params", "?project");
    await refused(segments("POST", "?project=none", body, project.keys.ak), 400, "invalid_params", "?project");
    await refused(segments("GET", `?project=${project.slug}`), 400, "invalid_params", "?project");
    const whose = `?project=${project.slug}`;
    const [status, segment] = await segments("POST", whose, body, project.keys.ak);
    assert.equal(status, 201, JSON.stringify(segment));
    assert.equal((await segments("DELETE", `/${segment.id}${whose}`, undefined, project.keys.ak))[0], 200);
  });

  test("of another project are not there", async () => {
    const segment = await made("Ours", german);
    for (const id of [segment.id, randomUUID(), "nonsense", "%27"]) {
      for (const method of ["GET", "PATCH", "DELETE"]) {
        const body = method === "PATCH" ? { name: "mine" } : undefined;
        await refused(segments(method, `/${id}`, body, other.keys.sk), 404, "not_found");
      }
    }
    const [status, listed] = await segments("GET", "", undefined, other.keys.sk);
    assert.deepEqual([status, listed], [200, []]);
  });

  test("are refused where they are none, with the place", async () => {
    await made("Taken", german);
    /** @type {[any, string, RegExp][]} */
    const wrong = [
      [{ filters: german }, "/name", /1 to 100 characters/],
      [{ name: "x".repeat(101), filters: german }, "/name", /1 to 100/],
      [{ name: randomUUID(), filters: german }, "/name", /not a UUID/],
      [{ name: "TAKEN", filters: german }, "/name", /already/],
      [{ name: "a", filters: [] }, "/filters", /at least one/],
      [{ name: "a", filters: [["is", "nothing", "a"]] }, "/filters/0/1", /prop:KEY/],
      [{ name: "a", filters: [["or", [["is", "segment", "Taken"]]]] }, "/filters/0/1/0/1", /cannot refer/],
      [{ name: "a", filters: [["is", "path", ["x".repeat(2049)]]] }, "/filters/0/2", /2048/],
      [{ name: "a", filters: german, project: "b" }, "/project", /is unknown/],
      [[], "", /object/],
    ];
    for (const [body, path, message] of wrong) {
      await refused(segments("POST", "", body), 400, "invalid_payload", path, message);
    }
    const pattern = {
      name: "a",
      filters: [
        ["is", "path", "(["],
        ["not", ["matches", "path", ["^/", "(["]]],
      ],
    };
    await refused(segments("POST", "", pattern), 400, "invalid_params", "/filters/1/1/2", /regular expression/);
    await refused(segments("POST", "?limit=1", { name: "a", filters: german }), 400, "invalid_params", "?limit");
    assert.equal((await segments("POST", "", `{"name":"${"x".repeat(70_000)}"}`))[0], 413);
  });
});

describe("a question", () => {
  let named;
  before(async () => {
    named = [await made("German speaking", german), await made("Buyers", buyers)];
  });

  const stats = async (filters, more = {}) => {
    const [status, answer] = await ask("/v1/stats", {
      key: project.keys.rk,
      body: { metrics: ["events", "visitors"], date_range: range, filters, ...more },
    });
    assert.equal(status, 200, JSON.stringify(answer));
    return [answer.rows[0].events, answer.rows[0].visitors];
  };

  test("is about a segment as it would be about its conditions", async () => {
    assert.deepEqual(await stats([["is", "segment", ["German speaking"]]]), [3, 2]);
    assert.deepEqual(await stats(german), [3, 2]);
    assert.deepEqual(await stats([["is", "segment", "bUYERS"]]), [4, 2]);
    assert.deepEqual(await stats([["is", "segment", [named[0].id.toUpperCase(), "Buyers"]]]), [5, 3]);
    assert.deepEqual(await stats([["is_not", "segment", ["German speaking", "Buyers"]]]), [2, 1]);
    assert.deepEqual(
      await stats([
        [
          "or",
          [
            ["not", ["is", "segment", "Buyers"]],
            ["is", "event", "buy"],
          ],
        ],
      ]),
      [5, 4],
    );
    assert.deepEqual(await stats([["has_done", ["is", "segment", "German speaking"]]]), [3, 2]);
  });

  test("takes one wherever it takes conditions", async () => {
    const condition = ["is", "segment", ["German speaking"]];
    const get = async (path) => {
      const filters = encodeURIComponent(JSON.stringify([condition]));
      const response = await call(`${path}filters=${filters}&from=2026-10-01&to=2026-11-01`, { key: project.keys.rk });
      assert.equal(response.status, 200, path);
      return response.text();
    };
    const parsed = async (path) => JSON.parse(await get(path));
    assert.equal((await parsed("/v1/stats?")).rows[0].events, 3);
    assert.equal((await parsed("/v1/query?")).rows.length, 3);
    assert.equal((await parsed("/v1/sources?")).rows[0].events, 3);
    assert.equal((await get("/v1/export?")).trim().split("\n").length, 4);
    const realtime = `/v1/realtime?filters=${encodeURIComponent(JSON.stringify([condition]))}`;
    assert.equal((await ask(realtime, { key: project.keys.rk }))[0], 200);
    const post = async (path, body) => {
      const [status, answer] = await ask(path, { key: project.keys.rk, body: { date_range: range, ...body } });
      assert.equal(status, 200, JSON.stringify(answer));
      return answer;
    };
    const buy = ["is", "event", ["buy"]];
    const counts = (answer) => answer.steps.map(({ count }) => count);
    assert.deepEqual(counts(await post("/v1/funnel", { steps: [condition, buy] })), [2, 1]);
    assert.deepEqual(counts(await post("/v1/funnel", { steps: [condition, buy], order: "any" })), [2, 1]);
    const filtered = await post("/v1/funnel", { steps: [["is", "event", ["view"]], buy], filters: [condition] });
    assert.deepEqual(counts(filtered), [2, 1]);
    const retention = await post("/v1/retention", { cohort_by: condition, return: buy, interval: "month", periods: 1 });
    assert.deepEqual([retention.rows[0].size, retention.rows[0].returned], [2, [1]]);
    const goal = await post("/v1/stats", { metrics: ["conversion_rate"], goal: condition });
    assert.equal(goal.rows[0].conversion_rate, 50);
    const ak = { project: project.slug, filters: [condition], date_range: range };
    assert.equal((await ask("/v1/stats", { key: project.keys.ak, body: ak }))[1].rows[0].events, 3);
    const [, empty] = await ask("/v1/stats", { key: testKeys.rk, body: { filters: [condition], date_range: range } });
    assert.equal(empty.rows[0].events, 0, "the segment is shared, the data is not");
  });

  test("is about what a segment is now, and a cursor about what it was", async () => {
    const segment = await made("Moving", german);
    const filters = [["is", "segment", "Moving"]];
    assert.deepEqual(await stats(filters), [3, 2]);
    const page = { dimensions: ["event"], limit: 1, filters, date_range: range };
    const [, { next_cursor: cursor }] = await ask("/v1/stats", { key: project.keys.rk, body: page });
    await segments("PATCH", `/${segment.id}`, { filters: [["is", "prop:country", "US"]] });
    assert.deepEqual(await stats(filters), [2, 1]);
    const next = ask("/v1/stats", { key: project.keys.rk, body: { ...page, cursor } });
    await refused(next, 400, "invalid_params", "/cursor", /another question/);
    await segments("DELETE", `/${segment.id}`);
    const gone = ask("/v1/stats", { key: project.keys.rk, body: page });
    await refused(gone, 400, "invalid_params", "/filters/0/2", /unknown (value|segment)/);
  });

  test("that names a segment that is not there is told which there are, the nearest first", async () => {
    const question = (body, path = "/v1/stats", key = project.keys.rk) => ask(path, { key, body });
    const filters = [
      ["is", "event", "view"],
      ["not", ["is", "segment", ["Buyers", "Germanspeaking"]]],
    ];
    await refused(
      question({ filters }),
      400,
      "invalid_params",
      "/filters/1/1/2/1",
      /did you mean "German speaking"\? Allowed: German speaking, /,
    );
    const steps = [
      ["is", "event", "view"],
      ["is", "segment", "buyer"],
    ];
    await refused(
      question({ steps }, "/v1/funnel"),
      400,
      "invalid_params",
      "/steps/1/2",
      /did you mean "Buyers"\? Allowed: Buyers, /,
    );
    const get = ask('/v1/stats?filters=[["is","segment","x"]]', { key: project.keys.rk });
    await refused(get, 400, "invalid_params", "?filters", /unknown value "x"\. Allowed: /);
    for (const name of ["Buyers", named[0].id]) {
      const foreign = question({ filters: [["is", "segment", name]] }, "/v1/stats", other.keys.rk);
      await refused(foreign, 400, "invalid_params", "/filters/0/2", /the project has no segments/);
    }
  });

  test("may not be more than one that is written out", async () => {
    const wide = [["is", "path", Array.from({ length: 100 }, (_, at) => `/${"x".repeat(100)}${at}`)]];
    const names = [];
    for (let at = 0; at < 11; at++) names.push((await made(`Wide ${at}`, wide)).name);
    const ten = names.slice(0, 10);
    assert.deepEqual(await stats([["is", "segment", ten], ...ten.map((name) => ["is_not", "segment", name])]), [0, 0]);
    const question = (filters) => ask("/v1/stats", { key: project.keys.rk, body: { filters, date_range: range } });
    await refused(question([["is", "segment", names]]), 400, "invalid_params", "/filters/0/2/10", /10 segments/);
    const long = (mark) => Array.from({ length: 45 }, (_, at) => `${mark}${"x".repeat(350)}${at}`);
    const four = [];
    for (let at = 0; at < 4; at++) four.push((await made(`Long ${at}`, [["is", "path", long(at)]])).name);
    assert.deepEqual(await stats([["is", "segment", four.slice(0, 3)]]), [0, 0]);
    const [status, problem] = await question([["is", "segment", four]]);
    assert.deepEqual([status, problem.error], [400, "invalid_params"], JSON.stringify(problem));
    assert.match(problem.detail, /too long values/);
    const many = Array.from({ length: 60 }, () => ["is", "segment", ["Wide 0"]]);
    await refused(question(many), 400, "invalid_params", "/filters/50", /at most 100 conditions/);
  });
});
