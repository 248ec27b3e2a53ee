// Real Chromium, sites of one's own for it, and what the real Worker holds of the visits.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { ask, newProject, remember, settled, stack } from "../../tests/harness/stack.mjs";
import { sleep } from "../../tests/harness/until.mjs";
import { recordingWay } from "../../tests/harness/way.mjs";

export { LONG } from "../../tests/harness/long.mjs";
export { sleep, until } from "../../tests/harness/until.mjs";
export { problem } from "../../tests/harness/way.mjs";

const program = process.env.HEADWATER_CHROMIUM;
/** Why these tests cannot run, if so. */
export const skip = process.env.HEADWATER_NO_CHROMIUM;
if (!program && !skip) throw new Error("these tests need Chromium: use `cargo xtask test`");

/** Longest for a step of the browser, in milliseconds: what never happens, not what a busy machine slows down. */
const LIMIT = 150_000;
/** Sites of the project are subdomains of the first, others of the second; they have port 80, for all the browser knows. */
const [DOMAIN, OTHER] = ["sites.test", "elsewhere.test"];
const AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

/** All sites: what answers a request is told by its host. */
const handlers = new Map();
const pages = http.createServer(async (request, response) => {
  const handler = handlers.get(request.headers.host);
  try {
    if (handler) await handler(request, response);
    else response.writeHead(404).end();
  } catch {
    response.destroy();
  }
});
/** @type {Promise<number>} */
const pagesPort = new Promise((done) => {
  pages.listen(0, "127.0.0.1", () => done(/** @type {import("node:net").AddressInfo} */ (pages.address()).port));
  pages.unref();
});

/** Flags of a Chromium that behaves as a visitor's does, as far as it can be driven at all. */
async function flags() {
  const port = await pagesPort;
  const rules = [DOMAIN, OTHER].map((domain) => `MAP *.${domain} 127.0.0.1:${port}`).join();
  // An address without a certificate is not to be tried by https first.
  const features = "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable";
  return [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    features,
    `--user-agent=${AGENT}`,
    `--host-resolver-rules=${rules}`,
  ];
}

/** Starts Chromium. `automated` leaves it the marks of a driven browser. */
export async function launch({ automated = false, more = [] } = {}) {
  const own = automated ? [] : ["--disable-blink-features=AutomationControlled"];
  return chromium.launch({
    executablePath: program,
    timeout: LIMIT,
    args: [...(await flags()), ...own, ...more],
    ignoreDefaultArgs: ["--disable-back-forward-cache", ...(automated ? [] : ["--enable-automation"])],
  });
}

/** What the tests of a file share: a project, and a browser. */
/** @type {ReturnType<typeof made>} */
let shared;
const share = () => (shared ??= made());
async function made() {
  const project = await newProject("browser", "--unlimited");
  const make = async (kind, env, more = {}) => {
    const body = { kind, env, project_id: project.project_id, ...more };
    const [status, made] = await ask("/v1/keys", { key: project.keys.ak, body });
    assert.equal(status, 201, JSON.stringify(made));
    remember([made.key]);
    return made.key;
  };
  const local = ["localhost", "app.localhost", "127.0.0.1"].map((name) => `http://${name}:*`);
  const allowed_origins = [`http://*.${DOMAIN}`, ...local];
  const keys = {
    live: await make("pk", "live", { allowed_origins }),
    test: await make("pk", "test", { allowed_origins }),
    "read live": project.keys.rk,
    "read test": await make("rk", "test"),
  };
  return { keys, browser: await launch() };
}
/** To be called once the tests of a file are through. */
export async function end() {
  if (shared) await (await shared).browser.close();
  pages.closeAllConnections();
  pages.close();
}

/** What answers by path; `*` is any other. */
function by(content) {
  return (request, response) => {
    const { pathname } = new URL(request.url, "http://any");
    const own = content[pathname] ?? content["*"];
    if (own === undefined) return response.writeHead(404).end();
    if (typeof own === "function") return own(request, response);
    if (typeof own === "string") return response.writeHead(200, { "content-type": "text/plain" }).end(own);
    response.writeHead(200, own.headers).end(own.body);
  };
}

let count = 0;

