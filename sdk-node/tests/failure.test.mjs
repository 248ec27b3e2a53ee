// The way to the Worker fails, or the Worker refuses: nothing is lost that can be kept, and what is lost is told.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { answer, faultyWay } from "../../tests/harness/proxy.mjs";
import { newProject, rowsOf, stack } from "../../tests/harness/stack.mjs";
import { client, problem, recordingWay, until } from "./harness.mjs";

let project;
let faulty;
before(async () => {
  project = await newProject("node-failure", "--unlimited");
  faulty = await faultyWay(stack.worker_url);
});
after(() => faulty?.close());
const ids = async () => (await rowsOf(project.project_id)).map((row) => row.event_id);
const sent = (events) => events.map(({ event_id }) => event_id).join();

describe("while the way is faulty", () => {
  const faults = {
    refuse: "refuse",
    hang: "hang",
    garbage: "garbage",
    "swallowed answers": "swallow",
    "a gateway's page": answer(502, "<html>bad gateway</html>"),
    "a success that is none": answer(200, "<html>welcome to the hotel's network</html>"),
  };
  for (const [name, mode] of Object.entries(faults)) {
    test(`${name}: events wait, and are stored once when it works again`, async () => {
      faulty.become(mode);
      const it = client({ key: project.keys.sk, host: faulty.url, requestTimeout: 400 });
      const mine = Array.from({ length: 30 }, () => it.track({ event: "kept" }));
      await until(() => faulty.taken() >= 2, "it is tried again");
      mine.push(it.track({ event: "kept" }));
      assert.deepEqual([it.counts.pending, it.counts.delivered, it.errors.length], [31, 0, 0]);
      faulty.become("pass");
      await it.flush();
      assert.deepEqual([it.counts.delivered, it.errors.length], [31, 0]);
      const all = await ids();
      assert.ok(mine.every((id) => all.filter((other) => other === id).length === 1));
    });
  }
});

describe("an answer of", () => {
  for (const [name, first] of Object.entries({
    429: problem(429, "rate_limited", { "retry-after": "1" }),
    503: problem(503, "store_unavailable", { "retry-after": "1" }),
    500: problem(500, "internal_error"),
    "nothing, the connection is cut": "cut",
  })) {
    test(`${name}: the batch goes again whole, before anything else`, async () => {
      const way = await recordingWay(stack.worker_url, (n) => (n === 0 ? first : undefined));
      const it = client({ key: project.keys.sk, host: way.url });
      for (let n = 0; n < 25; n++) it.track({ event: "again" });
      await until(() => way.seen.length === 1, "the first attempt");
      for (let n = 0; n < 25; n++) it.track({ event: "after" });
      await it.flush();
      way.close();
      const [a, b, c, ...more] = way.seen;
      assert.deepEqual([a.events.length, sent(b.events), c.events.length, more.length], [25, sent(a.events), 25, 0]);
      // The same bytes: id and time do not change.
      assert.deepEqual(b.events, a.events);
      if (name === "429" || name === "503") assert.ok(b.at - a.at >= 990, `${b.at - a.at} ms`);
      assert.deepEqual([it.counts.delivered, it.errors.length], [50, 0]);
    });
  }

  test("4xx: the batch is lost, told with its events, and sending goes on", async () => {
    const refusals = [
      problem(401, "revoked_api_key"),
      problem(402, "quota_exceeded"),
      { status: 302, headers: { location: "/elsewhere" }, body: "" },
    ];
    const way = await recordingWay(stack.worker_url, (n) => refusals[n]);
    const it = client({ key: project.keys.sk, host: way.url });
    const codes = [];
    for (const _ of refusals) {
      const id = it.track({ event: "refused" });
      await it.flush();
      const [error] = it.errors.splice(0);
      codes.push([error.code, error.status, error.lost]);
      assert.equal(sent(error.events), id);
    }
    assert.deepEqual(codes, [
      ["revoked_api_key", 401, 1],
      ["quota_exceeded", 402, 1],
      ["invalid_answer", 302, 1],
    ]);
    it.track({ event: "fine" });
    await it.flush();
    way.close();
    assert.deepEqual([it.counts.delivered, it.counts.dropped, way.seen.length], [1, 3, 4]);
  });
});

test("the Worker's own limit slows sending down and loses nothing", async () => {
  const { keys, project_id } = await newProject("node-limits", "--events-per-second", "500", "--burst", "1000");
  const way = await recordingWay(stack.worker_url);
  const it = client({ key: keys.sk, host: way.url });
  for (let n = 0; n < 3000; n++) it.track({ event: "many" });
  await it.flush();
  way.close();
  assert.deepEqual([it.counts.delivered, it.errors.length], [3000, 0]);
  assert.ok(way.seen.some(({ status }) => status === 429));
  assert.equal((await rowsOf(project_id)).length, 3000);
});

