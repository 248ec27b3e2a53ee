// What happens when a store is down, slow, or lies: a typed answer in time, and nothing that looks like success.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import { answer, faultyWay } from "./harness/proxy.mjs";
import { ask, newProject, rowsOf, stack } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";
import { startWorker } from "./harness/worker.mjs";

/**
 * Within three seconds, by the clock of the Worker (`tests/native/sink.rs` measures them with a clock of its own). A busy
 * machine answers later; what waits for a store that never answers, never.
 */
const IN_TIME = 15;

let project;
let events;
let control;
let worker;

before(async () => {
  project = await newProject("failure");
  events = await faultyWay(stack.clickhouse_url);
  control = await faultyWay(stack.postgrest_url);
  worker = await startWorker({ CLICKHOUSE_URL: events.url, SUPABASE_URL: control.url, INGEST_SINK: "direct" });
});
after(async () => {
  await worker?.stop();
  events?.close();
  control?.close();
});

async function timed(path, options) {
  const begin = performance.now();
  const [status, body, headers] = await ask(path, { base: worker.url, ...options });
  return { status, body, headers, seconds: (performance.now() - begin) / 1000 };
}
const track = (event_id, key = project.keys.sk) => timed("/v1/track", { key, body: { event: "e", event_id } });

function unavailable(result, error) {
  assert.deepEqual([result.status, result.body.error], [503, error], JSON.stringify(result.body));
  assert.ok(Number(result.headers.get("retry-after")) >= 1);
  assert.ok(result.seconds < IN_TIME, `${result.seconds} s`);
}

const lies = {
  "an HTML page": answer(200, "<html>hello</html>"),
  "an empty 200": answer(200, ""),
  "a gateway's 502": answer(502, "bad gateway"),
  "its own 500": answer(500, '{"code":"XX000","message":"secret detail"}'),
};

describe("the control plane and segments", () => {
  before(async () => {
    const body = { name: "Views", filters: [["is", "event", "view"]] };
    assert.equal((await timed("/v1/segments", { key: project.keys.sk, body })).status, 201);
    assert.equal((await timed("/v1/stats", { key: project.keys.rk })).status, 200);
  });
  after(() => control.become("pass"));

  for (const mode of ["refuse", "hang"]) {
    test(`${mode}: 503 where segments are named, and an answer where none are`, async () => {
      control.become(mode);
      const ask = (filters) => timed("/v1/stats", { key: project.keys.rk, body: { filters } });
      const named = await ask([["is", "segment", "Views"]]);
      unavailable(named, "control_plane_unavailable");
      assert.match(named.body.detail, /segments/);
      unavailable(await timed("/v1/segments", { key: project.keys.rk }), "control_plane_unavailable");
      assert.equal((await ask([["is", "event", "view"]])).status, 200);
      control.become("pass");
      assert.equal((await ask([["is", "segment", "Views"]])).status, 200);
    });
  }
});

describe("the event store", () => {
  before(() => track("warm"));
  after(() => events.become("pass"));

  for (const mode of ["refuse", "hang"]) {
    test(`${mode}: 503 on track, and nothing was promised`, async () => {
      events.become(mode);
      unavailable(await track(`lost-${mode}`), "store_unavailable");
    });
  }

  test("refuse: 503 on stats and ready, health stays", async () => {
    events.become("refuse");
    unavailable(await timed("/v1/stats", { key: project.keys.rk }), "store_unavailable");
    const ready = await timed("/ready");
    assert.deepEqual([ready.status, ready.body.checks.event_store], [503, "unavailable"]);
    assert.equal((await timed("/health")).status, 200);
  });

  test("hang: stats says so in time, ready too", async () => {
    events.become("hang");
    unavailable(await timed("/v1/stats", { key: project.keys.rk }), "store_unavailable");
    const ready = await timed("/ready");
    assert.equal(ready.status, 503);
    assert.ok(ready.seconds < IN_TIME);
  });

  test("slow questions do not pile up: 40 of a project at a time", async () => {
    const own = await newProject("failure-at-once");
    await timed("/v1/stats", { key: own.keys.rk });
    events.become("hang");
    // As many as the rate lets in, until there are more at a time than 40: none is answered for two seconds.
    const all = [];
    let refused;
    await until(
      () => {
        const one = timed("/v1/stats", { key: own.keys.rk }).then((answer) => {
          if (/being answered already/.test(answer.body.detail)) refused ??= answer;
          return answer;
        });
        all.push(one);
        return refused;
      },
      "one too many is refused",
      { pause: 25 },
    );
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get("retry-after")) >= 1);
    const answers = await Promise.all(all);
    assert.ok(answers.every(({ status }) => status === 503 || status === 429));
    assert.ok(answers.filter(({ status }) => status === 503).length >= 40, "not before there are 40");
    events.become("pass");
    assert.equal((await timed("/v1/stats", { key: own.keys.rk })).status, 200, "and all is well afterwards");
  });

  test("garbage: 502 or 503, never a 2xx", async () => {
    events.become("garbage");
    for (const result of [await track("garbage"), await timed("/v1/stats", { key: project.keys.rk })]) {
      assert.ok([502, 503].includes(result.status), String(result.status));
    }
  });

  test("its errors stay inside", async () => {
    events.become(answer(404, "Code: 60. DB::Exception: Table secret_table", { "X-ClickHouse-Exception-Code": "60" }));
    for (const result of [await track("x"), await timed("/v1/stats", { key: project.keys.rk })]) {
      assert.deepEqual([result.status, result.body.error], [502, "upstream_failed"]);
      assert.ok(!JSON.stringify(result.body).includes("secret_table"));
    }
    assert.match(worker.log(), /secret_table/, "the log says why");
  });

  test("an error behind a 200 is an error", async () => {
    events.become(answer(200, "Code: 241. Memory limit exceeded", { "X-ClickHouse-Exception-Code": "241" }));
    const result = await timed("/v1/stats", { key: project.keys.rk });
    assert.deepEqual([result.status, result.body.error], [504, "query_timeout"]);
    events.become(lies["an HTML page"]);
    assert.equal((await timed("/v1/stats", { key: project.keys.rk })).body.error, "upstream_failed");
  });

  test("back again: work goes on at once", async () => {
    events.become("pass");
    assert.equal((await track("back")).status, 202);
    const ids = (await rowsOf(project.project_id)).map((row) => row.event_id);
    assert.ok(ids.includes("back") && ids.includes("warm"));
    assert.ok(!ids.includes("lost-refuse"));
  });
});

