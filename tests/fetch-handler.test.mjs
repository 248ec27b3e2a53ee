// The JavaScript that every request passes first (src/shell/fetch.js).
import assert from "node:assert/strict";
import { test } from "node:test";

import { fetchHandler } from "../src/shell/fetch.js";

const TIMEOUT_MS = 50;

/**
 * The arguments that the handler passes on for a request.
 * @returns {Promise<any>}
 */
async function passedOn(request) {
  const exports = { packed_headers: () => "content-type\norigin", body_timeout_ms: () => TIMEOUT_MS };
  const handler = fetchHandler(exports, (...args) => args);
  return handler(request, "env", "ctx");
}

function post(body, headers) {
  // Node needs `duplex` for a stream; the types of browsers lack it.
  const init = /** @type {RequestInit} */ ({ method: "POST", body, headers, duplex: "half" });
  return new Request("https://a.example/v1/track?x=1", init);
}

test("method, URL and the headers asked for are on a line each", async () => {
  const request = new Request("https://a.example/x", { headers: { origin: "https://b.example" } });
  const [first, head, body, env, ctx] = await passedOn(request);
  assert.equal(first, request);
  assert.equal(head, "GET\nhttps://a.example/x\n\nhttps://b.example");
  assert.deepEqual([body, env, ctx], [undefined, "env", "ctx"]);
});

test("a small body is read, a larger one and one of unknown length are left to the Worker", async () => {
  const read = async (bytes, headers) => (await passedOn(post("x".repeat(bytes), headers)))[2]?.length;
  assert.equal(await read(65536, { "content-length": "65536" }), 65536);
  assert.equal(await read(65537, { "content-length": "65537" }), undefined);
  assert.equal(await read(5, {}), undefined);
  assert.equal(await read(5, { "content-length": "many" }), undefined);
});

test("a body that does not arrive in time, or breaks off, is not waited for", async () => {
  const silent = new ReadableStream({});
  const begin = performance.now();
  assert.equal((await passedOn(post(silent, { "content-length": "5" })))[2], undefined);
  assert.ok(performance.now() - begin >= TIMEOUT_MS - 5);
  const broken = new ReadableStream({ start: (controller) => controller.error(new Error("gone")) });
  assert.equal((await passedOn(post(broken, { "content-length": "5" })))[2], undefined);
});
