// A process that ends with events in its queue: by itself, by shutdown, and while the Worker is away.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { faultyWay } from "../../tests/harness/proxy.mjs";
import { newProject, rowsOf, stack } from "../../tests/harness/stack.mjs";
import { built, LONG } from "./harness.mjs";

let project;
before(async () => {
  project = await newProject("node-exit", "--unlimited");
});

/** Runs a program with `it`, a client; what it wrote, how it ended and how long it took. */
async function program(text, { host = stack.worker_url, options = "", flags = [] } = {}) {
  const code = `
    import { Headwater } from ${JSON.stringify(built)};
    const say = (...words) => console.log(words.join(" "));
    const it = new Headwater({
      key: process.env.KEY, host: process.env.HOST, onError: (e) => say("lost", e.code, e.lost), ${options}
    });
    ${text}`;
  const begin = performance.now();
  const child = spawn(process.execPath, [...flags, "--input-type=module", "--eval", code], {
    env: { ...process.env, KEY: project.keys.sk, HOST: host, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const status = await new Promise((done) => child.once("close", done));
  return { status, out: out.trim(), err: err.trim(), seconds: (performance.now() - begin) / 1000 };
}
const count = async (event) => (await rowsOf(project.project_id)).filter((row) => row.event === event).length;

describe("a program that comes to its end", () => {
  test("is not kept alive by a client that has nothing to send", async () => {
    const ended = await program("say('ready')", { options: "flushInterval: 60_000" });
    assert.deepEqual([ended.status, ended.out, ended.err], [0, "ready", ""]);
    assert.ok(ended.seconds < 45, `${ended.seconds} s`);
  });

  test("sends what waits before it goes, without waiting for the interval", async () => {
    const text = "for (let n = 0; n < 25; n++) it.track({ event: 'at-exit' }); it.track({ event: 'at-exit' });";
    const ended = await program(text, { options: "flushInterval: 60_000, flushAt: 1000" });
    assert.deepEqual([ended.status, ended.out, ended.err], [0, "", ""]);
    assert.ok(ended.seconds < 45, `${ended.seconds} s`);
    assert.equal(await count("at-exit"), 26);
  });

  test("and dropped what had no room has nothing left to wait for", async () => {
    const text =
      "it.track({ event: 'e', properties: { text: 'x'.repeat(200) } }); await it.flush(); await it.shutdown();";
    const ended = await program(text, { options: "maxQueueBytes: 100" });
    assert.deepEqual([ended.status, ended.out, ended.err], [0, "lost queue_full 1", ""]);
  });

  test("sends what several clients have, without a warning about listeners", async () => {
    const text = `const { key, host } = { key: process.env.KEY, host: process.env.HOST };
      for (let n = 0; n < 15; n++) new Headwater({ key, host }).track({ event: "many-clients" });`;
    const ended = await program(text);
    assert.deepEqual([ended.status, ended.out, ended.err], [0, "", ""]);
    assert.equal(await count("many-clients"), 15);
  });

  test("sends what is tracked while it ends", async () => {
    const ended = await program(`
      it.track({ event: "while-ending" });
      process.once("beforeExit", () => it.track({ event: "while-ending" }));`);
    assert.deepEqual([ended.status, ended.err], [0, ""]);
    assert.equal(await count("while-ending"), 2);
  });

  test("after shutdown has ended at once, and its top-level await is no dead end", async () => {
    const ended = await program("it.track({ event: 'shut' }); await it.shutdown(); say(it.counts.delivered);");
    assert.deepEqual([ended.status, ended.out, ended.err], [0, "1", ""]);
    assert.equal(await count("shut"), 1);
  });
});

describe("while the Worker is away", () => {
  let way;
  before(async () => {
    way = await faultyWay(stack.worker_url);
    way.become("refuse");
  });
  after(() => way?.close());

  test("the end is put off, the events are told as lost, and nothing is unhandled", async () => {
    const ended = await program("for (let n = 0; n < 30; n++) it.track({ event: 'gone' });", { host: way.url });
    assert.deepEqual([ended.status, ended.err], [0, ""]);
    assert.match(ended.out, /^lost (network_error|shut_down) 30$/);
    assert.ok(ended.seconds > 1 && ended.seconds < 60, `${ended.seconds} s`);
  });

  test("a flush that waits for an attempt keeps the process alive", async () => {
    const text = "it.track({ event: 'e' }); await it.flush(); say('flushed');";
    const ended = await program(text, { host: way.url, options: "maxRetries: 3" });
    assert.deepEqual([ended.status, ended.out, ended.err], [0, "lost network_error 1\nflushed", ""]);
  });

  test("without onError what is lost is a warning", async () => {
    const text = "it.track({ event: 'e' }); await it.shutdown({ timeout: 300 });";
    const ended = await program(text, { host: way.url, options: "onError: undefined" });
    assert.equal(ended.status, 0);
    assert.match(ended.err, /HeadwaterWarning: 1 events were not delivered/);
  });

  test("memory is bounded, and what had no room is counted to the event", async () => {
    const events = LONG ? 1_000_000 : 100_000;
    const text = `
      let [lost, most] = [0, 0];
      const one = (n) => it.track({ event: "away", anonymous_id: "a" + n, properties: { n, text: "x".repeat(500) } });
      for (let n = 0; n < 20_000; n++) one(n);
      await new Promise((done) => setTimeout(done, 100));
      gc();
      const before = process.memoryUsage().heapUsed;
      for (let n = 20_000; n < ${events}; n++) {
        one(n);
        if (n % 10_000 === 0) {
          await new Promise((done) => setTimeout(done, 5));
          gc();
          most = Math.max(most, process.memoryUsage().heapUsed - before);
        }
      }
      const { pending, dropped } = it.counts;
      say(pending, dropped, (most / 2 ** 20).toFixed(1));
      await it.shutdown({ timeout: 1 });`;
    const ended = await program(text, { host: way.url, options: "maxRetries: Infinity", flags: ["--expose-gc"] });
    assert.equal(ended.status, 0, ended.err);
    const lines = ended.out.split("\n").map((line) => line.split(" "));
    const [pending, dropped, grown] = lines.find(([word]) => word !== "lost").map(Number);
    assert.deepEqual([pending, dropped], [10_000, events - 10_000]);
    const told = lines.filter(([word, code]) => word === "lost" && code === "queue_full");
    assert.equal(
      told.reduce((sum, [, , lost]) => sum + Number(lost), 0),
      events - 10_000,
    );
    console.log(`${events} events while the Worker was away: heap grew by ${grown} MiB at most`);
    assert.ok(grown < 8, `${grown} MiB`);
  });
});