/**
 * @typedef {object} Visit what a test works with
 * @property {string} key publishable
 * @property {string} testKey the same, for test data
 * @property {string} host of the site, which no other test has
 * @property {string} origin of the site
 * @property {Awaited<ReturnType<typeof recordingWay>>} way to the Worker
 * @property {() => import("../../tests/harness/way.mjs").Seen[]} posts requests with events, as they came
 * @property {(attributes?: string, parts?: {head?: string, body?: string, title?: string, script?: string,
 *   headers?: any}) => Page} page with the script tag, and attributes of it
 * @property {(key: string, attributes?: string) => string} tag of the script
 * @property {(content: Record<string, Page | string | ((request: any, response: any) => void)>) => void} serve
 *   by path; `*` is any other
 * @property {(content: Record<string, Page | string>) => string} elsewhere another site, its origin
 * @property {(name?: string) => Promise<string>} local the site under a name of this machine, its origin
 * @property {(options?: any, browser?: import("playwright-core").Browser) =>
 *   Promise<import("playwright-core").BrowserContext>} context a visitor's profile
 * @property {(path?: string, context?: import("playwright-core").BrowserContext) =>
 *   Promise<import("playwright-core").Page>} open a tab
 * @property {(path: string) => Promise<() => Promise<void>>} alone a browser that nobody drives; what ends it
 * @property {(count: number, options?: {seconds?: number, env?: string, host?: string, event?: string}) => Promise<any[]>} stored
 *   the site's events as `/v1/query` tells them, oldest first, once there are as many or the time is over
 * @property {string[]} errors that pages have thrown
 * @typedef {{body: string, headers: Record<string, string>}} Page
 */

/** A test in a browser: fails on any error of its pages, too. */
export function visit(
  name,
  /** @type {(visit: Visit, t: import("node:test").TestContext) => Promise<void>} */ scenario,
) {
  test(name, { skip }, async (t) => {
    const { keys, browser } = await share();
    const host = `s${++count}.${DOMAIN}`;
    const way = await recordingWay(stack.worker_url);
    const contexts = [];
    const errors = [];
    const it = /** @type {Visit} */ ({
      ...{ key: keys.live, testKey: keys.test, host, origin: `http://${host}`, way, errors },
      posts: () => way.seen.filter(({ method }) => method === "POST"),
      tag: (key, attributes = "") => `<script defer src="${way.url}/v1/a.js" data-key="${key}" ${attributes}></script>`,
      page(attributes = "", { head = "", body = "", title = "", script, headers = {} } = {}) {
        script ??= it.tag(keys.live, attributes);
        const about = `<meta charset="utf-8"><link rel="icon" href="data:,"><title>${title}</title>`;
        const text = `<!doctype html><html><head>${about}${head}${script}</head><body>${body}</body></html>`;
        return { body: text, headers: { "content-type": "text/html", ...headers } };
      },
      serve(content) {
        handlers.set(host, by(content));
      },
      elsewhere(content) {
        const other = `s${count}.${OTHER}`;
        handlers.set(other, by(content));
        return `http://${other}`;
      },
      async local(name = "localhost") {
        const host = `${name}:${await pagesPort}`;
        handlers.set(host, handlers.get(it.host));
        return `http://${host}`;
      },
      async context(options = {}, other = browser) {
        const context = await other.newContext(options);
        context.setDefaultTimeout(LIMIT);
        contexts.push(context);
        context.on("weberror", (error) => errors.push(String(error.error())));
        return context;
      },
      async open(path = "/", context = undefined) {
        const tab = await (context ?? (await it.context())).newPage();
        await tab.goto(it.origin + path);
        return tab;
      },
      async alone(path) {
        const profile = mkdtempSync(join(tmpdir(), "headwater-chromium-"));
        const quiet = [
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
          "--disable-popup-blocking",
        ];
        const all = ["--headless=new", ...quiet, ...(await flags()), `--user-data-dir=${profile}`, it.origin + path];
        const child = spawn(program, all, { stdio: "ignore" });
        return async () => {
          child.kill();
          await once(child, "exit");
          rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
        };
      },
      async stored(wanted, { seconds = 60, env = "live", host: which = host, event = "" } = {}) {
        const named = event && `&event=${event}`;
        const filters = which ? `&filters=${encodeURIComponent(JSON.stringify([["is", "host", [which]]]))}` : "";
        const path = `/v1/query?bots=true&limit=1000${named}${filters}`;
        const key = keys[`read ${env}`];
        const read = async () => {
          const [status, answer] = await ask(path, { key });
          assert.equal(status, 200, JSON.stringify(answer));
          return answer.rows.reverse();
        };
        const deadline = Date.now() + seconds * 1000;
        while ((await read()).length < wanted && Date.now() < deadline) await sleep(50);
        await settled();
        return read();
      },
    });
    try {
      await scenario(it, t);
      assert.deepEqual(errors, []);
    } finally {
      await Promise.all(contexts.map((context) => context.close()));
      handlers.delete(host);
      way.close();
    }
  });
}
