// What npm would publish: its files, how it is imported, its types, and the examples of its README in a real browser.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { examples, installed, isPlain } from "../../tests/harness/package.mjs";
import { budgets } from "../build.mjs";
import { end, visit } from "./harness.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
const html = examples(here, "html");
const js = examples(here, "js");
/** @type {Awaited<ReturnType<typeof installed>>} */
let package_;

before(async () => {
  package_ = await installed(here);
});
after(end);

test("the package holds the built code, its types and maps, README and LICENSE, and nothing else", () => {
  const types = package_.files.filter((path) => path.endsWith(".d.ts"));
  const scripts = ["a.js", "core.js", "index.js"].flatMap((name) => [`dist/${name}`, `dist/${name}.map`]);
  assert.deepEqual(package_.files, ["LICENSE", "README.md", "package.json", ...scripts, ...types].sort());
  assert.ok(types.includes("dist/index.d.ts"), String(types));
  isPlain(assert, here, package_.manifest);
  // What is served is the same code, without the way to its map.
  const script = package_.read("dist/a.js").replace(/\/\/# sourceMappingURL=.*\n/, "");
  assert.equal(script, readFileSync(join(here, "served/a.js"), "utf8"));
  for (const name of ["a.js", "core.js", "index.js"]) {
    const code = package_.read(`dist/${name}`);
    assert.ok(!/\b(?:from|import\(|require\()\s*"/.test(code), `${name} imports something`);
    const map = JSON.parse(package_.read(`dist/${name}.map`));
    assert.ok(map.sources.length > 0 && map.sourcesContent.every(Boolean), name);
    // Each of these stands once in the code; the map says where in the source.
    const lines = code.split("\n");
    for (const word of ["prerenderingchange", "pushState", "keepalive"]) {
      const line = lines.findIndex((text) => text.includes(word));
      const entry = /** @type {any} */ (new SourceMap(map).findEntry(line, lines[line].indexOf(word)));
      const source = map.sourcesContent[map.sources.indexOf(entry.originalSource)].split("\n");
      assert.ok(source[entry.originalLine].includes(word), `${name}: ${word} is not in line ${entry.originalLine + 1}`);
    }
  }
});

test("on a server the module can be imported and called, and does nothing", async () => {
  const calls = `import * as headwater from "@headwater/browser";
    headwater.init({ key: "pk_live_x", host: "https://stats.example.com" });
    const values = [];
    for (const call of Object.values(headwater)) values.push(await call("a", "b"));
    console.log(JSON.stringify([Object.keys(headwater).sort(), values]));`;
  writeFileSync(join(package_.project, "server.mjs"), calls);
  const { stdout, stderr } = await run(process.execPath, ["server.mjs"], { cwd: package_.project });
  const names = ["dropped", "flush", "getAnonymousId", "identify", "init", "optIn", "optOut", "page", "reset"];
  const [found, values] = JSON.parse(stdout);
  assert.deepEqual(found, [...names, "revenue", "setAnonymousId", "track"]);
  assert.deepEqual(values.filter(Boolean), []);
  assert.equal(stderr, "");
});

describe("types", () => {
  const settings = { module: "esnext", moduleResolution: "bundler", target: "es2022", lib: ["es2022", "dom"] };
  const check = (file, text) => package_.check(file, text, { ...settings, checkJs: true });

  test("are right, also in a project that checks libraries", async () => {
    const text = `
      import { dropped, flush, getAnonymousId, init, revenue, type Settings, track } from "@headwater/browser";
      const settings: Settings = { key: "k", host: "/stats", auto: ["outbound", "form"], persist: "session", spa: false };
      init(settings);
      track("e", { a: [1], b: { c: null } });
      revenue(19.99, "EUR");
      const all: [string | undefined, number] = [getAnonymousId(), dropped()];
      export const done = flush().then(() => all);`;
    assert.equal(await check("right.ts", text), "");
  });

  test("refuse what would be a mistake", async () => {
    const wrong = [
      'init({ host: "h" });',
      'init({ key: "k" });',
      'init({ key: "k", host: "h", auto: ["everything"] });',
      'init({ key: "k", host: "h", persist: "forever" });',
      'init({ key: "k", host: "h", keys: "k" });',
      "track();",
      'track({ event: "e" });',
      'revenue("1");',
      "identify(7);",
    ];
    const lines = wrong.map((line) => `// @ts-expect-error\n${line}`).join("\n");
    const names = 'import { identify, init, revenue, track } from "@headwater/browser";';
    assert.equal(await check("wrong.ts", `${names}\n${lines}`), "");
  });

  for (const [index, code] of js.entries()) {
    test(`fit example ${index + 1}`, async () => assert.equal(await check(`example-${index}.js`, code), ""));
  }
});

describe("README", () => {
  const text = readFileSync(join(here, "README.md"), "utf8");

  test("names every setting and every call", () => {
    const settings = readFileSync(join(here, "src/settings.ts"), "utf8");
    const names = [...settings.matchAll(/^ {2}(\w+)\??: /gm)].map(([, name]) => name);
    assert.ok(names.length >= 8);
    for (const name of names) assert.match(text, new RegExp(`^\\| \`data-${name}.*\\| \`${name}: `, "m"), name);
    const [, calls] = package_.read("dist/index.js").match(/export \{([^}]*)\}/);
    for (const name of calls.match(/\w+(?=,|\s*$)/gm)) assert.match(text, new RegExp(`^\\|.*\`${name}\\(`, "m"), name);
  });

  test("tells the budgets that the build has", () => {
    for (const bytes of Object.values(budgets)) assert.ok(text.includes(bytes.toLocaleString("en")), `${bytes}`);
  });

  const told = [["pageview"], ["pageview"], ["pageview", "experiment seen"]];
  for (const [index, code] of html.entries()) {
    visit(`HTML example ${index + 1} tells of ${told[index]}`, async (it) => {
      const script = code.replace("https://stats.example.com", it.way.url).replace("pk_live_…", it.key);
      it.serve({ "/": it.page("", { script }) });
      await it.open();
      const rows = await it.stored(told[index].length);
      assert.deepEqual(
        rows.map(({ event }) => event),
        told[index],
      );
    });
  }

  const bundled = [
    ["pageview", "signup", "$identify", "purchase"],
    ["pageview", "consent shown"],
  ];
  for (const [index, code] of js.entries()) {
    visit(`JavaScript example ${index + 1} tells of ${bundled[index]}`, async (it) => {
      const contents = code.replace("https://stats.example.com", it.way.url).replace("pk_live_…", it.key);
      const { outputFiles } = await build({
        stdin: { contents, resolveDir: package_.project },
        bundle: true,
        format: "esm",
        write: false,
      });
      const module = { body: outputFiles[0].text, headers: { "content-type": "text/javascript" } };
      it.serve({ "/": it.page("", { script: '<script type="module" src="/app.js"></script>' }), "/app.js": module });
      await it.open();
      const rows = await it.stored(bundled[index].length);
      assert.deepEqual(
        rows.map(({ event }) => event),
        bundled[index],
      );
    });
  }

  test("has as many examples as it should", () => {
    assert.deepEqual([html.length, js.length], [told.length, bundled.length]);
  });
});
