// Questions that are too heavy: the store ends them, and the answer says what to do.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, newProject, ownDatabase, select } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";
import { startWorker } from "./harness/worker.mjs";

let project;
let own;
let worker;

before(async () => {
  project = await newProject("heavy", "--unlimited");
  // What scans everything, the meter for one, need not pass these rows for the rest of the run.
  own = await ownDatabase("heavy");
  worker = await startWorker({ CLICKHOUSE_DATABASE: own.database });
  // A KB of properties each, looked through again and again. More would make blocks of so many bytes that a busy
  // machine does not look at the time in time.
  await select(
    `INSERT INTO events (project_id, env, timestamp, event_id, event, received_at, anonymous_id, confidence, properties)
     SELECT {project:UUID}, 'live', toDateTime64('2026-10-01 00:00:00', 3, 'UTC') + number, concat('e', toString(number)),
     'pageview', now64(3), concat('visitor-', toString(number % 5000)), 'low',
     concat('{"text":"', repeat('x', 1000), '","n":', toString(number), '}') FROM numbers(1000000)`,
    { project: project.project_id },
    own.database,
  );
});
after(async () => {
  await worker?.stop();
  await own?.drop();
});

const heavy = ["or", Array.from({ length: 40 }, (_, n) => ["is", `prop:key-${n}`, "none"])];

test("the store ends them after ten seconds: 504 for numbers, funnels and retention", async () => {
  const ask504 = async (route, body, again = 5) => {
    const begin = performance.now();
    const asked = {
      key: project.keys.rk,
      base: worker.url,
      body: { ...body, date_range: ["2026-10-01", "2026-10-31"] },
    };
    const [status, problem] = await ask(`/v1/${route}`, asked);
    const seconds = (performance.now() - begin) / 1000;
    // On a busy machine the store may end a query later than the Worker waits for it.
    if (again > 0 && problem.error === "store_unavailable" && seconds > 9) return ask504(route, body, again - 1);
    assert.deepEqual([status, problem.error], [504, "query_timeout"], `${route} ${seconds} s ${problem.detail}`);
    assert.match(problem.detail, /shorter period/);
    assert.ok(seconds > 9, `${route} ${seconds} s`);
  };
  await Promise.all([
    ask504("stats", { metrics: ["events"], filters: [heavy] }),
    ask504("funnel", { steps: [heavy, ["not", heavy]] }),
    ask504("retention", { cohort_by: heavy, return: ["not", heavy] }),
  ]);
  const running = "SELECT count() AS n FROM system.processes WHERE current_database = {database:String}";
  const count = async () => Number((await select(running, { database: own.database }))[0].n);
  await until(async () => (await count()) === 0, "the store does not go on for nobody");
});
