// The buffer: an acknowledged event outlives the store's absence and its own process, and is stored once.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { faultyWay } from "./harness/proxy.mjs";
import { ask, newProject, ownDatabase, select, stack, xtask } from "./harness/stack.mjs";
import { sleep, until } from "./harness/until.mjs";
import { startWorker } from "./harness/worker.mjs";

let project;
let events;
before(async () => {
  project = await newProject("buffer", "--unlimited");
  events = await faultyWay(stack.clickhouse_url);
});
after(() => events?.close());
afterEach(() => events.become("pass"));

const settings = (more = {}) => ({ CLICKHOUSE_URL: events.url, BUFFER_FLUSH_MS: "50", ...more });
const track = (worker, event_id, more = {}) =>
  ask("/v1/track", {
    key: project.keys.sk,
    base: worker.url,
    body: { event: "e", event_id, timestamp: "2026-11-12T10:00:00Z", ...more },
  });
const buffer = (worker, key = project.keys.ak) => ask("/v1/buffer", { key, base: worker.url });
/** Rows as they lie there, before any merge or FINAL takes repetitions away. */
const written = async (prefix, database = stack.clickhouse_database) => {
  const rows = await select(
    `SELECT event_id FROM ${database}.events WHERE project_id = {project:UUID} AND startsWith(event_id, {prefix:String})`,
    { project: project.project_id, prefix },
  );
  return rows.map((row) => row.event_id).sort();
};

describe("while the store is away", () => {
  for (const mode of ["refuse", "hang", "swallow", "garbage"]) {
    test(`${mode}: events are taken, wait, and are written once when it is back`, async () => {
      const worker = await startWorker(settings());
      try {
        events.become(mode);
        const ids = Array.from({ length: 30 }, (_, n) => `${mode}-${String(n).padStart(2, "0")}`);
        const times = [];
        for (const id of ids) {
          const begin = performance.now();
          assert.equal((await track(worker, id))[0], 202);
          times.push(performance.now() - begin);
        }
        // One that waited for the store would wait for it each time; a busy machine delays some.
        assert.ok(times.sort((a, b) => a - b)[15] < 1500, `${times}`);
        if (mode !== "hang")
          await until(async () => (await buffer(worker))[1].objects[0]?.problem, "a failure is seen");
        const [, depth] = await buffer(worker);
        assert.equal(depth.events, 30);
        assert.ok(depth.bytes > 0 && depth.oldest_age_s >= 0);
        const [, ready] = await ask("/ready", { base: worker.url });
        assert.equal(ready.buffer.events, 30);
        events.become("pass");
        await until(async () => (await buffer(worker))[1].events === 0, "the buffer is empty");
        assert.deepEqual(await written(`${mode}-`), ids);
      } finally {
        await worker.stop();
      }
    });
  }

  test("what waits survives kill -9 and goes on without any request", async () => {
    const storage = mkdtempSync(join(tmpdir(), "headwater-buffer-"));
    let worker = await startWorker(settings(), storage);
    try {
      events.become("refuse");
      assert.equal((await track(worker, "killed-1"))[0], 202);
      await worker.stop();
      events.become("swallow");
      worker = await startWorker(settings(), storage);
      assert.equal((await track(worker, "killed-2"))[0], 202);
      // Written once already, but the answer was lost.
      await until(async () => (await written("killed-")).length === 1, "the store has it");
      await worker.stop();
      events.become("pass");
      worker = await startWorker(settings(), storage);
      await until(async () => (await written("killed-")).length >= 2, "both are written");
      await until(async () => (await buffer(worker))[1].events === 0, "the buffer is empty");
      assert.deepEqual(await written("killed-"), ["killed-1", "killed-2"]);
    } finally {
      await worker.stop();
      rmSync(storage, { recursive: true, force: true });
    }
  });

  test("full: 503 with Retry-After, and what was taken is kept", async () => {
    const worker = await startWorker(settings({ BUFFER_MAX_MIB: "1" }));
    try {
      events.become("refuse");
      const batch = (n) =>
        ask("/v1/batch", {
          key: project.keys.sk,
          base: worker.url,
          body: Array.from({ length: 300 }, (_, i) => ({
            event: "e",
            event_id: `full-${n}-${i}`,
            timestamp: "2026-11-12T10:00:00Z",
            title: "x".repeat(500),
          })),
        });
      let taken = 0;
      let refusal;
      for (; taken < 10 && !refusal; ) {
        const answer = await batch(taken);
        if (answer[0] === 202) taken++;
        else refusal = answer;
      }
      assert.ok(taken >= 1);
      const [status, problem, headers] = refusal;
      assert.deepEqual([status, problem.error], [503, "store_unavailable"]);
      assert.ok(Number(headers.get("retry-after")) >= 1);
      events.become("pass");
      await until(async () => (await batch("again"))[0] === 202, "there is room again");
      await until(async () => (await buffer(worker))[1].events === 0, "the buffer is empty");
      assert.equal((await written("full-")).length, (taken + 1) * 300);
    } finally {
      await worker.stop();
    }
  });
});

