// Events on their way to a Worker that works.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";
import { newProject, rowsOf, stack } from "../../tests/harness/stack.mjs";
import { client, recordingWay, sleep, until } from "./harness.mjs";

let project;
let own;
before(async () => {
  project = await newProject("node-send", "--unlimited");
  own = client({ key: project.keys.sk, host: stack.worker_url });
});
after(() => own?.shutdown());

const stored = async (id) => (await rowsOf(project.project_id)).filter((row) => row.event_id === id);

describe("an event", () => {
  test("is stored with the id and time it got when the call was made", async () => {
    const properties = { plan: "pro" };
    const begin = Date.now();
    const id = own.track({ event: "signup", anonymous_id: "a", properties });
    const end = Date.now();
    // What happens to the objects later does not show.
    properties.plan = "free";
    await sleep(50);
    await own.flush();
    const [row, ...others] = await stored(id);
    assert.deepEqual([row.event, JSON.parse(row.properties), others], ["signup", { plan: "pro" }, []]);
    const at = Date.parse(`${row.timestamp}Z`);
    assert.ok(begin <= at && at <= end, row.timestamp);
    assert.deepEqual(own.errors, []);
  });

  test("of a page is a pageview", async () => {
    const id = own.page({ url: "https://example.com/pricing?utm_source=newsletter", title: "Pricing", user_id: "u" });
    await own.flush();
    const [row] = await stored(id);
    assert.deepEqual([row.event, row.path, row.source], ["pageview", "/pricing", "newsletter"]);
  });

  test("that the server refuses is told to onError with its code, and the others are stored", async () => {
    const ids = [
      own.track({ event: "good" }),
      own.track({ event: "old", timestamp: "1999-01-01T00:00:00Z" }),
      own.track({ event: "" }),
      own.track({ event: "good" }),
    ];
    const { delivered, rejected } = own.counts;
    await own.flush();
    const told = own.errors.splice(0).map(({ code, lost, events }) => [code, lost, events[0].event_id]);
    assert.deepEqual(told, [
      ["invalid_payload", 1, ids[1]],
      ["invalid_payload", 1, ids[2]],
    ]);
    assert.deepEqual([own.counts.delivered - delivered, own.counts.rejected - rejected], [2, 2]);
    for (const id of [ids[0], ids[3]]) assert.equal((await stored(id)).length, 1);
  });

  test("with an id of one's own counts once, and repeating it is no error", async () => {
    for (let n = 0; n < 3; n++) own.track({ event: "order", event_id: "order-1", timestamp: new Date("2026-11-01") });
    await own.flush();
    own.track({ event: "order", event_id: "order-1", timestamp: new Date("2026-11-01") });
    await own.flush();
    assert.equal((await stored("order-1")).length, 1);
    assert.deepEqual(own.errors, []);
  });
});

describe("people", () => {
  test("identify links a device to a person, as POST /v1/identify does", async () => {
    own.track({ event: "people-test", anonymous_id: "phone" });
    own.track({ event: "people-test", anonymous_id: "laptop" });
    const id = own.identify({ anonymous_id: "phone", user_id: "ann", traits: { plan: "pro" } });
    own.identify({ anonymous_id: "laptop", user_id: "ann" });
    await own.flush();
    const [row] = await stored(id);
    assert.deepEqual([row.event, row.user_id, JSON.parse(row.properties)], ["$identify", "ann", { plan: "pro" }]);
    const filters = [["is", "event", "people-test"]];
    const { rows } = await own.stats({ metrics: ["users", "visitors"], filters, include: { bots: true } });
    assert.deepEqual(rows, [{ users: 1, visitors: 2 }]);
    assert.deepEqual(own.errors, []);
  });

  test("forget answers with a request, of which forgotten tells the state", async () => {
    const { ok, request_id } = await own.forget({ user_id: "nobody-yet" });
    assert.equal(ok, true);
    const receipt = await own.forgotten(request_id);
    assert.equal(receipt.request_id, request_id);
    assert.ok(["pending", "done"].includes(receipt.status));
    const refusing = client({ key: project.keys.rk, host: stack.worker_url });
    await assert.rejects(refusing.forget({ user_id: "u" }), { code: "forget_requires_secret_key", status: 403 });
    await assert.rejects(own.forget(/** @type {any} */ ({})), { code: "invalid_payload", status: 400 });
  });
});

