// What an acknowledgement promises, the same for both sinks: the event is stored, once, as it was given.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ask, newProject, ownDatabase, rowsOf, select } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";
import { startWorker } from "./harness/worker.mjs";

// A mutation makes a new version of every part of its table: in the stack's database, other tests would wait for 240
// months of parts.
let own;
before(async () => {
  own = await ownDatabase("sinks");
});
after(() => own?.drop());

for (const sink of ["buffer", "direct"]) {
  describe(`with ${sink}`, () => {
    let first;
    let second;
    let project;
    before(async () => {
      const settings = { CLICKHOUSE_DATABASE: own.database, INGEST_SINK: sink, BUFFER_FLUSH_MS: "50" };
      [first, second] = await Promise.all([startWorker(settings), startWorker(settings)]);
    });
    before(async () => {
      project = await newProject(`sink-${sink}`, "--unlimited");
    });
    after(() => Promise.all([first?.stop(), second?.stop()]));

    // As clients do: 503 is to be sent again. A busy store may take longer for 240 months than a request may last.
    const send = (path, body, options = {}) =>
      until(async () => {
        const answer = await ask(path, { key: project.keys.sk, body, base: first.url, ...options });
        return answer[0] !== 503 && answer;
      }, `${path} is not answered with 503`);
    const stored = async (id) =>
      (await rowsOf(project.project_id, own.database)).filter((row) => row.event_id.startsWith(id));

    test("one event, many events, an identification", async () => {
      const [status] = await send("/v1/track", { event: "e", event_id: "one", properties: { "a.b": 'x"\u0000' } });
      const [many] = await send("/v1/batch", [
        { event: "e", event_id: "one-2" },
        { event: "e", event_id: "one-3" },
      ]);
      const [identified] = await send("/v1/identify", {
        event_id: "one-4",
        anonymous_id: "device",
        user_id: "person",
        traits: { plan: "pro" },
      });
      assert.deepEqual([status, many, identified], [202, 202, 202]);
      const rows = await stored("one");
      assert.deepEqual(rows.map((row) => [row.event_id, row.event]).sort(), [
        ["one", "e"],
        ["one-2", "e"],
        ["one-3", "e"],
        ["one-4", "$identify"],
      ]);
      const identify = rows.find((row) => row.event === "$identify");
      assert.deepEqual(
        [identify.anonymous_id, identify.user_id, JSON.parse(identify.properties)],
        ["device", "person", { plan: "pro" }],
      );
      assert.equal(JSON.parse(rows.find((row) => row.event_id === "one").properties)["a.b"], 'x"\u0000');
    });

    test("sent again, through two instances at once, by many at once: counted once, the first receipt wins", async () => {
      const timestamp = "2026-11-10T23:59:59.999Z";
      await send("/v1/track", { event: "first", event_id: "again", timestamp });
      await stored("again");
      const events = [0, 1, 2].map((n) => ({ event: "later", event_id: `again${n || ""}`, timestamp }));
      const calls = [first, second].flatMap(({ url }) =>
        Array.from({ length: 8 }, () => send("/v1/batch", { events }, { base: url })),
      );
      for (const [status] of await Promise.all(calls)) assert.equal(status, 202);
      const rows = await stored("again");
      assert.deepEqual(
        rows.map((row) => [row.event_id, row.event]),
        [
          ["again", "first"],
          ["again1", "later"],
          ["again2", "later"],
        ],
      );
    });

    test("the same id on another UTC day is another event", async () => {
      for (const timestamp of ["2026-11-10T23:59:59.999Z", "2026-11-11T00:00:00.000Z"])
        await send("/v1/track", { event: "e", event_id: "midnight", timestamp });
      assert.equal((await stored("midnight")).length, 2);
    });

    // More months than one insert may have. Without the buffer the request lasts until all are stored, and a busy store
    // takes seconds for each insert of fifty months.
    const months = sink === "direct" ? 60 : 240;
    test(`${months / 12} years of months in one request are stored whole`, async () => {
      const events = Array.from({ length: months }, (_, n) => ({
        event: "e",
        event_id: `month-${n}`,
        timestamp: Date.UTC(2005, n, 15),
      }));
      const [status, answer] = await send("/v1/batch", { events });
      assert.deepEqual([status, answer.accepted], [202, months]);
      assert.equal((await stored("month-")).length, months);
    });

    test("a batch whose rows are larger than one parcel is stored whole", async () => {
      const events = Array.from({ length: 900 }, (_, n) => ({
        event: "e",
        event_id: `large-${n}`,
        title: "é".repeat(500),
      }));
      const [status, answer] = await send("/v1/batch", { events });
      assert.deepEqual([status, answer.accepted], [202, 900], JSON.stringify(answer).slice(0, 300));
      const [{ count }] = await select(
        "SELECT toUInt32(count()) AS count FROM events FINAL WHERE project_id = {project:UUID} AND event_id LIKE 'large-%'" +
          " AND lengthUTF8(title) = 500",
        { project: (await stored("large-0")) && project.project_id },
        own.database,
      );
      assert.equal(count, 900);
    });

    test("gzip is unpacked, a bomb is not", async () => {
      const headers = { "content-encoding": "gzip" };
      const [status] = await send("/v1/batch", gzipSync('[{"event":"e","event_id":"gzip"}]'), { headers });
      assert.equal(status, 202);
      assert.equal((await stored("gzip")).length, 1);
      const bomb = gzipSync(Buffer.alloc(200 << 20, " "), { level: 9 });
      const [refused, problem] = await send("/v1/batch", bomb, { headers });
      assert.deepEqual([refused, problem.error], [413, "payload_too_large"]);
      const [broken, said] = await send("/v1/track", gzipSync('{"event":"e"}').subarray(0, 20), { headers });
      assert.deepEqual([broken, said.error], [400, "invalid_payload"]);
    });

    test("atomic: one bad event and nothing is stored", async () => {
      const events = [{ event: "e", event_id: "atomic" }, { event: "" }];
      const [status, problem] = await send("/v1/batch?atomic=1", { events });
      assert.deepEqual([status, problem.fields[0].path], [400, "/events/1/event"]);
      assert.deepEqual(await stored("atomic"), []);
    });
  });
}