describe("a row that the store refuses", () => {
  let database;
  let drop;
  let worker;
  before(async () => {
    ({ database, drop } = await ownDatabase("poison"));
    // Valid for us, and never for this store.
    await select(`ALTER TABLE ${database}.events ADD CONSTRAINT no_poison CHECK event != 'poison'`);
    worker = await startWorker({ BUFFER_FLUSH_MS: "50", CLICKHOUSE_DATABASE: database });
  });
  after(async () => {
    await worker?.stop();
    await drop?.();
  });

  test("is set aside with the reason; all others are stored", async () => {
    const poison = new Set([7, 8, 60, 99]);
    const body = Array.from({ length: 100 }, (_, n) => ({
      event: poison.has(n) ? "poison" : "e",
      event_id: `poison-${String(n).padStart(2, "0")}`,
      timestamp: "2026-11-12T10:00:00Z",
    }));
    const [status] = await ask("/v1/batch", { key: project.keys.sk, base: worker.url, body });
    assert.equal(status, 202);
    await until(async () => (await buffer(worker))[1].events === 0, "the buffer is empty");
    const good = body.filter(({ event }) => event === "e").map(({ event_id }) => event_id);
    assert.deepEqual(await written("poison-", database), good);
    const dead = await select(`SELECT * FROM ${database}.dead_letters FINAL`);
    assert.deepEqual(dead.map((letter) => JSON.parse(letter.line).event_id).sort(), [
      "poison-07",
      "poison-08",
      "poison-60",
      "poison-99",
    ]);
    for (const letter of dead) {
      assert.equal(letter.project_id, project.project_id);
      assert.equal(letter.code, "469");
      assert.match(letter.reason, /no_poison/);
    }
  });

  test("dead letters are listed, replayed once the cause is mended, and dropped", async () => {
    const { user, password } = stack.clickhouse_users.maintain;
    const dead = (...args) =>
      xtask(
        ...["dead-letters", ...args, "--clickhouse-url", stack.clickhouse_url, "--clickhouse-user", user],
        ...["--clickhouse-password", password, "--clickhouse-database", database],
      );
    const list = async (...args) =>
      (await dead("list", "--json", ...args))
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    assert.equal((await list("--project", project.project_id)).length, 4);
    assert.deepEqual(await list("--project", "00000000-0000-0000-0000-000000000000"), []);
    await assert.rejects(dead("replay"), /refused again/);
    assert.equal((await list()).length, 4, "what is refused again stays");
    const dropped = (await list()).find((letter) => letter.line.includes("poison-07"));
    await dead("drop", "--id", dropped.id);
    await select(`ALTER TABLE ${database}.events DROP CONSTRAINT no_poison`);
    assert.match(await dead("replay"), /3 replayed/);
    assert.deepEqual(await list(), []);
    assert.equal((await written("poison-", database)).length, 99);
  });

  test("a table that is missing makes no dead letters: the events wait for it", async () => {
    await select(`RENAME TABLE ${database}.events TO ${database}.events_away`);
    try {
      await track(worker, "waits");
      await until(async () => (await buffer(worker))[1].objects[0]?.problem, "it is tried");
      const [, depth] = await buffer(worker);
      assert.match(depth.objects[0].problem, /code 60/);
      assert.equal(depth.events, 1);
    } finally {
      await select(`RENAME TABLE ${database}.events_away TO ${database}.events`);
    }
    await until(async () => (await buffer(worker))[1].events === 0, "the buffer is empty");
    assert.deepEqual(await written("waits", database), ["waits"]);
    assert.deepEqual(await select(`SELECT * FROM ${database}.dead_letters FINAL`), []);
  });
});

describe("how full it is", () => {
  test("is told in detail to account keys alone", async () => {
    // Other tests write to the same buffer meanwhile.
    await until(async () => {
      const [status, depth] = await ask("/v1/buffer", { key: project.keys.ak });
      assert.deepEqual([status, depth.sink], [200, "buffer"]);
      return depth.events === 0;
    }, "the buffer is empty");
    for (const kind of ["pk", "sk", "rk"]) {
      const [refused, problem] = await ask("/v1/buffer", {
        key: project.keys[kind],
        headers: { origin: "http://localhost:1" },
      });
      assert.deepEqual([refused, problem.error], [403, "account_key_required"], kind);
    }
  });

  test("without its binding the Worker says what is missing", async () => {
    const worker = await startWorker({ BUFFER: null });
    try {
      const [status, ready] = await ask("/ready", { base: worker.url });
      assert.deepEqual([status, ready.missing], [503, ["BUFFER"]]);
      assert.equal((await track(worker, "unbound"))[0], 503);
    } finally {
      await worker.stop();
    }
  });
});

test("bodies under way are bounded: beyond 24 MiB 503 at once, and all is well when they have gone", async () => {
  const worker = await startWorker(settings());
  const { hostname, port } = new URL(worker.url);
  const sockets = [];
  try {
    const head = [
      "POST /v1/batch HTTP/1.1",
      `Host: ${hostname}`,
      `Authorization: Bearer ${project.keys.sk}`,
      "Content-Type: application/json",
      `Content-Length: ${1024 * 1024}`,
      "",
      "[",
    ].join("\r\n");
    await track(worker, "before");
    const said = [];
    for (let n = 0; n < 30; n++) {
      const socket = net.connect(Number(port), hostname);
      socket.on("error", () => {});
      sockets.push(socket);
      socket.once("data", (data) => said.push(String(data).split("\r\n")[0]));
      socket.write(head);
    }
    await until(() => said.length >= 6, "those beyond the bound are refused");
    // Time in which one more would be refused, were the bound lower.
    await sleep(500);
    assert.equal(said.length, 6, JSON.stringify(said));
    assert.ok(
      said.every((line) => line.includes("503")),
      JSON.stringify(said),
    );
    for (const socket of sockets) socket.destroy();
    await until(async () => (await track(worker, "after"))[0] === 202, "room is given back");
  } finally {
    for (const socket of sockets) socket.destroy();
    await worker.stop();
  }
});