describe("batches", () => {
  let way;
  before(async () => {
    way = await recordingWay(stack.worker_url);
  });
  after(() => way?.close());
  const through = (options) => client({ key: project.keys.sk, host: way.url, ...options });
  const sizes = () => way.seen.splice(0).map(({ path, events }) => [path, events.length]);

  test("go at flushAt events, at once", async () => {
    const it = through({ flushAt: 3, flushInterval: 60_000 });
    for (let n = 0; n < 2; n++) it.track({ event: "e" });
    await sleep(200);
    assert.deepEqual(sizes(), []);
    it.track({ event: "e" });
    await until(() => it.counts.delivered === 3, "three events are sent");
    assert.deepEqual(sizes(), [["/v1/batch", 3]]);
  });

  test("go flushInterval after the first event, however few", async () => {
    const it = through({ flushInterval: 2000 });
    const begin = performance.now();
    it.track({ event: "e" });
    await sleep(100);
    it.track({ event: "e" });
    await until(() => it.counts.delivered === 2, "two events are sent");
    const [{ at, events }] = way.seen.splice(0);
    assert.equal(events.length, 2);
    assert.ok(at - begin >= 1990 && at - begin < 20_000, `${at - begin} ms`);
  });

  test("have at most 1000 events, in the order of the calls", async () => {
    const it = through({});
    const ids = Array.from({ length: 2500 }, (_, n) => it.track({ event: "burst", properties: { n } }));
    await it.flush();
    const events = way.seen.flatMap((request) => request.events);
    assert.deepEqual(
      events.map((event) => event.event_id),
      ids,
    );
    assert.deepEqual(sizes(), [
      ["/v1/batch", 1000],
      ["/v1/batch", 1000],
      ["/v1/batch", 500],
    ]);
  });

  test("have at most 1 MiB, and large events keep their order", async () => {
    const it = through({});
    const text = "é".repeat(100_000);
    for (let n = 0; n < 12; n++) it.track({ event: "large", properties: { n, text } });
    await it.flush();
    assert.deepEqual(
      way.seen.flatMap(({ events }) => events.map(({ properties }) => properties.n)).join(),
      "0,1,2,3,4,5,6,7,8,9,10,11",
    );
    assert.deepEqual(
      sizes().map(([, length]) => length),
      [5, 5, 2],
    );
    assert.deepEqual(it.errors, []);
  });

  test("flush waits for what is on its way, and is at once done where nothing is", async () => {
    const it = through({ flushAt: 1 });
    it.track({ event: "e" });
    await Promise.all([it.flush(), it.flush()]);
    assert.equal(it.counts.delivered, 1);
    await it.flush();
    await it.shutdown();
    assert.equal(it.track({ event: "late" }), undefined);
    assert.deepEqual(
      it.errors.map(({ code }) => code),
      ["shut_down"],
    );
    way.seen.splice(0);
  });

  test("may go through a host with a path of its own", async () => {
    const it = through({ host: `${way.url}/collect` });
    it.track({ event: "e" });
    await it.flush();
    assert.deepEqual(sizes(), [["/collect/v1/batch", 1]]);
  });
});

describe("the key", () => {
  test("is in no error, no message and no picture of the client", async () => {
    const { ak } = project.keys;
    const refused = client({ key: ak, host: stack.worker_url });
    refused.track({ event: "e" });
    await refused.flush();
    const nowhere = client({ key: ak, host: "http://127.0.0.1:9", maxRetries: 0 });
    nowhere.track({ event: "e" });
    await nowhere.flush();
    const failed = await nowhere.stats().catch((error) => error);
    assert.deepEqual(
      [...refused.errors, ...nowhere.errors, failed].map(({ code }) => code),
      ["key_kind_not_allowed", "network_error", "network_error"],
    );
    const secret = ak.split("_")[3];
    const shown = inspect([refused, nowhere, refused.errors, nowhere.errors, failed], { depth: 20, showHidden: true });
    assert.ok(shown.includes("key_kind_not_allowed") && !shown.includes(secret));
  });
});
