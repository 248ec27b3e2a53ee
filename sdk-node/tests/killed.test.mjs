// The Worker is killed under load, twice: every event is stored, once, and memory stays within its bounds.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, newProject, select } from "../../tests/harness/stack.mjs";
import { startWorker } from "../../tests/harness/worker.mjs";
import { client, LONG, recordingWay, sleep, until } from "./harness.mjs";

const EVENTS = LONG ? 100_000 : 12_000;
/** How long the Worker stays away, in milliseconds. */
const AWAY = LONG ? 5000 : 1500;
const MAX_QUEUE = 10_000;

const storage = mkdtempSync(join(tmpdir(), "headwater-killed-"));
let project;
let worker;
let way;

before(async () => {
  project = await newProject("node-killed", "--unlimited");
  worker = await startWorker({}, storage);
  way = await recordingWay(worker.url);
});
after(async () => {
  way?.close();
  await worker?.stop();
  rmSync(storage, { recursive: true, force: true });
});

test(`${EVENTS} events, two kills`, async () => {
  const it = client({ key: project.keys.sk, host: way.url, maxQueue: MAX_QUEUE, maxRetries: Number.POSITIVE_INFINITY });
  const ids = new Set();
  let most = 0;
  let heap = 0;
  const begin = performance.now();

  const produced = (async () => {
    for (let n = 0; n < EVENTS; n++) {
      // As an application does that would rather wait than lose an event.
      while (it.counts.pending >= MAX_QUEUE) await sleep(5);
      ids.add(it.track({ event: "killed", anonymous_id: `a${n % 1000}`, properties: { n } }));
      if (n % 50 === 0) {
        // What has passed is not the client's to hold.
        for (const request of way.seen) request.events = undefined;
        const { pending } = it.counts;
        most = Math.max(most, pending);
        heap = Math.max(heap, process.memoryUsage().heapUsed);
        await sleep(LONG ? 2 : 5);
      }
    }
  })();
  const kills = (async () => {
    for (const share of [0.25, 0.6]) {
      await until(() => ids.size >= EVENTS * share, "events are made", { limit: 600 });
      // Amid a request, which is then neither answered nor known to be stored.
      const { length } = way.seen;
      await until(() => way.seen.length > length, "a request is on its way");
      await worker.stop();
      const { delivered } = it.counts;
      await sleep(AWAY);
      assert.equal(it.counts.delivered, delivered, "nothing is delivered while the Worker is away");
      worker = await startWorker({}, storage);
      way.target = worker.url;
    }
  })();
  await Promise.all([produced, kills]);
  await it.flush();
  const seconds = (performance.now() - begin) / 1000;
  assert.deepEqual(it.counts, { pending: 0, delivered: EVENTS, rejected: 0, dropped: 0 });
  assert.deepEqual(it.errors, []);
  assert.ok(most <= MAX_QUEUE, `${most} waited`);

  await until(async () => (await ask("/ready", { base: worker.url }))[1].buffer?.events === 0, "the buffer empties", {
    limit: 300,
  });
  const parameters = { project: project.project_id };
  const rows = await select("SELECT event_id FROM events FINAL WHERE project_id = {project:UUID}", parameters);
  assert.equal(rows.length, EVENTS);
  assert.ok(rows.every((row) => ids.delete(row.event_id)) && ids.size === 0);
  const [, stats] = await ask("/v1/stats?metric=events&bots=true", { base: worker.url, key: project.keys.rk });
  assert.deepEqual(stats.rows, [{ events: EVENTS }]);

  const unanswered = way.seen.filter(({ status }) => status === 0).length;
  assert.ok(unanswered >= 2, `${unanswered} requests had no answer`);
  console.log(
    `${EVENTS} events in ${seconds.toFixed(1)} s, ${way.seen.length} requests, ${unanswered} without an answer; ` +
      `at most ${most} waited, heap at most ${(heap / 2 ** 20).toFixed(0)} MiB`,
  );
});
