// GET /v1/export: all events of a period as a file.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { handedOn } from "../src/shell/export.js";
import { faultyWay } from "./harness/proxy.mjs";
import { ask, call, newProject, ownDatabase, select, stack } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";
import { startWorker } from "./harness/worker.mjs";

const october = "from=2026-10-01&to=2026-11-01";
const properties = '{ "plan": "pro",\n "note": "a,\\"b\\"\\n\\u00e9", "n": 1.50 }';
let project;
let other;
let trial;

before(async () => {
  [project, other, trial] = await Promise.all([
    newProject("export", "--unlimited"),
    newProject("export-other", "--unlimited"),
    newProject("export-test", "--env", "test"),
  ]);
  const whole = `{"event":"purchase","event_id":"whole","timestamp":"2026-10-20T10:00:00.123Z","anonymous_id":"ada",
    "url":"https://example.com/buy","title":"a, \\"b\\"\\n","revenue":{"amount":"19.99","currency":"EUR"},"properties":${properties}}`;
  const events = [
    { event: "signup", event_id: "s", timestamp: "2026-10-21T10:00:00Z", anonymous_id: "bob" },
    { event: "signup", event_id: "bot", timestamp: "2026-10-21T10:00:00Z", context: { user_agent: "curl/8" } },
  ];
  for (const body of [`[${whole}]`, { events }]) {
    assert.equal((await ask("/v1/batch", { key: project.keys.sk, body }))[0], 202);
  }
  for (const { keys } of [other, trial]) await ask("/v1/track", { key: keys.sk, body: events[0] });
});

