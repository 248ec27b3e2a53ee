// The recipes of docs/install.md, as they stand there: script and events through a path of the site.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { newProject, root, rowsOf } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";
import { freePort, startWorker, workerd } from "./harness/worker.mjs";

const text = readFileSync(join(root, "docs/install.md"), "utf8");
const recipe = (language) => text.match(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s"))[1];
const secret = randomBytes(16).toString("hex");
const folder = mkdtempSync(join(tmpdir(), "headwater-recipes-"));
const children = [];
let project;
let worker;
let number = 0;

before(async () => {
  project = await newProject("recipes", "--unlimited");
  worker = await startWorker({ PROXY_SECRET: secret });
});
after(async () => {
  for (const child of children) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  await worker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a program that listens on a port, and waits until it does. */
async function listening(port, ...command) {
  const child = spawn(command[0], command.slice(1), { stdio: ["ignore", "ignore", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  children.push(child);
  await until(() => fetch(`http://127.0.0.1:${port}/stats/health`).catch(() => undefined), `${command[0]} listens`);
  return `http://127.0.0.1:${port}/stats`;
}

/** A request from an address of this machine: status and body. */
async function from(localAddress, url, { method = "GET", headers = {}, body = "" } = {}) {
  const request = http.request(url, { method, headers, localAddress });
  request.end(body);
  const [response] = await once(request, "response");
  return { status: response.statusCode, body: Buffer.concat(await response.toArray()) };
}

const stored = (event_id) =>
  until(
    async () => (await rowsOf(project.project_id)).find((row) => row.event_id === event_id),
    `${event_id} is stored`,
  );

/** Sends a batch as the script does; what is stored of the visitor. */
async function seen(base, localAddress, more = {}) {
  const event_id = `recipe-${++number}`;
  const { status, body } = await from(localAddress, `${base}/v1/batch?key=${project.keys.pk}`, {
    method: "POST",
    body: JSON.stringify([{ event: "e", event_id, timestamp: Date.now(), url: "http://localhost/" }]),
    headers: {
      ...{ "content-type": "text/plain", origin: "http://localhost", "accept-language": "pt-BR" },
      ...{ "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0", cookie: "own=1", ...more },
    },
  });
  assert.equal(status, 202, body.toString());
  const row = await stored(event_id);
  return { visitor: String(row.visitor_hash), browser: row.browser, language: row.language };
}

/** What holds of every way. */
async function passesOn(base) {
  const script = await from("127.0.0.1", `${base}/v1/a.js`);
  assert.ok(script.body.equals(readFileSync(join(root, "sdk-browser/served/a.js"))));
  const direct = await seen(worker.url, "127.0.0.1", { "cf-connecting-ip": "127.0.0.2" });
  assert.deepEqual([direct.browser, direct.language], ["Firefox", "pt"]);
  return direct;
}

let nginx;
try {
  nginx = execFileSync("sh", ["-c", "command -v nginx || command -v /usr/sbin/nginx"], { encoding: "utf8" }).trim();
} catch {
  // There is none here.
}

describe("nginx", { skip: nginx ? false : "there is no nginx" }, () => {
  test("passes script and events on, and each visitor's address", async () => {
    const port = await freePort();
    const location = recipe("nginx")
      .replace("https://stats.example.com/", `${worker.url}/`)
      .replace("the PROXY_SECRET", secret);
    writeFileSync(
      join(folder, "nginx.conf"),
      `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr error;
       events {}
       http {
         access_log off;
         ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ")}
         server { listen 127.0.0.1:${port}; ${location} }
       }`,
    );
    const base = await listening(port, nginx, "-c", join(folder, "nginx.conf"), "-p", folder, "-e", "stderr");
    const direct = await passesOn(base);
    assert.deepEqual(await seen(base, "127.0.0.2"), direct);
    assert.notEqual((await seen(base, "127.0.0.3")).visitor, direct.visitor);
    // A visitor cannot take another's place.
    const claimed = { "x-headwater-ip": "127.0.0.2", "x-headwater-proxy": secret };
    assert.deepEqual(await seen(base, "127.0.0.3", claimed), await seen(base, "127.0.0.3"));
  });
});

describe("Cloudflare's path", () => {
  test("passes script and events on with the visitor's address", async () => {
    const port = await freePort();
    writeFileSync(join(folder, "stats.js"), recipe("js"));
    writeFileSync(
      join(folder, "stats.capnp"),
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "stats", worker = .stats),
    (name = "headwater", external = (address = "${worker.url.slice("http://".length)}", http = ())),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "stats")],
);
const stats :Workerd.Worker = (
  modules = [(name = "stats.js", esModule = embed "stats.js")],
  compatibilityDate = "2026-10-01",
  bindings = [(name = "HEADWATER", service = "headwater")],
);
`,
    );
    const base = await listening(port, workerd, "serve", join(folder, "stats.capnp"));
    const direct = await passesOn(base);
    // The edge sets this header, so it is what arrives here.
    assert.deepEqual(await seen(base, "127.0.0.1", { "cf-connecting-ip": "127.0.0.2" }), direct);
  });
});
