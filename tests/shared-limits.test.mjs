// Cloudflare's rate-limit binding, where one is configured: limits that hold across instances.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { ask, call, newProject, root } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";
import { build, freePort, state } from "./harness/worker.mjs";

let wrangler;
let folder;
let url;
let log = "";

before(async () => {
  const [port, inspector] = [await freePort(), await freePort()];
  folder = mkdtempSync(join(tmpdir(), "headwater-limits-"));
  const config = join(folder, "wrangler.json");
  const limiter = (name, namespace_id, limit) => ({ name, namespace_id, simple: { limit, period: 10 } });
  writeFileSync(
    config,
    JSON.stringify({
      name: "headwater-limits",
      main: join(build, "index.mjs"),
      compatibility_date: "2026-10-01",
      // No buffer's objects are bound here.
      vars: { INGEST_SINK: "direct" },
      ratelimits: [limiter("CLIENT_LIMITER", "1001", 5), limiter("READ_LIMITER", "1002", 3)],
    }),
  );
  const args = [
    "dev",
    "--config",
    config,
    "--ip",
    "127.0.0.1",
    "--port",
    String(port),
    "--inspector-port",
    String(inspector),
  ];
  const node = process.execPath;
  wrangler = spawn(
    node,
    [join(root, "node_modules/wrangler/bin/wrangler.js"), ...args, "--local", "--env-file", join(state, "worker.env")],
    {
      cwd: folder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        PATH: `${dirname(node)}:${process.env.PATH}`,
        WRANGLER_SEND_METRICS: "false",
        CLOUDFLARE_CF_FETCH_ENABLED: "false",
        WRANGLER_LOG_PATH: join(folder, "logs"),
        WRANGLER_REGISTRY_PATH: join(folder, "registry"),
        NO_COLOR: "1",
      },
    },
  );
  for (const stream of [wrangler.stdout, wrangler.stderr]) stream.on("data", (chunk) => (log += chunk));
  url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (wrangler.exitCode !== null) throw new Error(`wrangler did not start:\n${log}`);
    return fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    );
  }, "wrangler starts");
});
function end() {
  // wrangler, its node and workerd: the whole group.
  if (wrangler?.pid) process.kill(-wrangler.pid, "SIGKILL");
  wrangler = undefined;
  if (folder) rmSync(folder, { recursive: true, force: true });
}
after(end);
// A file that ends without its `after` leaves none behind.
process.once("exit", end);

test("a client and a reader meet the shared limit, which is far below the instance's own", async () => {
  const project = await newProject("limits-shared");
  const send = () =>
    call("/e", {
      base: url,
      key: project.keys.pk,
      body: { event: "e" },
      headers: { origin: "http://localhost", "cf-connecting-ip": "192.0.2.1" },
    });
  const sent = [];
  for (let index = 0; index < 12; index++) sent.push((await send()).status);
  assert.ok(sent.includes(202) && sent.includes(429), JSON.stringify(sent));
  assert.ok(sent.filter((status) => status === 202).length <= 10, JSON.stringify(sent));

  const asked = [];
  for (let index = 0; index < 8; index++) {
    const [status, answer, headers] = await ask("/v1/stats", { base: url, key: project.keys.rk });
    asked.push(status);
    if (status === 429) {
      assert.equal(answer.error, "rate_limited");
      assert.ok(Number(headers.get("retry-after")) >= 1);
    }
  }
  assert.ok(asked.includes(200) && asked.includes(429), JSON.stringify(asked));
});
