// POST /mcp and /mcp/account: revisions and headers, keys and origins, lists, log and limit.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { meta, rpc, STATELESS, use } from "./harness/mcp.mjs";
import { account, FOREIGN, OLDER, projects, text } from "./harness/mcp-projects.mjs";
import { ask, call, newProject, stack } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";
import { freePort, startWorker } from "./harness/worker.mjs";

let own;

before(async () => {
  ({ own } = await projects());
});

describe("revisions", () => {
  test("2026-07-28 has no handshake: each request says what it speaks", async () => {
    const [status, { result }] = await rpc(own.keys.rk, "server/discover");
    assert.equal(status, 200);
    assert.deepEqual(result.supportedVersions, [STATELESS, ...OLDER]);
    assert.deepEqual([result.resultType, Object.keys(result.capabilities)], ["complete", ["resources", "tools"]]);
    assert.equal(result._meta["io.modelcontextprotocol/serverInfo"].name, "headwater");
    assert.match(result.instructions, /data/);
    for (const method of ["initialize", "ping", "logging/setLevel", "resources/subscribe", "prompts/list", "x"]) {
      const [code, answer] = await rpc(own.keys.rk, method);
      assert.deepEqual([code, answer.error.code], [404, -32601], method);
    }
  });

  for (const era of OLDER) {
    test(`${era} has one, and no session`, async () => {
      const hello = { protocolVersion: era, capabilities: {}, clientInfo: { name: "t", version: "1" } };
      const [status, { result }, headers] = await rpc(own.keys.rk, "initialize", hello, { era });
      assert.deepEqual([status, result.protocolVersion, result.serverInfo.name], [200, era, "headwater"]);
      assert.equal(headers.get("mcp-session-id"), null);
      const done = { jsonrpc: "2.0", method: "notifications/initialized" };
      const told = await call("/mcp", { key: own.keys.rk, body: done, headers: { "mcp-protocol-version": era } });
      assert.deepEqual([told.status, await told.text()], [202, ""]);
      assert.deepEqual((await rpc(own.keys.rk, "ping", {}, { era }))[1].result, {});
      const [, listed] = await rpc(own.keys.rk, "tools/list", {}, { era });
      assert.equal(listed.result.tools.length, 14);
      const [code, unknown] = await rpc(own.keys.rk, "prompts/list", {}, { era });
      assert.deepEqual([code, unknown.error.code], [200, -32601]);
    });
  }

  test("an unknown one in a handshake is answered with one that is known", async () => {
    const [, { result }] = await rpc(own.keys.rk, "initialize", { protocolVersion: "1999-01-01" }, { era: OLDER[0] });
    assert.equal(result.protocolVersion, OLDER[0]);
  });

  test("headers that differ from the body are refused, and so is a revision nobody speaks", async () => {
    const list = (headers, params = {}) => rpc(own.keys.rk, "tools/list", params, { headers });
    for (const [name, headers, params, code] of /** @type {any[][]} */ ([
      ["no version", { "mcp-protocol-version": undefined }, {}, -32020],
      ["another version", { "mcp-protocol-version": OLDER[0] }, {}, -32020],
      ["no method", { "mcp-method": undefined }, {}, -32020],
      ["another method", { "mcp-method": "tools/call" }, {}, -32020],
      ["a method in capitals", { "mcp-method": "TOOLS/LIST" }, {}, -32020],
      ["another version in the body", {}, { _meta: meta("v999") }, -32020],
      ["no _meta", {}, { _meta: undefined }, -32602],
      ["no capabilities", {}, { _meta: { "io.modelcontextprotocol/protocolVersion": STATELESS } }, -32602],
      ["an unknown version", { "mcp-protocol-version": "v999" }, { _meta: meta("v999") }, -32022],
      ["an unknown version in the header alone", { "mcp-protocol-version": "v999" }, { _meta: undefined }, -32022],
    ])) {
      const [status, { error }] = await list(headers, params);
      assert.deepEqual([status, error.code], [400, code], name);
      if (code === -32022) assert.deepEqual(error.data, { supported: [STATELESS, ...OLDER], requested: "v999" });
    }
    assert.equal((await list({ "mcp-method": "  tools/list " }))[0], 200);
  });

  test("Mcp-Name names the tool, plain or packed", async () => {
    const metrics = { name: "get_metric_definitions" };
    const packed = `=?base64?${Buffer.from(metrics.name).toString("base64")}?=`;
    for (const [name, code] of /** @type {any[][]} */ ([
      [metrics.name, undefined],
      [` ${metrics.name}  `, undefined],
      [packed, undefined],
      [undefined, -32020],
      ["get_stats", -32020],
      ["=?base64?Z2V0?=", -32020],
      ["=?base64?!!!?=", -32020],
    ])) {
      const [status, answer] = await rpc(own.keys.rk, "tools/call", metrics, { headers: { "mcp-name": name } });
      assert.deepEqual([status, answer.error?.code], [code ? 400 : 200, code], name);
    }
  });
});

