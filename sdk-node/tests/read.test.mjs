// The read side: what was sent comes back, page by page and as a file.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { answer, faultyWay } from "../../tests/harness/proxy.mjs";
import { newProject, settled, stack } from "../../tests/harness/stack.mjs";
import { client, HeadwaterError, problem, recordingWay } from "./harness.mjs";

const october = /** @type {const} */ ({ from: "2026-10-01", to: "2026-11-01" });
const period = /** @type {const} */ ({ date_range: ["2026-10-01", "2026-10-31"] });
let project;
let own;
let reader;

before(async () => {
  project = await newProject("node-read", "--unlimited");
  own = client({ key: project.keys.sk, host: stack.worker_url });
  reader = client({ key: project.keys.rk, host: stack.worker_url });
  for (let n = 0; n < 60; n++) {
    const visitor = { anonymous_id: `visitor-${n}`, timestamp: new Date(Date.UTC(2026, 9, 5, 10, n)) };
    const source = n % 3 === 0 ? "google" : "newsletter";
    own.page({ ...visitor, url: `https://example.com/?utm_source=${source}&utm_medium=email` });
    if (n % 2 === 0) {
      own.track({ ...visitor, event: "signup", timestamp: new Date(Date.UTC(2026, 9, 13, 10, n)), properties: { n } });
    }
  }
  await own.flush();
  await settled();
});
after(() => own?.shutdown());

const all = async (iterator) => {
  const found = [];
  for await (const one of iterator) found.push(one);
  return found;
};

describe("questions", () => {
  test("stats takes the whole query language", async () => {
    const answer = await reader.stats({ ...period, metrics: ["events", "visitors"], dimensions: ["event"] });
    assert.deepEqual(answer.rows, [
      { event: "pageview", events: 60, visitors: 60 },
      { event: "signup", events: 30, visitors: 30 },
    ]);
    assert.equal((await own.stats()).rows[0].events >= 0, true);
  });

  test("sources takes parameters, conditions among them", async () => {
    const { rows } = await reader.sources({ ...october, breakdown: "source", filters: [["is", "event", "pageview"]] });
    const found = rows.map(({ source, visitors }) => [source, visitors]);
    assert.deepEqual(found, [
      ["newsletter", 40],
      ["google", 20],
    ]);
    const compared = await reader.sources({ ...october, limit: 1, compare: ["2026-09-01", "2026-10-01"] });
    assert.deepEqual([compared.rows.length, compared.rows[0].compare.visitors.previous], [1, 0]);
  });

  test("funnel and retention", async () => {
    const steps = /** @type {import("../src/api.js").Filter[]} */ ([
      ["is", "event", "pageview"],
      ["is", "event", "signup"],
    ]);
    const funnel = await reader.funnel({ ...period, steps, window: "30d" });
    assert.deepEqual(
      funnel.steps.map(({ count }) => count),
      [60, 30],
    );
    const { rows } = await reader.retention({ ...period, interval: "week", periods: 2 });
    const cohorts = rows.filter(({ size }) => size > 0).map(({ size, returned }) => [size, returned]);
    assert.deepEqual(cohorts, [[60, [60, 30]]]);
  });

  test("that are wrong reject with the code, the status and what is at fault", async () => {
    const failed = await reader.stats(/** @type {any} */ ({ metrics: ["nonsense"] })).catch((error) => error);
    assert.ok([HeadwaterError, Error].every((kind) => failed instanceof kind));
    assert.deepEqual([failed.code, failed.status, failed.lost], ["invalid_params", 400, 0]);
    assert.match(failed.message, /^invalid_params: /);
    assert.ok(failed.fields.length > 0 && failed.requestId.startsWith("req_"));
    await assert.rejects(reader.funnel(/** @type {any} */ ({ steps: [] })), HeadwaterError);
    await assert.rejects(all(reader.query({ limit: 0 })), { code: "invalid_params" });
    await assert.rejects(reader.export(/** @type {any} */ ({ format: "xml" })), { code: "invalid_params" });
  });

  test("are asked again where that may help, and no more than that", async () => {
    const busy = problem(429, "rate_limited", { "retry-after": "1" });
    const once = await recordingWay(stack.worker_url, (n) => (n === 0 ? busy : undefined));
    const { rows } = await client({ key: project.keys.rk, host: once.url }).stats({ ...period });
    assert.deepEqual([rows[0].events, once.seen.length], [90, 2]);
    assert.ok(once.seen[1].at - once.seen[0].at >= 990);
    once.close();
    const broken = await recordingWay(stack.worker_url, () => problem(503, "store_unavailable"));
    const impatient = client({ key: project.keys.rk, host: broken.url, maxRetries: 1 });
    await assert.rejects(impatient.stats(), { code: "store_unavailable" });
    assert.equal(broken.seen.length, 2);
    broken.close();
    const page = await faultyWay(stack.worker_url);
    page.become(answer(200, "<html>"));
    await assert.rejects(client({ key: project.keys.rk, host: page.url, maxRetries: 0 }).stats(), {
      code: "invalid_answer",
    });
    page.become("hang");
    const quick = client({ key: project.keys.rk, host: page.url, maxRetries: 0, requestTimeout: 200 });
    await assert.rejects(quick.stats(), { code: "timeout" });
    await assert.rejects(quick.export(), { code: "timeout" });
    page.close();
  });
});

