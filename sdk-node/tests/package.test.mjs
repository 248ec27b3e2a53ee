// What npm would publish: its files, how it is imported, its types, and the examples of its README.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { examples, installed, isPlain } from "../../tests/harness/package.mjs";
import { newProject, stack } from "../../tests/harness/stack.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
/** @type {Awaited<ReturnType<typeof installed>>} */
let package_;
let project;
let keys;

before(async () => {
  ({ keys } = await newProject("node-package", "--unlimited"));
  // What the examples use besides.
  package_ = await installed(here, ["express", "fastify", "hono", "@types/node", "undici-types"]);
  ({ project } = package_);
});

const environment = () => ({ ...process.env, HEADWATER_KEY: keys.sk, HEADWATER_HOST: stack.worker_url });

/** The Node that runs this test, and the system's where it is another one that the package is for. */
function nodes() {
  const found = [process.execPath];
  try {
    const version = execFileSync("/usr/bin/env", ["node", "--version"], { encoding: "utf8" });
    const [, major, minor] = version.match(/^v(\d+)\.(\d+)/).map(Number);
    if (version.trim() !== process.version && (major > 20 || (major === 20 && minor >= 3))) found.push("node");
  } catch {
    // There is no other.
  }
  return found;
}

test("the package holds the built code, its types, README and LICENSE, and nothing else", () => {
  const names = ["before-exit", "client", "delivery", "error", "event", "export", "middleware", "queue", "retry"];
  const types = ["api", "index", "transport", ...names].map((name) => `${name}.d.ts`);
  const dist = ["cjs", "esm"].flatMap((format) =>
    ["index.js", "package.json", ...types].map((file) => `dist/${format}/${file}`),
  );
  assert.deepEqual(package_.files, ["LICENSE", "README.md", "package.json", ...dist].sort());
  isPlain(assert, here, package_.manifest);
  for (const format of ["cjs", "esm"]) {
    const code = package_.read(`dist/${format}/index.js`);
    const imported = [...code.matchAll(/(?:from|require\()\s*"([^"]+)"/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(imported)].sort(), ["node:crypto", "node:net"], format);
  }
});

describe("the installed package", () => {
  const body = `const it = new Headwater({ key: process.env.HEADWATER_KEY, host: process.env.HEADWATER_HOST });
    it.track({ event: "installed" });
    it.shutdown().then(() => console.log(JSON.stringify([it.counts, new HeadwaterError({ code: "timeout", detail: "d" }).message])));`;
  const programs = {
    "esm.mjs": `import { Headwater, HeadwaterError } from "@headwater/node";\n${body}`,
    "cjs.cjs": `const { Headwater, HeadwaterError } = require("@headwater/node");\n${body}`,
  };
  for (const node of nodes()) {
    const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
    for (const [name, text] of Object.entries(programs)) {
      test(`works in ${version} as ${name.slice(0, 3)}`, async () => {
        writeFileSync(join(project, name), text);
        const { stdout, stderr } = await run(node, [join(project, name)], { env: environment() });
        const counts = { pending: 0, delivered: 1, rejected: 0, dropped: 0 };
        assert.deepEqual([JSON.parse(stdout), stderr], [[counts, "timeout: d"], ""]);
      });
    }
  }
});

describe("types", () => {
  const right = `
    const it = new Headwater({ key: "k", host: "h", onError: (error) => console.log(error.code, error.events) });
    const id: string | undefined = it.track({ event: "e", timestamp: new Date(), properties: { a: [1] } });
    const rows: Promise<StatsAnswer> = it.stats({ metrics: ["visitors"], filters: [["is", "prop:plan", "pro"]] });
    async function all() {
      for await (const event of it.query({ filters: [["exists", "revenue"]] })) console.log(event.source.length);
      const stream: ReadableStream<Uint8Array> = await it.export({ format: "csv" });
      return [id, rows, stream];
    }
    export { all };`;
  const wrong = [
    "it.track({ properties: {} });",
    'it.track({ event: "e", revenue: { amount: 1 } });',
    'it.identify({ user_id: "u" });',
    'it.stats({ metrics: ["nonsense"] });',
    'it.stats({ filters: [["is", "nonsense", "x"]] });',
    'it.export({ format: "xml" });',
    "it.forget({});",
    "it.funnel({});",
  ];
  const options = { module: "nodenext", target: "es2023", lib: ["es2023"], types: ["node"] };
  const check = (file, text) => package_.check(file, text, options);
  for (const [file, import_] of Object.entries({
    "use.mts": 'import { Headwater, type StatsAnswer } from "@headwater/node";',
    "use.cts": 'import { Headwater, type StatsAnswer } from "@headwater/node";',
  })) {
    test(`are right in ${file}, also in a project that checks libraries`, async () => {
      assert.equal(await check(file, `${import_}\n${right}`), "");
    });
  }

  test("refuse what the API would refuse", async () => {
    const lines = wrong.map((line) => `// @ts-expect-error\n${line}`).join("\n");
    const begin = 'import { Headwater } from "@headwater/node";\nconst it = new Headwater({ key: "k", host: "h" });';
    assert.equal(await check("wrong.mts", `${begin}\n${lines}`), "");
  });

  test("fit the frameworks that have types of their own", async () => {
    const text = `
      import { Headwater, fastifyPlugin, honoMiddleware, visitOf } from "@headwater/node";
      import fastify from "fastify";
      import { Hono } from "hono";
      const it = new Headwater({ key: "k", host: "h" });
      const app = fastify();
      await app.register(fastifyPlugin(it, { ip: (request) => request.ip }));
      app.get("/", (request) => visitOf(request).page());
      new Hono().use(honoMiddleware(it, { ip: (context) => context.req.header("x-real-ip") }));`;
    const complaints = await check("frameworks.mts", text);
    // Their own declarations are not this package's business.
    assert.deepEqual(
      complaints.split("\n").filter((line) => line.startsWith("frameworks.mts")),
      [],
    );
  });
});

describe("README", () => {
  const text = readFileSync(join(here, "README.md"), "utf8");
  const shown = examples(here, "js");

  test("names every setting with its default", () => {
    const client = readFileSync(join(here, "src/client.ts"), "utf8");
    for (const [, name, value] of client.matchAll(/count\(options, "(\w+)", ([\d_]+), \d(?:, LONGEST)?\)/g)) {
      assert.ok(text.includes(`${name}: ${value},`), name);
    }
  });

  for (const [index, code] of shown.entries()) {
    const name = code.split("\n").find((line) => line.startsWith("import"));
    test(`example ${index + 1} runs: ${name}`, async () => {
      const folder = join(project, `example-${index}`);
      mkdirSync(folder);
      writeFileSync(join(folder, "example.mjs"), code);
      const { stderr } = await run(process.execPath, ["example.mjs"], { cwd: folder, env: environment() });
      // The one that shows a loss shows that and nothing else.
      if (code.includes("too old")) assert.match(stderr, /^invalid_payload `timestamp`: .* 1 \[/);
      else assert.equal(stderr, "");
    });
  }

  test("has as many examples as it should", () => assert.equal(shown.length, 7));
});