describe("the transport", () => {
  test("takes POST alone", async () => {
    for (const method of ["GET", "DELETE", "PUT"]) {
      for (const path of ["/mcp", "/mcp/account"]) {
        const response = await call(path, { key: own.keys.rk, method });
        assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST, OPTIONS"]);
      }
    }
  });

  test("takes one message in JSON, of a bounded size", async () => {
    const send = async (body, headers = {}) => {
      const response = await call("/mcp", { key: own.keys.rk, body, headers });
      const answer = await response.text();
      return [response.status, answer ? JSON.parse(answer).error : null];
    };
    for (const [body, code] of /** @type {any[][]} */ ([
      ["", -32700],
      ["{", -32700],
      ["\u0000", -32700],
      ["[]", -32600],
      [[{ jsonrpc: "2.0", id: 1, method: "ping" }], -32600],
      [{ id: 1, method: "ping" }, -32600],
      [{ jsonrpc: "2.0", id: null, method: "ping" }, -32600],
      [{ jsonrpc: "2.0", id: 1, method: "ping", params: [] }, -32602],
      [`${"[".repeat(50_000)}`, -32700],
    ])) {
      const [status, error] = await send(body);
      assert.deepEqual([status, error.code], [400, code], JSON.stringify(body).slice(0, 80));
    }
    assert.deepEqual(await send({ jsonrpc: "2.0", method: "notifications/cancelled", params: {} }), [202, null]);
    assert.deepEqual(await send({ jsonrpc: "2.0", id: 1, result: {} }), [202, null]);
    const [status, problem] = await send({ jsonrpc: "2.0", id: 1, method: "ping", params: { a: "x".repeat(1 << 20) } });
    assert.deepEqual([status, problem], [413, "payload_too_large"]);
    assert.deepEqual(await send("{}", { "content-type": "text/plain" }), [415, "unsupported_media_type"]);
  });

  test("refuses pages of any origin, also their preflights, and lets none read", async () => {
    for (const origin of ["https://evil.example", "null", stack.worker_url]) {
      const [status, problem, headers] = await rpc(own.keys.rk, "tools/list", {}, { headers: { origin } });
      assert.deepEqual([status, problem.error], [403, "origin_not_allowed"]);
      assert.equal(headers.get("access-control-allow-origin"), null);
      assert.equal((await call("/mcp", { method: "OPTIONS", headers: { origin } })).status, 403);
    }
    // A page is refused before its key is looked at.
    const [status, problem] = await rpc("nonsense", "tools/list", {}, { headers: { origin: "https://evil.example" } });
    assert.deepEqual([status, problem.error], [403, "origin_not_allowed"]);
  });

  test("lets pages in that the setting names, and no others", async () => {
    const origin = `http://localhost:${await freePort()}`;
    const worker = await startWorker({ MCP_ALLOWED_ORIGINS: `https://agents.example, ${origin}` });
    try {
      const base = worker.url;
      const [status, , headers] = await rpc(own.keys.rk, "tools/list", {}, { headers: { origin }, base });
      assert.deepEqual([status, headers.get("access-control-allow-origin")], [200, origin]);
      const preflight = await call("/mcp", { method: "OPTIONS", headers: { origin }, base });
      assert.equal(preflight.status, 204);
      assert.match(preflight.headers.get("access-control-allow-headers"), /Mcp-Method/);
      const evil = { headers: { origin: "https://evil.example" }, base };
      assert.equal((await rpc(own.keys.rk, "tools/list", {}, evil))[0], 403);
    } finally {
      await worker.stop();
    }
  });
});

