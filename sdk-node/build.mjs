// Builds dist/: ES modules, CommonJS, and types for both.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundle } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

/** The code alone, into a folder; `format` is what esbuild calls it. */
export function code(folder, format) {
  return part(folder, "index", format);
}

/** One module with what it imports. */
export async function part(folder, name, format = /** @type {"esm" | "cjs"} */ ("esm")) {
  await bundle({
    entryPoints: [join(here, `src/${name}.ts`)],
    outfile: join(folder, `${name}.js`),
    bundle: true,
    platform: "node",
    target: "node20",
    format,
    logLevel: "warning",
  });
}

/** Everything that is published. */
export async function build(dist = join(here, "dist")) {
  rmSync(dist, { recursive: true, force: true });
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  for (const format of /** @type {const} */ (["esm", "cjs"])) {
    const folder = join(dist, format);
    mkdirSync(folder, { recursive: true });
    await code(folder, format);
    // What `.js` and `.d.ts` are is said by the nearest package.json.
    const type = format === "esm" ? "module" : "commonjs";
    writeFileSync(join(folder, "package.json"), `${JSON.stringify({ type, sideEffects: false })}\n`);
    execFileSync(process.execPath, [tsc, "--project", here, "--outDir", folder], { stdio: "inherit" });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
