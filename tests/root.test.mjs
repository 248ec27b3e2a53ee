// What answers at this address, of which version, and where to go from here.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ask, call } from "./harness/stack.mjs";

/** What Chromium sends. */
const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
const VERSION = /^\d+\.\d+\.\d+$/;

test("JSON for clients, with links that lead somewhere", async () => {
  for (const accept of ["*/*", "application/json"]) {
    const [status, answer, headers] = await ask("/", { headers: { accept } });
    assert.deepEqual([status, answer.name], [200, "Headwater"]);
    assert.match(answer.version, VERSION);
    assert.match(headers.get("content-type"), /^application\/json/);
    assert.match(headers.get("vary"), /Accept/);
    for (const [name, address] of Object.entries(answer.links)) {
      if (!address.startsWith("/")) continue;
      assert.equal((await call(address)).status, 200, name);
    }
  }
});

test("a page for browsers, which loads nothing", async () => {
  const response = await call("/", { headers: { accept: BROWSER } });
  const page = await response.text();
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type"), /^text\/html/);
  const policy = response.headers.get("content-security-policy");
  assert.match(policy, /default-src 'none'/);
  const style = page.match(/<style>(.*)<\/style>/s)[1];
  assert.ok(policy.includes(`'sha256-${createHash("sha256").update(style).digest("base64")}'`), "the policy names it");
  assert.doesNotMatch(page, /<script|<link|<img|\bsrc=/);
  for (const path of ["/openapi.json", "/health", "/ready"]) assert.ok(page.includes(`href="${path}"`), path);
});

test("/health and /ready are of the same version and commit", async () => {
  const [, { version, commit: built }] = await ask("/");
  for (const path of ["/health", "/ready"]) {
    const [status, answer] = await ask(path);
    assert.deepEqual([status, answer.version, answer.commit], [200, version, built], path);
  }
  // A build outside of a repository does not know.
  assert.match(built, /^([0-9a-f]{12}|unknown)$/);
});

test("HEAD has no body, and other methods are not there", async () => {
  const head = await call("/", { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  const [status, problem, headers] = await ask("/", { method: "DELETE" });
  assert.deepEqual([status, problem.error, headers.get("allow")], [405, "method_not_allowed", "GET, HEAD, OPTIONS"]);
});

test("a trailing slash is accepted for agents alone", async () => {
  for (const path of ["/mcp/", "/mcp/account/"]) {
    const [status, problem] = await ask(path, { body: {} });
    assert.deepEqual([status, problem.error], [401, "missing_bearer_token"], path);
    assert.equal((await call(path, { method: "OPTIONS" })).status, 204);
    // Pages are refused as without the slash.
    const [refused, other] = await ask(path, { body: {}, headers: { origin: "https://evil.example" } });
    assert.deepEqual([refused, other.error], [403, "origin_not_allowed"], path);
  }
  for (const path of ["/health/", "/v1/track/", "/v1/keys/", "/v1/stats/"]) {
    assert.equal((await call(path)).status, 404, path);
  }
});