describe("keys", () => {
  test("are asked for as everywhere, and nothing points at OAuth", async () => {
    const [status, problem, headers] = await rpc(undefined, "tools/list");
    assert.deepEqual([status, problem.error, headers.get("www-authenticate")], [401, "missing_bearer_token", "Bearer"]);
    for (const path of ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"]) {
      assert.equal((await call(path)).status, 404);
    }
    assert.equal((await rpc(`${own.keys.rk.slice(0, -1)}~`, "tools/list"))[1].error, "malformed_api_key");
  });

  test("open the door of their kind", async () => {
    for (const [key, path, error] of /** @type {any[][]} */ ([
      [own.keys.pk, "/mcp", "key_kind_not_allowed"],
      [own.keys.ak, "/mcp", "key_kind_not_allowed"],
      [own.keys.rk, "/mcp/account", "account_key_required"],
      [own.keys.sk, "/mcp/account", "account_key_required"],
    ])) {
      const [status, problem] = await rpc(key, "tools/list", {}, { path });
      assert.deepEqual([status, problem.error], [403, error], `${key.slice(0, 2)} ${path}`);
    }
  });

  test("decide which tools are listed, and a tool beyond them is refused with a challenge", async () => {
    const names = async (key, options) =>
      (await rpc(key, "tools/list", {}, options))[1].result.tools.map((tool) => tool.name);
    assert.ok(!(await names(own.keys.rk)).includes("track_event"));
    assert.ok((await names(own.keys.sk)).includes("track_event"));
    assert.ok((await names(own.keys.ak, account)).includes("usage"));
    const make = (body) => ask("/v1/keys", { key: own.keys.ak, body });
    const [, reader] = await make({ kind: "ak", name: "reader", scopes: ["read"] });
    assert.ok(!(await names(reader.key, account)).includes("usage"));
    const [, narrow] = await make({ kind: "sk", name: "narrow", scopes: ["read"], project_id: own.project_id });
    for (const [key, name, options] of /** @type {any[][]} */ ([
      [own.keys.rk, "track_event", {}],
      [narrow.key, "track_event", {}],
      [reader.key, "usage", account],
    ])) {
      const [status, problem, headers] = await rpc(key, "tools/call", { name, arguments: { event: "x" } }, options);
      assert.deepEqual([status, problem.error], [403, "insufficient_scope"], name);
      assert.match(headers.get("www-authenticate"), /^Bearer error="insufficient_scope"/);
    }
    const [, writer] = await make({ kind: "sk", name: "writer", scopes: ["ingest"], project_id: own.project_id });
    assert.equal((await rpc(writer.key, "tools/list"))[0], 403);
  });
});

