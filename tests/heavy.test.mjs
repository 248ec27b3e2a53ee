// Questions that are too heavy: the store ends them, and the answer says what to do.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { ask, newProject, select } from "./harness/stack.mjs";

let project;

before(async () => {
  project = await newProject("heavy", "--unlimited");
  // 4 KB of properties each, that are looked through again and again.
  await select(
    `INSERT INTO events (project_id, env, timestamp, event_id, event, received_at, anonymous_id, confidence, properties)
     SELECT {project:UUID}, 'live', toDateTime64('2026-10-01 00:00:00', 3, 'UTC') + number, concat('e', toString(number)),
     'pageview', now64(3), concat('visitor-', toString(number % 5000)), 'low',
     concat('{"text":"', repeat('x', 4000), '","n":', toString(number), '}') FROM numbers(400000)`,
    { project: project.project_id },
  );
});

const heavy = ["or", Array.from({ length: 40 }, (_, n) => ["is", `prop:key-${n}`, "none"])];

test("the store ends them after ten seconds: 504 for numbers, funnels and retention", async () => {
  const ask504 = async (route, body) => {
    const begin = performance.now();
    const asked = { key: project.keys.rk, body: { ...body, date_range: ["2026-10-01", "2026-10-31"] } };
    const [status, problem] = await ask(`/v1/${route}`, asked);
    const seconds = (performance.now() - begin) / 1000;
    assert.deepEqual([status, problem.error], [504, "query_timeout"], `${route} ${seconds} s ${problem.detail}`);
    assert.match(problem.detail, /narrow the period/);
    assert.ok(seconds > 9, `${route} ${seconds} s`);
  };
  await Promise.all([
    ask504("stats", { metrics: ["events"], filters: [heavy] }),
    ask504("funnel", { steps: [heavy, ["not", heavy]] }),
    ask504("retention", { cohort_by: heavy, return: ["not", heavy] }),
  ]);
  // Statements with so many values are these alone.
  const running =
    "SELECT count() AS n FROM system.processes WHERE query LIKE '%{p35_string%' AND query NOT LIKE '%processes%'";
  for (const end = Date.now() + 5000; Number((await select(running))[0].n) > 0; ) {
    assert.ok(Date.now() < end, "the store goes on for nobody");
    await new Promise((done) => setTimeout(done, 100));
  }
});
