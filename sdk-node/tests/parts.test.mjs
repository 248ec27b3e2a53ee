// What can be judged without a Worker: the queue, the waits, ids, and that the types are the document's.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { committed, current, typesOf } from "../types.mjs";
import { client, Headwater, HeadwaterError, module } from "./harness.mjs";

const key = `sk_live_abcd1234_${"S3cret".repeat(7).slice(0, 38)}`;
const { Queue, EVENT_BYTES } = await module("queue");
const { delay, retryAfter, WIDEST } = await module("retry");
const { fixed } = await module("event");

describe("types", () => {
  test("src/api.ts is what `npm run types` writes from docs/openapi.json", () => {
    assert.ok(committed() === current(), "run `npm run types` in sdk-node");
  });

  test("a schema's members, lists, unions and notes become TypeScript", () => {
    const schema = {
      type: "object",
      required: ["a"],
      properties: { a: { type: ["string", "null"], description: "A." } },
    };
    const route = { operationId: "x", responses: { 200: {} } };
    const paths = new Proxy({}, { get: () => ({ get: route, post: route }) });
    const text = typesOf({ components: { schemas: { Problem: schema } }, paths });
    assert.ok(text.includes("export type Problem = {\n  /** A. */\n  a: string | null;\n};"), text);
  });
});

describe("the queue", () => {
  const entry = (json, bytes = 1) => ({ json: String(json), bytes });
  const names = (entries) => entries.map(({ json }) => json).join();

  test("keeps what is on its way and drops the oldest of the others", () => {
    const queue = new Queue(3, 1000);
    for (const n of [1, 2]) assert.equal(queue.push(entry(n)), 0);
    assert.equal(names(queue.lease()), "1,2");
    assert.deepEqual([queue.push(entry(3)), queue.push(entry(4)), queue.push(entry(5))], [0, 1, 1]);
    assert.equal(queue.size, 3);
    // Still the same batch, whole; nothing joins it.
    assert.equal(names(queue.lease().slice(0, 2)), "1,2");
    queue.settle();
    assert.equal(names(queue.lease()), "");
  });

  test("is bounded in bytes as well", () => {
    const queue = new Queue(1000, 10);
    assert.deepEqual(
      [4, 4, 4, 11].map((bytes, n) => queue.push(entry(n, bytes))),
      [0, 0, 1, 3],
    );
    assert.deepEqual([queue.size, queue.bytes, queue.gone], [0, 0, 4]);
  });

  test("batches have at most 1000 events and 1 MiB with brackets and commas", () => {
    const queue = new Queue(10_000, 1 << 30);
    for (let n = 0; n < 1500; n++) queue.push(entry(n));
    assert.equal(queue.lease().length, 1000);
    queue.settle();
    assert.equal(queue.lease().length, 500);
    queue.settle();
    const sizes = (...all) => {
      for (const bytes of all) queue.push(entry("x", bytes));
      const found = [];
      while (queue.size > 0) {
        found.push(queue.lease().length);
        queue.settle();
      }
      return found;
    };
    // Three events, two brackets and two commas are 1 MiB to the byte, then one more.
    assert.deepEqual(sizes(EVENT_BYTES, 1, 524_286, 524_285, 1), [1, 3, 1]);
    assert.deepEqual(sizes(EVENT_BYTES, 1, 524_286, 524_286, 1), [1, 2, 2]);
  });

  test("stays in order and small over many", () => {
    const queue = new Queue(5000, 1 << 30);
    const left = [];
    for (let n = 0; n < 20_000; n++) {
      queue.push(entry(n));
      if (n % 700 === 699) {
        left.push(...queue.lease());
        queue.settle();
      }
    }
    left.push(...queue.clear());
    assert.deepEqual([left.length, names(left.slice(-2))], [20_000, "19998,19999"]);
    assert.ok(left.every(({ json }, n) => json === String(n)));
  });
});

