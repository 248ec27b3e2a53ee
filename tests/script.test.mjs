// GET /v1/a.js, /s.js: the script for pages is the committed file, for every page, and needs neither a key nor a store.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { call, newProject, root } from "./harness/stack.mjs";
import { startWorker } from "./harness/worker.mjs";

const PATHS = ["/v1/a.js", "/s.js"];
/** What it may weigh, packed. */
const BUDGET = 1900;

const file = readFileSync(join(root, "sdk-browser/served/a.js"));
const bytes = async (response) => Buffer.from(await response.arrayBuffer());

/** The headers that matter to browsers and caches. */
const told = (response) =>
  Object.fromEntries(
    [
      "content-type",
      "cache-control",
      "access-control-allow-origin",
      "cross-origin-resource-policy",
      "x-content-type-options",
      "vary",
      "set-cookie",
    ].map((name) => [name, response.headers.get(name)]),
  );
const always = {
  "cache-control": "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=604800",
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
  "x-content-type-options": "nosniff",
  vary: null,
  "set-cookie": null,
};
const whole = { ...always, "content-type": "text/javascript; charset=utf-8" };

test("it is within its budget", () => {
  const packed = gzipSync(file, { level: 9 }).length;
  assert.ok(packed > 0 && packed <= BUDGET, `${packed} bytes`);
});

for (const path of PATHS) {
  describe(`GET ${path}`, () => {
    test("is served as it is kept, the same to every page", async () => {
      for (const headers of [{}, { origin: "https://shop.example" }, { origin: "null" }]) {
        const response = await call(path, { headers });
        assert.equal(response.status, 200);
        assert.deepEqual(told(response), whole);
        assert.ok((await bytes(response)).equals(file), "it is another one than sdk-browser/served/a.js");
      }
    });

    test("whatever its query and its key are", async () => {
      for (const target of [`${path}?v=1`, `${path}?key=sk_live_nothing`]) {
        const response = await call(target, { key: "sk_live_nothing" });
        assert.deepEqual([response.status, (await bytes(response)).equals(file)], [200, true]);
      }
    });

    test("who has it already gets 304", async () => {
      const tag = (await call(path)).headers.get("etag");
      assert.match(tag, /^"[0-9a-f]{16}"$/);
      for (const known of [tag, `W/${tag}`, `"0", W/${tag}`]) {
        const response = await call(path, { headers: { "if-none-match": known, origin: "https://shop.example" } });
        assert.deepEqual([response.status, await response.text()], [304, ""]);
        assert.deepEqual(told(response), { ...always, "content-type": null });
        assert.equal(response.headers.get("etag"), tag);
      }
      assert.equal((await call(path, { headers: { "if-none-match": '"other"' } })).status, 200);
    });

    test("HEAD tells the same, and other methods are refused", async () => {
      const head = await call(path, { method: "HEAD" });
      assert.deepEqual([head.status, await head.text()], [200, ""]);
      assert.deepEqual(told(head), whole);
      const post = await call(path, { body: {} });
      assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD, OPTIONS"]);
    });
  });
}

test("both names have one tag", async () => {
  const tags = await Promise.all(PATHS.map(async (path) => (await call(path)).headers.get("etag")));
  assert.equal(tags[0], tags[1]);
});

describe("where nothing else works", () => {
  const nowhere = "http://127.0.0.1:9";
  let worker;
  before(async () => {
    worker = await startWorker({ CLICKHOUSE_URL: nowhere, SUPABASE_URL: nowhere });
  });
  after(() => worker?.stop());

  test("stores that are away keep nobody from the script", async () => {
    const { keys } = await newProject("script");
    assert.equal((await call("/v1/track", { key: keys.sk, base: worker.url, body: { event: "e" } })).status, 503);
    // The quickest of them: what waits for a store waits each time, a busy machine some of the time.
    let quickest = Number.POSITIVE_INFINITY;
    for (const path of PATHS) {
      const begin = performance.now();
      const response = await call(path, { base: worker.url });
      assert.deepEqual([response.status, (await bytes(response)).equals(file)], [200, true]);
      quickest = Math.min(quickest, performance.now() - begin);
    }
    assert.ok(quickest < 1000, "it waits for something");
  });

  test("no limit of a client's is spent on it", async () => {
    const headers = { "cf-connecting-ip": "203.0.113.77" };
    // A publishable key has 100 requests at once for each client.
    const all = await Promise.all(Array.from({ length: 300 }, () => call("/s.js", { headers })));
    assert.deepEqual([...new Set(all.map((response) => response.status))], [200]);
    await Promise.all(all.map((response) => response.arrayBuffer()));
  });
});