describe("lists", () => {
  test("hold schemas that are strict and small, and say for how long", async () => {
    for (const [key, options] of /** @type {any[][]} */ ([
      [own.keys.sk, {}],
      [own.keys.ak, account],
    ])) {
      const [, { result }] = await rpc(key, "tools/list", {}, options);
      assert.ok(JSON.stringify(result).length < 50 * 1024);
      assert.deepEqual([result.cacheScope, Number.isInteger(result.ttlMs)], ["private", true]);
      const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false });
      for (const tool of result.tools) {
        assert.ok(JSON.stringify(tool.inputSchema).length < 16_384);
        assert.equal(tool.inputSchema.additionalProperties, false);
        assert.equal(tool.annotations.readOnlyHint, tool.name !== "track_event");
        const fits = ajv.compile(tool.inputSchema);
        for (const example of tool.inputSchema.examples) assert.ok(fits(example), JSON.stringify(fits.errors));
        ajv.compile(tool.outputSchema);
      }
      const [, again] = await rpc(key, "tools/list", {}, options);
      assert.deepEqual(again.result, result);
    }
    const [, { error }] = await rpc(own.keys.rk, "tools/list", { cursor: "x" });
    assert.equal(error.code, -32602);
  });

  test("of resources, each of which can be read", async () => {
    for (const [key, options, count] of /** @type {any[][]} */ ([
      [own.keys.rk, {}, 4],
      [own.keys.ak, account, 3],
    ])) {
      const [, { result }] = await rpc(key, "resources/list", {}, options);
      assert.equal(result.resources.length, count);
      for (const { uri, mimeType } of result.resources) {
        const [status, answer] = await rpc(key, "resources/read", { uri }, options);
        assert.equal(status, 200, uri);
        const [content] = answer.result.contents;
        assert.deepEqual([content.uri, content.mimeType], [uri, mimeType]);
        assert.ok(content.text.length > 50 && !content.text.includes(FOREIGN), uri);
        if (mimeType === "application/json") JSON.parse(content.text);
      }
      assert.deepEqual((await rpc(key, "resources/templates/list", {}, options))[1].result.resourceTemplates, []);
    }
    const [, recent] = await rpc(own.keys.rk, "resources/read", { uri: "events://recent" });
    const rows = JSON.parse(recent.result.contents[0].text).rows;
    assert.equal(rows.length, 30);
    for (const name of ["anonymous_id", "user_id", "session_id", "visitor_hash", "properties", "url"]) {
      assert.ok(
        rows.every((row) => !(name in row)),
        name,
      );
    }
    const gone = { uri: "projects://all" };
    const [status, { error }] = await rpc(own.keys.rk, "resources/read", gone);
    assert.deepEqual([status, error.code, error.data], [200, -32602, gone]);
    assert.equal((await rpc(own.keys.rk, "resources/read", gone, { era: OLDER[0] }))[1].error.code, -32002);
  });
});

test("each use of a tool is in the log, without what was asked", async () => {
  const marker = `secret-${randomUUID()}`;
  await use(own.keys.rk, "get_stats", { filters: [["is", "path", [marker]]] });
  await use(own.keys.rk, "get_stats", { metrics: [marker] });
  const { sql } = await import("./control-plane/world.mjs");
  try {
    const lines = async () =>
      sql`select actor, subject, detail, project_id from public.audit_log
          where action = 'mcp.tool' and project_id = ${own.project_id} order by id desc limit 2`;
    const prefix = own.keys.rk.split("_")[2];
    const wanted = [true, false].map((failed) => [`key:${prefix}`, "get_stats", failed]);
    const found = await until(async () => {
      const found = await lines();
      const fits = found.map((line) => [line.actor, line.subject, line.detail.failed]);
      return JSON.stringify(fits) === JSON.stringify(wanted) && found;
    }, "both are in the log");
    assert.ok(found.every((line) => line.detail.duration_ms >= 0 && !JSON.stringify(line).includes(marker)));
  } finally {
    await sql.end();
  }
});

test("questions of agents count towards the limit of questions", async () => {
  const { keys } = await newProject("mcp-limit");
  // A key that nobody knows yet waits for its look-up.
  await rpc(keys.rk, "tools/list");
  const found = await Promise.all(
    Array.from({ length: 60 }, () => rpc(keys.rk, "tools/call", { name: "get_metric_definitions" })),
  );
  assert.ok(
    found.every(([status]) => status === 200),
    JSON.stringify(found.find(([status]) => status !== 200)),
  );
  const refused = found.filter(([, answer]) => answer.result.isError);
  assert.ok(refused.length > 0 && refused.length < 60, `${refused.length}`);
  assert.match(text(refused[0][1].result), /^rate_limited: .*\n.*ask it again in \d+ s/s);
});
