// Tests of npm packages: packs a package, unpacks it into a new project and checks its types there.
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { root } from "./stack.mjs";

const run = promisify(execFile);
const modules = join(root, "node_modules");

/**
 * Packs a package and installs it into a new project, with other packages of this workspace.
 * @param {string} folder of the package
 * @param {string[]} others names of packages
 */
export async function installed(folder, others = []) {
  const project = mkdtempSync(join(tmpdir(), "headwater-package-"));
  process.once("exit", () => rmSync(project, { recursive: true, force: true }));
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
  const packing = ["pack", "--json", "--loglevel=error", "--pack-destination", project];
  const { stdout } = await run("npm", packing, { cwd: folder, env });
  // The output of the build comes first.
  const [packed] = JSON.parse(stdout.slice(stdout.search(/^\[$/m)));
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const target = join(project, "node_modules", manifest.name);
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", join(project, packed.filename), "-C", target, "--strip-components=1"]);
  for (const name of others) {
    mkdirSync(dirname(join(project, "node_modules", name)), { recursive: true });
    symlinkSync(join(modules, name), join(project, "node_modules", name));
  }
  writeFileSync(join(project, "package.json"), '{"type":"module"}');
  return {
    /** Folder of the project. */
    project,
    /** Paths of all published files. */
    files: packed.files.map(({ path }) => path).sort(),
    manifest,
    /** The text of a published file. */
    read: (path) => readFileSync(join(target, path), "utf8"),
    /** TypeScript's errors for a file, including its libraries; empty if there are none. */
    async check(file, text, options = {}) {
      writeFileSync(join(project, file), text);
      const always = { strict: true, noEmit: true, skipLibCheck: false, types: [] };
      const config = { compilerOptions: { ...always, ...options }, files: [file] };
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
      const tsc = [join(modules, "typescript/bin/tsc"), "-p", project];
      return run(process.execPath, tsc, { cwd: project }).then(
        () => "",
        (error) => error.stdout || String(error),
      );
    },
  };
}

/** The examples of a README in a language. */
export function examples(folder, language) {
  const text = readFileSync(join(folder, "README.md"), "utf8");
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"))].map(([, code]) => code);
}

/** Asserts that a package has no dependencies, no install scripts and our licence. */
export function isPlain(assert, folder, manifest) {
  const { dependencies, scripts } = manifest;
  assert.deepEqual([dependencies, scripts.postinstall, scripts.install, scripts.preinstall], Array(4).fill(undefined));
  assert.equal(readFileSync(join(folder, "LICENSE"), "utf8"), readFileSync(join(root, "LICENSE"), "utf8"));
}
