// Builds dist/ and the script that the Worker serves. Fails if a script is larger than its budget.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build as bundle } from "esbuild";
import { minify } from "terser";

const here = dirname(fileURLToPath(import.meta.url));

/** The script that the Worker embeds. It is committed, so that `cargo` does not need npm packages. */
export const served = join(here, "served/a.js");

/** Most bytes of each script, compressed with `gzip -9`. */
export const budgets = { "a.js": 1900, "core.js": 1024 };

/** Bundles one entry; `conditions` choose among the package's `imports`. */
async function bundled(entry, format, conditions = []) {
  const { outputFiles } = await bundle({
    entryPoints: [join(here, `src/${entry}.ts`)],
    outfile: join(here, "dist", "out.js"),
    bundle: true,
    format,
    conditions,
    target: "es2020",
    sourcemap: "external",
    legalComments: "none",
    logLevel: "warning",
    write: false,
  });
  const [map, code] = outputFiles.map((file) => file.text);
  return { code, map };
}

/** A file of `dist`: `a.js`, `core.js` or `index.js`. */
export const built = (name) =>
  name === "index.js" ? bundled("index", "esm") : script(name === "core.js" ? ["core"] : []);

/** A script for a tag, as small as it gets. */
async function script(conditions) {
  const { code, map } = await bundled("tag", "iife", conditions);
  // The code of modules runs the same without "use strict"; `let` compresses better than `const` and `var`.
  // Lines and columns stay the same, for the source map.
  const shorter = code.replace(/^"use strict";/, "").replace(/\b(const|var) /g, (word) => "let ".padEnd(word.length));
  const packed = await minify(shorter, {
    ecma: 2020,
    compress: {
      ecma: 2020,
      passes: 5,
      keep_fargs: false,
      booleans_as_integers: true,
      unsafe: true,
      unsafe_comps: true,
      unsafe_methods: true,
    },
    sourceMap: { content: map },
  });
  return { code: packed.code, map: String(packed.map) };
}

/** Bytes of a text after compression. */
export const packed = (text) => gzipSync(text, { level: 9 }).length;

/** The scripts, each within its budget. */
async function scripts() {
  const made = {};
  for (const name of ["a.js", "core.js", "index.js"]) made[name] = await built(name);
  const heavy = [];
  for (const [name, budget] of Object.entries(budgets)) {
    const bytes = packed(made[name].code);
    console.log(`${name}: ${made[name].code.length} bytes, ${bytes} packed, ${budget} allowed`);
    if (bytes > budget) heavy.push(name);
  }
  if (heavy.length > 0) throw new Error(`over budget: ${heavy.join(", ")}`);
  return made;
}

/** Builds everything that is published, and what the Worker serves. */
async function build() {
  const dist = join(here, "dist");
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  const made = await scripts();
  for (const [name, { code, map }] of Object.entries(made)) {
    writeFileSync(join(dist, name), `${code}//# sourceMappingURL=${name}.map\n`);
    writeFileSync(join(dist, `${name}.map`), map);
  }
  mkdirSync(dirname(served), { recursive: true });
  // Not where it is the same: whatever watches it, `wrangler dev` for one, would build and start again.
  if (readFileSync(served, "utf8") !== made["a.js"].code) writeFileSync(served, made["a.js"].code);
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  execFileSync(process.execPath, [tsc, "--project", here, "--outDir", dist], { stdio: "inherit" });
}

/** Fails if the committed script is not the one built from the source. */
async function check() {
  const { code } = (await scripts())["a.js"];
  if (readFileSync(served, "utf8") !== code) throw new Error("served/a.js is not current: run `npm run build` here");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await (process.argv.includes("--check") ? check() : build()).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}
