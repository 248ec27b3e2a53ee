// Starts additional Workers on bare workerd, with other settings than the stack's.
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { root, stack } from "./stack.mjs";
import { until } from "./until.mjs";

export const workerd = join(
  root,
  `node_modules/@cloudflare/workerd-linux-${process.arch === "arm64" ? "arm64" : "64"}/bin/workerd`,
);
// A test run has its own bundle beside its data. A development stack uses the workspace's.
export const state = dirname(resolve(process.env.HEADWATER_DEV_JSON));
export const build = existsSync(join(state, "build")) ? join(state, "build") : join(root, "build");

export function freePort() {
  return new Promise((done) => {
    const server = net.createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      server.close(() => done(port));
    });
  });
}

/** A Worker that calls the main Worker like its cron trigger. */
const CRON = `export default {
  async fetch(request, env) {
    const { outcome } = await env.MAIN.scheduled({ cron: "*/5 * * * *", scheduledTime: new Date() });
    return new Response(outcome);
  },
};`;

/** The settings of the stack's Worker. */
export function stackSettings() {
  const lines = readFileSync(join(state, "worker.env"), "utf8")
    .split("\n")
    .filter((line) => line.includes("="));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1).replace(/^'(.*)'$/, "$1")];
    }),
  );
}

/**
 * Starts a Worker with the stack's settings, changed by `settings`: an undefined one is left out, and so is the buffer
 * if `BUFFER` is null. Its Durable Objects are in `storage`, by default in a temporary folder; its bundle is `bundle`.
 * @returns {Promise<{url: string, pid: number, log: () => string, stop: () => Promise<void>,
 *   cron: () => Promise<void>}>} `cron` runs the cron trigger
 */
export async function startWorker(settings = {}, storage = undefined, bundle = build) {
  const folder = mkdtempSync(join(tmpdir(), "headwater-worker-"));
  storage ??= join(folder, "storage");
  // workerd embeds only files from the folder of its configuration.
  for (const file of ["index.mjs", "index_bg.wasm"]) copyFileSync(join(bundle, file), join(folder, file));
  const [port, cronPort] = [await freePort(), await freePort()];
  const quote = (text) => JSON.stringify(text);
  mkdirSync(storage, { recursive: true });
  const bindings = Object.entries({ ...stackSettings(), ...settings })
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `(name = ${quote(name)}, text = ${quote(value)})`);
  if (settings.BUFFER !== null) bindings.push('(name = "BUFFER", durableObjectNamespace = "Buffer")');
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "cron", worker = .cron),
    (name = "internet", network = (allow = ["public", "private", "local"])),
    (name = "storage", disk = (path = ${quote(storage)}, writable = true)),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:${port}", http = (), service = "main"),
    (name = "cron", address = "127.0.0.1:${cronPort}", http = (), service = "cron"),
  ],
);
const cron :Workerd.Worker = (
  modules = [(name = "cron.mjs", esModule = ${quote(CRON)})],
  compatibilityDate = "2026-10-01",
  compatibilityFlags = ["service_binding_extra_handlers"],
  bindings = [(name = "MAIN", service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "index.mjs", esModule = embed "index.mjs"),
    (name = "./index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = "2026-10-01",
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [(className = "Buffer", uniqueKey = "headwater-buffer", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),
);
`,
  );
  const child = spawn(workerd, ["serve", "--experimental", join(folder, "config.capnp")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Removes the process if a test file exits without calling `stop`.
  const discard = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", discard);
  let log = "";
  child.stdout.on("data", (chunk) => (log += chunk));
  child.stderr.on("data", (chunk) => (log += chunk));
  const ended = new Promise((done) => child.once("exit", done));
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`the Worker did not start:\n${log}`);
    return fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    );
  }, "the Worker starts");
  return {
    url,
    pid: child.pid,
    log: () => log,
    async cron() {
      const response = await fetch(`http://127.0.0.1:${cronPort}`, { signal: AbortSignal.timeout(300_000) });
      const outcome = await response.text();
      if (outcome !== "ok") throw new Error(`the cron ended with ${outcome}:\n${log}`);
    },
    async stop() {
      process.off("exit", discard);
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export { stack };
