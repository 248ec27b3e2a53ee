// `cargo xtask bench size`: sizes of the browser script and of other trackers, each put through the same bundler.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build, version } from "esbuild";
import { minify } from "terser";

const here = fileURLToPath(new URL(".", import.meta.url));
const modules = join(here, "node_modules");

/**
 * Umami publishes no package of its tracker, only the whole application. This is its last version on npm. Only the
 * tracker's source is taken from it, without its 60 dependencies.
 */
const UMAMI = {
  version: "2.10.0",
  integrity: "sha512-+lmrnV0751R6U2rkIgVAlE1nWI7yZawlMlJDguW9tlFacCKhnGeCyc7tCMIhNNYIiGIQy4DEX5IzJhm4b3+dPA==",
  file: "package/src/tracker/index.js",
};

/** Reads a file of a package that is downloaded but not installed. */
function umami() {
  const folder = join(modules, ".packed");
  const packed = join(folder, `umami-${UMAMI.version}.tgz`);
  if (!existsSync(packed)) {
    mkdirSync(folder, { recursive: true });
    const args = ["pack", `umami@${UMAMI.version}`, "--pack-destination", folder, "--loglevel=error"];
    execFileSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] });
  }
  const found = createHash("sha512").update(readFileSync(packed)).digest("base64");
  if (`sha512-${found}` !== UMAMI.integrity) throw new Error(`${packed} does not have the expected checksum`);
  return execFileSync("tar", ["-xzOf", packed, UMAMI.file], { encoding: "utf8", maxBuffer: 1 << 24 });
}

/** The version of an installed package, or of one in another folder. */
const versionOf = (name, folder = join(modules, name)) =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;

/** A script that exports everything of a package to the page, so nothing can be left out. */
const whole = (name) => `import * as all from ${JSON.stringify(name)}; window.tracker = all;`;

const sdk = join(here, "../../../sdk-browser");
const own = { name: "@headwater/browser", version: versionOf("@headwater/browser", sdk) };
/** Resolves our own module, which is not installed. */
const ownModule = {
  name: "own",
  setup(build) {
    build.onResolve({ filter: /^own$/ }, () => ({ path: join(sdk, "dist/index.js") }));
  },
};
/** A script that our own build has made. */
const built = (file) => readFileSync(join(sdk, "dist", file), "utf8").replace(/\/\/# sourceMappingURL=.*\n$/, "");

/**
 * `made` is the output of a package's own build, by the same two programs.
 * @type {{name: string, version?: string, what: string, text?: string, made?: string}[]}
 */
const contestants = [
  { ...own, what: "a.js, served by the Worker", made: built("a.js") },
  { ...own, what: "core.js", made: built("core.js") },
  { ...own, what: "the module", text: whole("own") },
  {
    name: "@counterscale/tracker",
    what: "dist/loader/tracker.js, its served script",
    text: readFileSync(join(modules, "@counterscale/tracker/dist/loader/tracker.js"), "utf8"),
  },
  { name: "@counterscale/tracker", what: "the module", text: whole("@counterscale/tracker") },
  { name: "umami", version: UMAMI.version, what: "src/tracker, the source of its script.js", text: umami() },
  { name: "@plausible-analytics/tracker", what: "the module", text: whole("@plausible-analytics/tracker") },
  { name: "plausible-tracker", what: "the module", text: whole("plausible-tracker") },
  {
    name: "@vercel/analytics",
    what: "the module, which loads another script that is not on npm",
    text: whole("@vercel/analytics"),
  },
];

/** Bundles a script for a page and minifies it. */
async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here },
    plugins: [ownModule],
    bundle: true,
    minify: true,
    format: "iife",
    platform: "browser",
    target: "es2020",
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    logLevel: "warning",
    write: false,
  });
  const { code } = await minify(outputFiles[0].text, { ecma: 2020, compress: { ecma: 2020, passes: 5 } });
  return code;
}

const rows = [];
for (const { name, what, text, made, version = versionOf(name) } of contestants) {
  const bytes = Buffer.from(made ?? (await bundled(text)));
  const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
  rows.push([`${name} ${version}`, what, ...sizes.map((size) => size.toLocaleString("en"))]);
}

const head = ["package", "what", "minified", "gzip", "brotli"];
const widths = head.map((word, column) => Math.max(word.length, ...rows.map((row) => row[column].length)));
const line = (row) => row.map((cell, n) => (n < 2 ? cell.padEnd(widths[n]) : cell.padStart(widths[n]))).join("  ");
console.log(`\nSizes in bytes. Bundled by esbuild ${version}, minified by esbuild and terser; gzip -9, brotli -11\n`);
for (const row of [head, ...rows]) console.log(line(row).trimEnd());