describe("query", () => {
  test("goes over all pages, newest first, each event once", async () => {
    const way = await recordingWay(stack.worker_url);
    const rows = await all(client({ key: project.keys.rk, host: way.url }).query({ ...october, limit: 20 }));
    way.close();
    assert.deepEqual([rows.length, new Set(rows.map(({ event_id }) => event_id)).size, way.seen.length], [90, 90, 5]);
    assert.ok(rows.every(({ timestamp }, n) => n === 0 || timestamp <= rows[n - 1].timestamp));
    assert.deepEqual(rows[0].properties, { n: 58 });
  });

  test("asks for no page that nobody reads", async () => {
    const way = await recordingWay(stack.worker_url);
    let read = 0;
    for await (const { event } of client({ key: project.keys.rk, host: way.url }).query({ ...october, limit: 10 })) {
      assert.equal(event, "signup");
      read += 1;
      if (read === 10) break;
    }
    way.close();
    assert.equal(way.seen.length, 1);
  });

  test("narrows by name and conditions, and is empty where nothing fits", async () => {
    const filters = /** @type {import("../src/api.js").Filter[]} */ ([["gte", "prop:n", 50]]);
    assert.equal((await all(reader.query({ ...october, event: "signup", filters }))).length, 5);
    assert.deepEqual(await all(reader.query({ ...october, event: "nothing" })), []);
  });
});

describe("export", () => {
  test("is a stream of the file", async () => {
    const csv = await new Response(await reader.export({ ...october, format: "csv" })).text();
    assert.equal(csv.trim().split("\n").length, 91);
    const parquet = Buffer.from(
      await new Response(await reader.export({ ...october, format: "parquet" })).arrayBuffer(),
    );
    assert.deepEqual([parquet.subarray(0, 4).toString(), parquet.subarray(-4).toString()], ["PAR1", "PAR1"]);
  });

  test("exported gives the rows of query, one by one", async () => {
    const byId = (a, b) => (a.event_id < b.event_id ? -1 : 1);
    const [exported, queried] = [await all(reader.exported({ ...october })), await all(reader.query({ ...october }))];
    assert.equal(exported.length, 90);
    assert.deepEqual(exported.sort(byId), queried.sort(byId));
  });

  test("exported rejects where the end is missing", async () => {
    const row = '{"event_id":"e"}\n';
    for (const [body, said] of [
      [row, /rows are missing/],
      [`${row}{"$end":{"complete":false,"rows":1}}\n`, /rows are missing/],
      [`${row}{"event_`, /the last line is incomplete/],
    ]) {
      const way = await recordingWay(stack.worker_url, () => ({ status: 200, body }));
      const found = [];
      await assert.rejects(
        async () => {
          for await (const one of client({ key: project.keys.rk, host: way.url }).exported()) found.push(one);
        },
        (/** @type {any} */ error) =>
          error.code === "invalid_answer" && /** @type {RegExp} */ (said).test(error.message),
      );
      way.close();
      assert.deepEqual(found, [{ event_id: "e" }]);
    }
  });
});