describe("what is given up", () => {
  test("a batch after maxRetries, with the last reason", async () => {
    const way = await recordingWay(stack.worker_url, () => problem(503, "store_unavailable"));
    const it = client({ key: project.keys.sk, host: way.url, maxRetries: 2 });
    const mine = [it.track({ event: "e" }), it.track({ event: "e" })];
    await it.flush();
    way.close();
    const [error, ...others] = it.errors;
    assert.deepEqual([error.code, error.lost, sent(error.events)], ["store_unavailable", 2, mine.join()]);
    assert.deepEqual([way.seen.length, others.length, it.counts.dropped, it.counts.pending], [3, 0, 2, 0]);
  });

  test("the oldest that wait when the queue is full: counted, told in sum", async () => {
    faulty.become("hang");
    const it = client({ key: project.keys.sk, host: faulty.url, maxQueue: 100, requestTimeout: 500, flushAt: 10 });
    const onTheirWay = Array.from({ length: 10 }, () => it.track({ event: "first" }));
    await until(() => faulty.taken() > 0, "the first batch is on its way");
    const later = Array.from({ length: 290 }, () => it.track({ event: "later" }));
    assert.deepEqual(it.counts, { pending: 100, delivered: 0, rejected: 0, dropped: 200 });
    await until(() => it.errors.length > 0, "the drops are told");
    const [{ code, lost, events }] = it.errors;
    assert.deepEqual([code, lost, events.length], ["queue_full", 200, 0]);
    faulty.become("pass");
    await it.flush();
    assert.deepEqual(it.counts, { pending: 0, delivered: 100, rejected: 0, dropped: 200 });
    const all = new Set(await ids());
    // What was on its way, and the newest.
    for (const id of [...onTheirWay, ...later.slice(200)]) assert.ok(all.has(id));
    assert.ok(!later.slice(0, 200).some((id) => all.has(id)));
  });

  test("at shutdown what is not delivered in time, with all that waits", async () => {
    faulty.become("hang");
    const it = client({ key: project.keys.sk, host: faulty.url });
    for (let n = 0; n < 1500; n++) it.track({ event: "late" });
    await until(() => faulty.taken() > 0, "a batch is on its way");
    const begin = performance.now();
    await it.shutdown({ timeout: 700 });
    const took = performance.now() - begin;
    faulty.become("pass");
    assert.ok(took >= 690 && took < 9000, `${took} ms`);
    assert.deepEqual(
      it.errors.map(({ code, lost }) => [code, lost]),
      [
        ["shut_down", 500],
        ["shut_down", 1000],
      ],
    );
    assert.deepEqual([it.counts.pending, it.counts.dropped], [0, 1500]);
  });

  test("not at shutdown, when the Worker comes back in time", async () => {
    faulty.become("refuse");
    const it = client({ key: project.keys.sk, host: faulty.url });
    for (let n = 0; n < 25; n++) it.track({ event: "just in time" });
    const done = it.shutdown({ timeout: 20_000 });
    await until(() => faulty.taken() >= 2, "it is tried again");
    faulty.become("pass");
    await done;
    assert.deepEqual([it.counts.delivered, it.errors.length], [25, 0]);
  });
});

test("an onError that throws or rejects stops nothing and leaves no unhandled rejection", async () => {
  const unhandled = [];
  const warnings = [];
  const note = (reason) => unhandled.push(reason);
  const warn = (warning) => warnings.push(warning.message);
  process.on("unhandledRejection", note).on("warning", warn);
  const refuse = () => problem(401, "revoked_api_key");
  const way = await recordingWay(stack.worker_url, (n) => (n < 2 ? refuse() : undefined));
  let calls = 0;
  const it = client({
    key: project.keys.sk,
    host: way.url,
    onError: () => {
      calls += 1;
      if (calls === 1) throw new Error("thrown by the application");
      return Promise.reject(new Error("rejected by the application"));
    },
  });
  for (let n = 0; n < 3; n++) {
    it.track({ event: "e" });
    await it.flush();
  }
  await until(() => warnings.length >= 2, "both failures are told");
  way.close();
  process.off("unhandledRejection", note).off("warning", warn);
  assert.deepEqual([calls, it.counts.delivered, unhandled.length], [2, 1, 0]);
  assert.equal(warnings.filter((message) => message.startsWith("onError failed")).length, 2);
});
