// The protocol's official clients list every tool and resource, and use them: npm's, the Inspector on the
// command line, and Python's where there is one.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ask, newProject, root, settled, stack } from "./harness/stack.mjs";

const inspector = JSON.parse(
  readFileSync(join(root, "node_modules/@modelcontextprotocol/inspector/package.json"), "utf8"),
);
const run = promisify(execFile);
const python = process.env.HEADWATER_MCP_PYTHON;
const skip = !python && `no Python client: ${process.env.HEADWATER_NO_MCP_PYTHON ?? "use `cargo xtask test`"}`;
let doors;

/** What tools without defaults take. */
const needed = {
  funnel: { steps: ["pageview", "signup"] },
  explain_source: { url: "https://a.example/?utm_source=x" },
  match: { trigger: "pageview", result: "signup" },
  track_event: { event: "by-a-client" },
};

before(async () => {
  const { keys } = await newProject("mcp-clients", "--organization", `mcp-clients-${randomUUID().slice(0, 8)}`);
  const events = ["pageview", "signup"].map((event) => ({ event, anonymous_id: "a", url: "https://a.example/" }));
  await ask("/v1/batch", { key: keys.sk, body: events });
  await settled();
  doors = [
    { url: `${stack.worker_url}/mcp`, key: keys.sk, tools: 15, resources: 4 },
    { url: `${stack.worker_url}/mcp/account`, key: keys.ak, tools: 16, resources: 3 },
  ];
});

test("@modelcontextprotocol/sdk lists and uses everything", async () => {
  for (const door of doors) {
    const client = new Client({ name: "tests", version: "1" });
    const requestInit = { headers: { authorization: `Bearer ${door.key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(door.url), { requestInit }));
    assert.equal(client.getServerVersion().name, "headwater");
    const { tools } = await client.listTools();
    assert.equal(tools.length, door.tools);
    for (const { name } of tools) {
      // The client holds the answer against the tool's output schema itself.
      const result = await client.callTool({ name, arguments: needed[name] ?? {} });
      assert.ok(!result.isError && result.structuredContent, `${name}: ${JSON.stringify(result)}`);
    }
    const wrong = await client.callTool({ name: "get_metric_definitions", arguments: { x: 1 } });
    assert.ok(wrong.isError);
    await assert.rejects(client.callTool({ name: "nothing", arguments: {} }), /unknown tool/);
    const { resources } = await client.listResources();
    assert.equal(resources.length, door.resources);
    for (const { uri } of resources) assert.equal((await client.readResource({ uri })).contents.length, 1);
    await client.close();
  }
});

test("the Inspector does on the command line", async () => {
  const program = join(root, "node_modules/@modelcontextprotocol/inspector", inspector.bin["mcp-inspector"]);
  for (const door of doors) {
    const base = [program, "--cli", door.url, "--transport", "http", "--header", `Authorization: Bearer ${door.key}`];
    const asked = async (...args) => {
      const { stdout } = await run(process.execPath, [...base, ...args], { timeout: 60_000, maxBuffer: 8 << 20 });
      return JSON.parse(stdout);
    };
    assert.equal((await asked("--method", "tools/list")).tools.length, door.tools);
    const call = ["--method", "tools/call", "--tool-name", "top_pages", "--tool-arg", "date_range=last 7 days"];
    const { structuredContent: found } = await asked(...call);
    const { rows } = found.projects ? found.projects[0].answer : found;
    assert.deepEqual(rows, [{ path: "/", visitors: 1, pageviews: 1 }]);
  }
});

for (const mode of ["2026-07-28", "auto", "legacy"]) {
  test(`Python's mcp does, too (${mode})`, { skip }, async () => {
    for (const door of doors) {
      const args = [join(root, "tests/mcp/client.py"), door.url, door.key, mode, JSON.stringify(needed)];
      const { stdout } = await run(python, args, { timeout: 120_000 });
      const { tools, resources, failed } = JSON.parse(stdout);
      assert.deepEqual([tools.length, resources.length, failed], [door.tools, door.resources, []]);
    }
  });
}
