// Requests by the thousand, made of the document: whatever is asked, the answer is one that the document tells of.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { often } from "./harness/long.mjs";
import { newProject, root, settled, stack } from "./harness/stack.mjs";

const program = process.env.HEADWATER_SCHEMATHESIS;
const skip = !program && `no schemathesis: ${process.env.HEADWATER_NO_SCHEMATHESIS ?? "use `cargo xtask test`"}`;
const folder = join(root, "tests/openapi");

/**
 * Runs it with a key; fails with its report.
 * @param {string} key
 * @param {number} seconds more on a machine so busy that it makes next to none in them
 * @param {...string} which operations
 */
async function put(key, seconds, ...which) {
  // It leaves a cache where it runs.
  const cwd = join(dirname(process.env.HEADWATER_DEV_JSON), "schemathesis");
  mkdirSync(cwd, { recursive: true });
  const args = ["--config-file", join(folder, "schemathesis.toml"), "run", join(root, "docs/openapi.json")];
  args.push(
    "--url",
    stack.worker_url,
    "--header",
    `Authorization: Bearer ${key}`,
    "--max-time",
    `${seconds}`,
    ...which,
  );
  const env = { ...process.env, SCHEMATHESIS_HOOKS: "hooks", PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" };
  const report = await new Promise((done) => {
    execFile(program, args, { cwd, env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      done({ failed: error !== null, text: stdout + stderr });
    });
  });
  // Made-up values are long.
  const lines = report.text.split("\n").map((/** @type {string} */ line) => line.slice(0, 400));
  assert.ok(!report.failed, lines.join("\n"));
  const [, generated] = report.text.match(/(\d+) generated/) ?? [];
  if (Number(generated) > 20) return;
  assert.ok(seconds < 200, `only ${generated} requests were made`);
  await put(key, seconds * 10, ...which);
}

test("events and questions", { skip }, async () => {
  const { keys } = await newProject("schemathesis", "--unlimited");
  await put(keys.sk, often(20, 600), "--exclude-tag", "Management", "--exclude-path", "/v1/buffer");
  await settled();
});

test("management, where nothing is changed, and the buffer", { skip }, async () => {
  const { keys } = await newProject("schemathesis-ak", "--organization", `schemathesis-${Date.now()}`);
  await put(
    keys.ak,
    often(5, 60),
    "--include-tag",
    "Management",
    "--include-path",
    "/v1/buffer",
    "--exclude-method-regex",
    "^(?!GET$)",
  );
});