describe("waits", () => {
  test("are wider each time, anything within, and never wider than the limit", () => {
    assert.deepEqual(
      [0, 1, 2, 20].map((attempt) => delay(attempt, undefined, 1)),
      [500, 1000, 2000, WIDEST],
    );
    assert.equal(delay(5, undefined, 0), 0);
  });

  test("are never shorter than the server asks for", () => {
    assert.deepEqual([delay(0, 7000, 0), delay(9, 7000, 1)], [7000, 8000]);
    assert.deepEqual([retryAfter("3", 0), retryAfter(null, 0), retryAfter("soon", 0)], [3000, undefined, undefined]);
    assert.equal(retryAfter(new Date(9000).toUTCString(), 4000), 5000);
    assert.equal(retryAfter(new Date(1000).toUTCString(), 4000), 0);
    assert.equal(retryAfter("99999", 0), 300_000);
  });
});

describe("an event", () => {
  test("gets a UUIDv7 of its time, and its time", () => {
    const now = Date.UTC(2026, 10, 21, 10);
    const { id, json, bytes } = fixed({ event: "é" }, now);
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), now);
    assert.deepEqual(JSON.parse(json), { event: "é", event_id: id, timestamp: "2026-11-21T10:00:00.000Z" });
    assert.equal(bytes, json.length + 1);
    assert.equal(new Set(Array.from({ length: 10_000 }, () => fixed({ event: "e" }, now).id)).size, 10_000);
  });

  test("keeps what it brings", () => {
    const event = { event: "e", event_id: "mine", timestamp: new Date(86_400_000 * 365 * 40) };
    assert.equal(fixed(event, 0).json, '{"event":"e","event_id":"mine","timestamp":"2009-12-22T00:00:00.000Z"}');
    assert.ok(fixed({ event: "e", timestamp: "2026-01-01" }, 0).json.includes('"timestamp":"2026-01-01"'));
  });

  test("that cannot be sent is told to onError, and nothing throws", () => {
    const own = client({ key, host: "http://127.0.0.1:9" });
    const circle = /** @type {any} */ ({});
    circle.self = circle;
    const bad = [
      ["invalid_event", null],
      ["invalid_event", { event: "e", properties: circle }],
      ["invalid_event", { event: "e", properties: { n: 1n } }],
      ["invalid_event", { event: "e", timestamp: new Date(Number.NaN) }],
      ["payload_too_large", { event: "e", properties: { text: "x".repeat(1 << 20) } }],
    ];
    for (const [, event] of bad) assert.equal(own.track(/** @type {any} */ (event)), undefined);
    for (const person of [{ user_id: "u" }, { anonymous_id: "a" }, null]) {
      assert.equal(own.identify(/** @type {any} */ (person)), undefined);
    }
    const codes = [...bad.map(([code]) => code), "invalid_event", "invalid_event", "invalid_event"];
    assert.deepEqual(
      own.errors.map(({ code, lost }) => [code, lost]),
      codes.map((code) => [code, 1]),
    );
    assert.equal(own.counts.pending, 0);
  });
});

describe("settings", () => {
  test("that make no sense are refused at once, and a key is never quoted", () => {
    const host = "https://stats.example.com";
    const wrong = [
      ["malformed_api_key", { key: `${key}\n`, host }],
      ["malformed_api_key", { key: key.slice(0, -1), host }],
      ["malformed_api_key", { key: undefined, host }],
      ["invalid_params", { key, host: "stats.example.com" }],
      ["invalid_params", { key, host: undefined }],
      ["invalid_params", { key, host, flushAt: 0 }],
      ["invalid_params", { key, host, maxQueue: Number.NaN }],
      ["invalid_params", { key, host, maxRetries: -1 }],
      ["invalid_params", { key, host, flushInterval: "1000" }],
      ["invalid_params", { key, host, requestTimeout: Number.POSITIVE_INFINITY }],
    ];
    for (const [code, options] of wrong) {
      assert.throws(
        () => new Headwater(options),
        (/** @type {any} */ error) =>
          error instanceof HeadwaterError && error.code === code && !error.stack.includes("S3cret"),
      );
    }
  });
});
