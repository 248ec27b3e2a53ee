// The protocol's own conformance suite, in both eras, over a build with the fixtures it asks for. A baseline names each
// scenario that does not apply, and why.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { keyedWay } from "./harness/keyed.mjs";
import { rpc } from "./harness/mcp.mjs";
import { newProject, root } from "./harness/stack.mjs";
import { freePort, startWorker } from "./harness/worker.mjs";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "headwater-mcp-"));
let worker;
let way;
let project;

before(async () => {
  const bundle = join(folder, "build");
  const args = ["bundle", "--features", "conformance", "--out-dir", bundle];
  const command = process.env.HEADWATER_XTASK;
  await (command ? run(command, args, { cwd: root }) : run("cargo", ["xtask", ...args], { cwd: root }));
  project = await newProject("mcp-conformance", "--unlimited");
  const port = await freePort();
  worker = await startWorker({ MCP_ALLOWED_ORIGINS: `http://127.0.0.1:${port}` }, undefined, bundle);
  way = await keyedWay(worker.url, project.keys.rk, port);
});
after(async () => {
  way?.close();
  await worker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Runs a release of the suite; its report. Results are written where it runs.
 * @param {string} release
 * @param {...string} args
 */
async function suite(release, ...args) {
  const program = join(root, "node_modules", release, "dist/index.js");
  const all = [program, "server", "--url", `${way.url}/mcp`, ...args];
  return new Promise((done) => {
    execFile(process.execPath, all, { cwd: folder, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      done({ failed: error !== null, text: stdout + stderr });
    });
  });
}

const baseline = (revision) => join(root, `tests/mcp/not-applicable-${revision}.yml`);
const named = (revision) => readFileSync(baseline(revision), "utf8").match(/^ {2}- .+$/gm).length;

describe("the conformance suite", () => {
  test("0.1.16 passes for 2025-11-25 in every scenario that applies", async () => {
    const { failed, text } = await suite(
      "conformance-2025",
      "--suite",
      "all",
      "--expected-failures",
      baseline("2025-11-25"),
    );
    assert.ok(!failed, text);
    assert.equal(named("2025-11-25"), 16);
  });

  test("0.2.0-alpha.12 passes for 2026-07-28 in every scenario that is required and applies", async () => {
    const revision = "2026-07-28";
    const { failed, text } = await suite(
      "conformance-2026",
      ...["--requirements", revision, "--expected-failures", baseline(revision)],
    );
    assert.ok(!failed, text);
    assert.equal(named(revision), 18);
  });

  for (const scenario of ["http-header-validation", "json-schema-2020-12"]) {
    test(`0.2.0-alpha.12 passes ${scenario}, which came after the revision`, async () => {
      const args = ["--scenario", scenario, "--spec-version", "2026-07-28"];
      const { failed, text } = await suite("conformance-2026", ...args);
      assert.ok(!failed, text);
    });
  }
});

test("none of its fixtures is in the build that ships", async () => {
  const [, { result }] = await rpc(project.keys.rk, "tools/list");
  assert.ok(!JSON.stringify(result).includes("test_simple_text"));
  const [, { error }] = await rpc(project.keys.rk, "resources/read", { uri: "test://static-text" });
  assert.equal(error.code, -32602);
});
