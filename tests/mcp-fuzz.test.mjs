// Messages to /mcp and /mcp/account that are made up: each is answered, and none with rows of another organization.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { often } from "./harness/long.mjs";
import { meta, rpc, STATELESS } from "./harness/mcp.mjs";
import { calls, FOREIGN, OLDER, projects } from "./harness/mcp-projects.mjs";
import { below as made, seeded } from "./harness/random.mjs";
import { call } from "./harness/stack.mjs";
import { startWorker } from "./harness/worker.mjs";

const MESSAGES = often(200, 20_000);
let own;
let other;

before(async () => {
  ({ own, other } = await projects());
});

test(`${MESSAGES} messages made up: never a 500, never a row of another's`, { timeout: 3_600_000 }, async () => {
  // Bare workerd answers several times as fast as the stack's.
  const { url: base, stop } = await startWorker();
  const seed = seeded(4711);
  const below = made(seed);
  const of = (choices) => choices[below(choices.length)];
  const texts = ["", "x", "' OR 1=1 --", "\u0000", "{project_id:UUID}", "x".repeat(3000), FOREIGN, `${FOREIGN}-signup`];
  texts.push(
    other.project_id,
    other.slug,
    "pageview",
    "30d",
    "2026-10",
    "last 7 days",
    "source",
    "([",
    "😀",
    "__proto__",
  );
  const value = (depth) => {
    switch (below(depth > 3 ? 5 : 7)) {
      case 0:
        return of(texts);
      case 1:
        return of([0, 1, -1, 1e308, 5, 201, 0.5]);
      case 2:
        return of([null, true, false]);
      case 3:
        return of(["is", "event", "all", "*"]);
      case 4:
        return [of(["is", "and", "not", "matches", "has_done", "gt"]), of(texts), of([of(texts), [of(texts)], 7])];
      case 5:
        return Array.from({ length: below(4) }, () => value(depth + 1));
      default:
        return Object.fromEntries(Array.from({ length: below(4) }, () => [of(texts), value(depth + 1)]));
    }
  };
  const schemas = {};
  for (const [path, key] of /** @type {any[][]} */ ([
    ["/mcp", own.keys.sk],
    ["/mcp/account", own.keys.ak],
  ])) {
    schemas[path] = (await rpc(key, "tools/list", {}, { path }))[1].result.tools;
  }
  const methods = [
    "server/discover",
    "initialize",
    "ping",
    "tools/list",
    "resources/list",
    "resources/read",
    "tools/call",
  ];
  const one = async () => {
    const path = of(["/mcp", "/mcp", "/mcp/account"]);
    const key = path === "/mcp" ? of([own.keys.sk, own.keys.rk]) : own.keys.ak;
    const tool = of(schemas[path]);
    let args = structuredClone(of([calls[tool.name], of(tool.inputSchema.examples), {}]));
    for (let changes = below(3); changes > 0; changes--) {
      args[of([...Object.keys(tool.inputSchema.properties), "projects", "project", "limit"])] = value(0);
    }
    // What is stored by this very test is no other's.
    if (tool.name === "track_event") args = JSON.parse(JSON.stringify(args).replaceAll(FOREIGN, "own-mark"));
    const method = below(10) < 7 ? "tools/call" : of([...methods, of(texts)]);
    let params = /** @type {any} */ (method === "tools/call" ? { name: tool.name, arguments: args } : {});
    if (method === "resources/read") params = { uri: of(["events://recent", "schema://events", of(texts)]) };
    if (below(20) === 0) params = value(0);
    const era = of([STATELESS, STATELESS, ...OLDER]);
    const isNew = era === STATELESS;
    const isObject = params !== null && typeof params === "object" && !Array.isArray(params);
    if (isNew && isObject && below(20) > 0) params._meta = below(30) > 0 ? meta() : value(0);
    const body = below(30) > 0 ? { jsonrpc: "2.0", id: of([1, "a", of(texts)]), method, params } : value(0);
    const plain = (text) => (/^[\x20-\x7e]+$/.test(text) ? text : `=?base64?${Buffer.from(text).toString("base64")}?=`);
    const name = params?.name ?? params?.uri;
    const headers = {
      "mcp-protocol-version": below(30) > 0 ? era : "v1",
      ...(isNew && below(30) > 0 ? { "mcp-method": plain(method) } : {}),
      ...(isNew && typeof name === "string" && below(30) > 0 ? { "mcp-name": plain(name).slice(0, 2000) } : {}),
    };
    const sent = JSON.stringify(body) ?? "";
    const cut = below(50) > 0 ? sent : sent.slice(0, below(sent.length + 1));
    const response = await call(path, { key, body: cut, headers, base });
    const answer = await response.text();
    const about = `${response.status} ${sent.slice(0, 600)} → ${answer.slice(0, 600)}`;
    assert.ok([200, 202, 400, 403, 404].includes(response.status), about);
    assert.ok(!/DB::Exception|FORMAT JSON|SELECT /.test(answer), about);
    if (answer) {
      const { result, error } = JSON.parse(answer);
      // What was sent may come back in a sentence about it; rows hold nothing of the others.
      assert.ok(!JSON.stringify(result?.structuredContent?.rows ?? "").includes(FOREIGN), about);
      assert.ok(!JSON.stringify(result?.contents ?? "").includes(FOREIGN), about);
      for (const { answer } of result?.structuredContent?.projects ?? []) {
        assert.ok(!JSON.stringify(answer?.rows ?? "").includes(FOREIGN), about);
      }
      const failed = result?.isError ? result.content[0].text : "";
      assert.ok(!/^(internal_error|upstream_failed|store_unavailable)/.test(failed), about);
      assert.ok(error?.code !== -32603, about);
      return result && !result.isError;
    }
    return false;
  };
  let answered = 0;
  try {
    for (let done = 0; done < MESSAGES; done += 8) {
      const found = await Promise.all(Array.from({ length: Math.min(8, MESSAGES - done) }, one));
      answered += found.filter(Boolean).length;
    }
  } finally {
    await stop();
  }
  // Most of what is made up hangs on something that exists.
  assert.ok(answered > MESSAGES / 5, `only ${answered} were answered`);
});