async function lines(query, key = project.keys.rk) {
  const response = await call(`/v1/export?${query}`, { key });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.ok(text.endsWith("\n"));
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("formats", () => {
  test("NDJSON: the rows of /v1/query and a last line that says that all are there", async () => {
    const [status, { rows }] = await ask(`/v1/query?${october}&bots=true`, { key: project.keys.rk });
    assert.deepEqual([status, rows.length], [200, 3]);
    const found = await lines(`${october}&bots=true`);
    assert.deepEqual(found.pop(), { $end: { complete: true, rows: 3 } });
    const byId = (a, b) => (a.event_id < b.event_id ? -1 : 1);
    assert.deepEqual(found.sort(byId), rows.sort(byId));
    const response = await call(`/v1/export?${october}`, { key: project.keys.rk });
    assert.equal(response.headers.get("content-type"), "application/x-ndjson");
    assert.equal(response.headers.get("content-disposition"), 'attachment; filename="events.ndjson"');
    assert.equal(response.headers.get("cache-control"), "private, no-store");
    // To the byte, but for the line break between two members.
    assert.ok((await response.text()).includes(properties.replace("\n", " ")));
  });

  test("CSV with a line of names", async () => {
    const response = await call(`/v1/export?${october}&format=csv&event=purchase`, { key: project.keys.rk });
    const text = await response.text();
    const [head] = text.split("\n");
    assert.ok(head.startsWith('"event_id","event","timestamp"') && head.endsWith('"revenue","currency","properties"'));
    assert.ok(text.slice(head.length + 1).startsWith('"whole","purchase","2026-10-20T10:00:00.123Z",'), text);
    assert.ok(text.endsWith(`,19.99,"EUR","${properties.replaceAll('"', '""')}"\n`), text);
    const empty = await (
      await call("/v1/export?format=csv&from=2026-09-01&to=2026-09-02", { key: project.keys.rk })
    ).text();
    assert.equal(empty, `${head}\n`);
  });

  test("Parquet, which the store itself can read again", async () => {
    const response = await call(`/v1/export?${october}&format=parquet&event=purchase`, { key: project.keys.rk });
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(response.headers.get("content-type"), "application/vnd.apache.parquet");
    assert.deepEqual([bytes.subarray(0, 4).toString(), bytes.subarray(-4).toString()], ["PAR1", "PAR1"]);
    const [row] = await select(
      `SELECT event_id, toTypeName(timestamp) AS type, toString(revenue) AS revenue, properties
       FROM format(Parquet, base64Decode('${bytes.toString("base64")}'))`,
    );
    assert.match(row.type, /DateTime64\(3/);
    assert.deepEqual([row.event_id, row.revenue, row.properties], ["whole", "19.99", properties]);
  });
});

test("filters, periods, and one's own project and env alone", async () => {
  const ids = async (...args) => (await lines(...args)).slice(0, -1).map(({ event_id }) => event_id);
  assert.deepEqual(await ids(`${october}&event=signup`), ["s"]);
  const filters = encodeURIComponent('[["exists","revenue"]]');
  assert.deepEqual(await ids(`${october}&filters=${filters}`), ["whole"]);
  assert.deepEqual(await ids("from=2026-10-21&to=2026-10-22"), ["s"]);
  assert.deepEqual(await lines("from=2026-09-01&to=2026-09-02"), [{ $end: { complete: true, rows: 0 } }]);
  assert.deepEqual(await ids(october, other.keys.rk), ["s"]);
  assert.deepEqual(await ids(october, trial.keys.rk), ["s"]);
  assert.deepEqual(await ids(`${october}&project=${other.slug}`, other.keys.ak), ["s"]);
  const hostile = encodeURIComponent("' OR 1=1 --");
  assert.deepEqual(await ids(`${october}&event=${hostile}`), []);
  for (const [query, path] of [
    ["format=xml", "?format"],
    ["limit=5&cursor=x", "?cursor"],
    [`project=${other.slug}`, "?project"],
    ["from=2001-01-01", "?from"],
    ["filters=[[%22is%22,%22entry_path%22,%22/%22]]", "?filters"],
  ]) {
    const [status, problem] = await ask(`/v1/export?${query}`, { key: project.keys.rk });
    assert.equal(status, 400, query);
    assert.ok(query.startsWith("limit") || problem.fields[0].path === path, query);
  }
  const [status, problem] = await ask(
    `/v1/export?${october}&filters=${encodeURIComponent('[["matches","path","(["]]')}`,
    {
      key: project.keys.rk,
    },
  );
  assert.deepEqual([status, problem.error, problem.fields[0].path], [400, "invalid_params", "?filters"]);
  assert.equal((await call("/v1/export", { key: project.keys.pk })).status, 403);
  const head = await call(`/v1/export?${october}`, { key: project.keys.rk, method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
});

describe("a million events", () => {
  const rows = 1_000_000;
  let large;
  let own;
  let way;
  /** A Worker on bare workerd, and a way to the store that can be cut. */
  let worker;
  const exports = "current_database = {database:String} AND query LIKE '%properties%'";
  const running = async () => {
    const sql = `SELECT count() AS n FROM system.processes WHERE ${exports}`;
    return Number((await select(sql, { database: own.database }))[0].n);
  };
  /** The Worker's largest size so far, in MiB. */
  const size = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${worker.pid}/status`, "utf8"))[1]) / 1024;
  const file = (query, more = {}) =>
    call(`/v1/export?${october}${query}`, { key: large.keys.rk, base: worker.url, ...more });
  /** Tries until the project's turn is given back. */
  const turn = (query) =>
    until(async () => {
      const response = await file(query);
      if (response.status === 200) return response;
      assert.equal(response.status, 429);
      await response.arrayBuffer();
    }, "the project's turn is given back");

  before(async () => {
    large = await newProject("export-large", "--unlimited");
    way = await faultyWay(stack.clickhouse_url);
    // What scans everything, the meter for one, need not pass a million rows for the rest of the run.
    own = await ownDatabase("export");
    worker = await startWorker({ CLICKHOUSE_URL: way.url, CLICKHOUSE_DATABASE: own.database });
    await select(
      `INSERT INTO events (project_id, env, timestamp, event_id, event, received_at, anonymous_id, url, path, source,
       properties)
       SELECT {project:UUID}, 'live', toDateTime64('2026-10-01 00:00:00', 3, 'UTC') + number, concat('e', toString(number)),
       'pageview', now64(3), concat('visitor-', toString(number % 5000)), concat('https://example.com/', toString(number)),
       concat('/', toString(number)), 'direct', concat('{"n":', toString(number), '}') FROM numbers(${rows})`,
      { project: large.project_id },
      own.database,
    );
  });

  after(async () => {
    await worker?.stop();
    await own?.drop();
    way?.close();
  });

  test("come as they are, and the Worker stays small", async (context) => {
    const idle = size();
    const begin = performance.now();
    const response = await file("");
    assert.equal(response.status, 200);
    let bytes = 0;
    let newlines = 0;
    let half = 0;
    let last = Buffer.alloc(0);
    for await (const piece of response.body) {
      bytes += piece.length;
      for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) newlines++;
      if (!half && newlines > rows / 2) half = size() - idle;
      last = Buffer.concat([last, piece]).subarray(-200);
    }
    const seconds = (performance.now() - begin) / 1000;
    assert.deepEqual(JSON.parse(last.toString().trim().split("\n").at(-1)), { $end: { complete: true, rows } });
    assert.equal(newlines, rows + 1);
    const whole = size() - idle;
    const mib = (bytes / 2 ** 20).toFixed();
    context.diagnostic(
      `${mib} MiB in ${seconds.toFixed(1)} s; MiB over idle: ${half.toFixed()} at half, ${whole.toFixed()} at the end`,
    );
    // What was passed on becomes garbage, of which V8 lets some lie; it does not add up.
    assert.ok(whole < 160 && whole - half < 40, `${half} MiB over idle at half, ${whole} at the end`);
  });

  test("one at a time for a project; whoever leaves ends the query and makes room", async () => {
    const leaving = new AbortController();
    const first = await file("", { signal: leaving.signal });
    assert.equal(first.status, 200);
    const second = await file("");
    assert.deepEqual([second.status, second.headers.get("retry-after")], [429, "10"]);
    assert.equal((await second.json()).error, "rate_limited");
    // Another project's is not in its way.
    assert.equal((await file("", { key: other.keys.rk })).status, 200);
    await until(async () => (await running()) === 1, "the large one alone goes on");
    leaving.abort();
    await until(async () => (await running()) === 0, "the store does not go on for nobody");
    await (await turn("&event=none")).text();
  });

  test("a query that is ended in the middle: the last line says that rows are missing", async () => {
    const response = await turn("");
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value;
    await select(`KILL QUERY WHERE ${exports} ASYNC`, { database: own.database });
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
    const all = text.trim().split("\n");
    const { $end } = JSON.parse(all.pop());
    assert.deepEqual($end, { complete: false, rows: all.length });
    assert.ok($end.rows > 0 && $end.rows < rows);
    for (const line of all) assert.ok(JSON.parse(line).event_id);
    // The log is read through a pipe, which may come after the answer.
    await until(() => /an export was interrupted after \d+ rows/.test(worker.log()), "the log says so");
  });

  test("a connection that is cut in the middle: so is the CSV's, and what comes next works", async () => {
    const response = await turn("&format=csv");
    const reader = response.body.getReader();
    await reader.read();
    way.become("refuse");
    await assert.rejects(async () => {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read());
    });
    const unreachable = await file("");
    assert.equal(unreachable.status, 503);
    assert.equal((await unreachable.json()).error, "store_unavailable");
    way.become("pass");
    assert.match(await (await turn("&event=none")).text(), /"complete":true,"rows":0/);
  });
});

describe("a store that breaks off", () => {
  const row = (n) => `{"event_id":"${n}","properties":{}}\n`;
  const many = Array.from({ length: 3000 }, (_, n) => row(n)).join("");
  const tag = randomUUID().slice(0, 16);
  const exception = `\r\n__exception__\r\n${tag}\r\nCode: 159. DB::Exception: Timeout. (TIMEOUT_EXCEEDED) 60 ${tag}\r\n__exception__\r\n`;
  /** @param {string[]} pieces */
  const body = (pieces, breaks = false) =>
    new ReadableStream({
      type: "bytes",
      pull(controller) {
        const piece = pieces.shift();
        if (piece !== undefined) return controller.enqueue(new TextEncoder().encode(piece));
        if (breaks) controller.error(new Error("reset"));
        else controller.close();
        // A byte stream that ends answers the read that waits.
        controller.byobRequest?.respond(0);
      },
    });
  const read = (...args) => new Response(handedOn(.../** @type {[any, any, any]} */ (args))).text();
  const end = (text) => JSON.parse(text.trim().split("\n").at(-1)).$end;

  test("NDJSON says so after the last whole row, and nothing of the store's words", async () => {
    for (const [broken, rows] of /** @type {[ReadableStream, number][]} */ ([
      [body([many, exception]), 3000],
      [body([`${many}{"event_id":"x"`, exception], true), 3000],
      [body([`${many}{"a":{}`, exception], true), 3000],
      [body([many.slice(0, -5)], true), 2999],
      [body([exception]), 0],
      [body(["Code: 159. DB::Exception: Timeout. (version 24.8.1.1 (official build))\n"]), 0],
      [body([], true), 0],
    ])) {
      const text = await read(broken, "ndjson", "");
      assert.deepEqual(end(text), { complete: false, rows });
      assert.ok(!text.includes("Exception") && !text.includes(tag));
      assert.equal(text.trim().split("\n").length, rows + 1);
    }
    const whole = await read(body([many.slice(0, 50_000), many.slice(50_000)]), "ndjson", "");
    assert.deepEqual([whole.startsWith(many), end(whole)], [true, { complete: true, rows: 3000 }]);
    // Words that look like an error are a row like any other.
    const lookalike = `{"title":"Code: 1. DB::Exception: __exception__ (version 1)"}\n`;
    assert.ok((await read(body([lookalike]), "ndjson", "")).startsWith(lookalike));
  });

  test("CSV and Parquet break off, too", async () => {
    const csv = '"a","b"\n'.repeat(9000);
    assert.ok((await read(body([csv]), "csv", "head\n")) === `head\n${csv}`);
    assert.equal(await read(body([]), "csv", "head\n"), "head\n");
    assert.equal(await read(body(["PAR1...PAR1"]), "parquet", ""), "PAR1...PAR1");
    for (const [format, broken] of /** @type {[string, ReadableStream][]} */ ([
      ["csv", body([csv, exception])],
      ["csv", body([csv, "Code: 159. DB::Exception: (version 24.8.1.1)\n"])],
      ["csv", body([csv], true)],
      ["parquet", body(["PAR1...", exception])],
      ["parquet", body([])],
    ])) {
      await assert.rejects(read(broken, format, ""), format);
    }
  });
});