describe("the control plane", () => {
  let fresh;
  before(async () => {
    fresh = await newProject("failure-fresh");
    await track("known");
  });
  after(() => control.become("pass"));

  for (const [name, mode] of [
    ["refuse", "refuse"],
    ["hang", "hang"],
    ["garbage", "garbage"],
    ...Object.entries(lies),
  ]) {
    test(`${name}: a known key goes on, an unknown one gets 5xx and never 401`, async () => {
      control.become(mode);
      assert.equal((await track(`known-${name}`)).status, 202);
      const unknown = await track("unknown", fresh.keys.sk);
      assert.ok(unknown.status === 503 || unknown.status === 502, `${unknown.status}`);
      assert.ok(["control_plane_unavailable", "upstream_failed"].includes(unknown.body.error), unknown.body.error);
      assert.ok(unknown.seconds < IN_TIME);
      assert.ok(!JSON.stringify(unknown.body).includes("secret detail"));
      if (mode === "refuse" || mode === "hang") unavailable(unknown, "control_plane_unavailable");
    });
  }

  test("gone under load: cached keys keep working, unknown ones get 503, and all is well within 30 s", async () => {
    control.become("pass");
    await track("load-warm");
    const seen = { known: new Map(), unknown: new Map() };
    const others = await Promise.all(Array.from({ length: 4 }, () => newProject("failure-load")));
    const count = (which, status) => seen[which].set(status, (seen[which].get(status) ?? 0) + 1);
    const load = async (milliseconds) => {
      const end = performance.now() + milliseconds;
      // A busy machine needs longer for as many questions.
      const enough = () => performance.now() > end && seen.known.get(200) > 30;
      const client = async (index) => {
        for (const late = end + 60_000; !enough() && performance.now() < late; ) {
          count("known", (await timed("/v1/stats", { key: project.keys.sk })).status);
          count("unknown", (await track(`load-${index}`, others[index % 4].keys.sk)).status);
        }
      };
      await Promise.all(Array.from({ length: 8 }, (_, index) => client(index)));
    };
    control.become("refuse");
    await load(3000);
    // Of the known key's questions some meet their own rate limit; none meets a refusal.
    assert.ok(
      [...seen.known.keys()].every((status) => status === 200 || status === 429),
      JSON.stringify([...seen.known]),
    );
    assert.ok(seen.known.get(200) > 30);
    assert.deepEqual([...seen.unknown.keys()], [503]);
    control.become("pass");
    for (const { keys } of others)
      await until(async () => (await track("load-back", keys.sk)).status === 202, "it is back", { limit: 30 });
  });

  test("back again: the unknown key is looked up", async () => {
    control.become("pass");
    assert.equal((await track("found", fresh.keys.sk)).status, 202);
  });
});

test("without its settings the Worker says which are missing, and nothing else", async () => {
  const bare = await startWorker({ KEY_PEPPER: undefined, CLICKHOUSE_URL: "not a url" });
  try {
    const [status, ready] = await ask("/ready", { base: bare.url });
    assert.deepEqual([status, ready.missing], [503, ["KEY_PEPPER"]]);
    const [other, problem] = await ask("/v1/stats", { base: bare.url, key: project.keys.rk });
    assert.ok(other >= 500, String(other));
    assert.ok(!JSON.stringify(problem).includes("PEPPER"));
    assert.equal((await ask("/health", { base: bare.url }))[0], 200);
  } finally {
    await bare.stop();
  }
});

test("a client that does not send what it announced is told so in the end, and holds nothing", async () => {
  const { hostname, port } = new URL(worker.url);
  const stalled = (path, length) =>
    new Promise((done) => {
      const begin = performance.now();
      const socket = net.connect(Number(port), hostname, () => {
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${project.keys.sk}\r\n` +
            `Content-Type: application/json\r\n${length}\r\n\r\n1\r\n{`,
        );
      });
      socket.on("error", () => {});
      socket.once("data", (data) => {
        socket.destroy();
        done({ line: String(data).split("\r\n")[0], seconds: (performance.now() - begin) / 1000 });
      });
      socket.setTimeout(90_000, () => socket.destroy() && done({ line: "nothing", seconds: 90 }));
    });
  const ways = ["Content-Length: 100", "Content-Length: 100000", "Transfer-Encoding: chunked"];
  const paths = ["/v1/batch", "/v1/stats"];
  const all = paths.flatMap((path) => ways.map((way) => [path, way]));
  // A question has at most 64 KiB: more is refused before it is sent.
  const [[, large]] = all.filter(([path, way]) => path === "/v1/stats" && way.endsWith("100000"));
  assert.match((await stalled("/v1/stats", large)).line, /^HTTP\/1.1 413 /);
  const slow = all.filter(([path, way]) => path !== "/v1/stats" || way !== large);
  for (const { line, seconds } of await Promise.all(slow.map(([path, way]) => stalled(path, way)))) {
    assert.match(line, /^HTTP\/1.1 400 /);
    assert.ok(seconds > 10, `${seconds} s`);
  }
});
