// What others make of docs/openapi.json: a linter finds nothing in it, and clients that are generated from it work.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { newProject, root, stack } from "./harness/stack.mjs";

const run = promisify(execFile);
const folder = join(root, "tests/openapi");
const packages = join(folder, "node_modules");
const document = join(root, "docs/openapi.json");
const work = join(dirname(process.env.HEADWATER_DEV_JSON), "openapi-clients");
const python = process.env.HEADWATER_API_CLIENT;
const skip = !python && `no Python client: ${process.env.HEADWATER_NO_API_CLIENT ?? "use `cargo xtask test`"}`;
/** What openapi-python-client cannot do, by operation; everything else must be generated. */
const KNOWN = [
  // It knows application/json alone; the other form of the same body, or a stream, is left out.
  "POST /e",
  "POST /v1/track",
  "POST /v1/batch",
  "POST /v1/identify",
  "POST /v1/access",
];

describe("the API document", () => {
  test("has no finding of spectral's OpenAPI rules", async () => {
    const spectral = join(packages, "@stoplight/spectral-cli/dist/index.js");
    const args = [spectral, "lint", document, "--ruleset", join(folder, "spectral.yaml"), "--fail-severity", "hint"];
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, SCARF_ANALYTICS: "false" } });
    assert.match(stdout, /No results with a severity of 'hint' or higher found!/);
  });

  test("gives openapi-typescript types over which openapi-fetch works", async () => {
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    // Beside the packages, so that both compilers find them.
    symlinkSync(packages, join(work, "node_modules"));
    await run(process.execPath, [
      join(packages, "openapi-typescript/bin/cli.js"),
      document,
      "-o",
      join(work, "api.ts"),
    ]);
    cpSync(join(folder, "client.ts"), join(work, "client.ts"));
    writeFileSync(join(work, "package.json"), JSON.stringify({ type: "module" }));
    const options = {
      strict: true,
      target: "es2022",
      module: "esnext",
      moduleResolution: "bundler",
      skipLibCheck: true,
    };
    const tsconfig = { compilerOptions: { ...options, outDir: "out" }, files: ["client.ts"] };
    writeFileSync(join(work, "tsconfig.json"), JSON.stringify(tsconfig));
    await run(process.execPath, [join(packages, "typescript/bin/tsc"), "--project", work]).catch((error) => {
      assert.fail(error.stdout);
    });
    const { keys } = await newProject("openapi-fetch");
    const { roundTrip } = await import(pathToFileURL(join(work, "out/client.js")).href);
    const { id, rows, error } = await roundTrip(stack.worker_url, keys.sk, "by-openapi-fetch");
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.equal(rows.length, 1);
    assert.equal(error, "invalid_params");
  });

  test("gives openapi-python-client a client that works", { skip }, async () => {
    const made = join(work, "python");
    rmSync(made, { recursive: true, force: true });
    const generator = join(dirname(python), "openapi-python-client");
    const args = ["generate", "--path", document, "--output-path", made, "--meta", "none"];
    // It looks for ruff to format what it writes, and goes on without.
    const { stdout, stderr } = await run(generator, args, { maxBuffer: 16 << 20 });
    const said = stdout + stderr;
    const left = [...said.matchAll(/^WARNING parsing (\S+ \S+) within/gm)].map(([, operation]) => operation);
    assert.deepEqual([...new Set(left)].sort(), [...KNOWN].sort(), said);
    assert.doesNotMatch(said, /Endpoint will not be generated|removal of/, said);
    const packaged = join(work, "packaged");
    rmSync(packaged, { recursive: true, force: true });
    cpSync(made, join(packaged, "headwater_client"), { recursive: true });
    const { keys } = await newProject("openapi-python");
    const program = [join(folder, "client.py"), packaged, stack.worker_url, keys.sk, "by-python"];
    assert.equal((await run(python, program)).stdout, "ok\n");
    assert.ok(readFileSync(join(made, "models/stats_question.py"), "utf8").includes("order_by"));
  });
});
