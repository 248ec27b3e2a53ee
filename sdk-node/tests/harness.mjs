// The package as it is built, clients of it, and a way to the Worker that keeps what passed.
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { code, part } from "../build.mjs";

const folder = mkdtempSync(join(tmpdir(), "headwater-node-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
await code(folder, "esm");

/** The built module, for child processes. */
export const built = pathToFileURL(join(folder, "index.js")).href;
export const { Headwater, HeadwaterError, expressMiddleware, fastifyPlugin, honoMiddleware, visitOf } = await import(
  built
);

/** A module of the package by itself. */
export async function module(name) {
  await part(folder, name);
  return import(pathToFileURL(join(folder, `${name}.js`)).href);
}

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** A client with what it told to `onError`. */
export function client(options) {
  const errors = [];
  const made = new Headwater({ onError: (error) => errors.push(error), ...options });
  return Object.assign(made, { errors });
}

/** Waits until `condition` holds. */
export async function until(condition, what, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; !(await condition()); await sleep(10)) {
    if (Date.now() > end) throw new Error(`this did not happen in ${seconds} s: ${what}`);
  }
}

/**
 * Passes requests on to a Worker, which may be another one later, and keeps their bodies. `answer(n)` may give the
 * n-th request (from 0) another answer: `{status, headers, body}`, or `"cut"`.
 */
export async function recordingWay(target, answer = (_number) => undefined) {
  const seen = [];
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const own = answer(seen.length);
    const entry = { at: performance.now(), path: request.url, events: body ? JSON.parse(body) : undefined, status: 0 };
    seen.push(entry);
    if (own === "cut") return response.destroy();
    if (own) {
      entry.status = own.status;
      return response.writeHead(own.status, own.headers).end(own.body);
    }
    try {
      const { authorization } = request.headers;
      const headers = { authorization, "content-type": "application/json" };
      const { method } = request;
      const passed = await fetch(way.target + request.url, { method, headers, body: body || undefined });
      const text = await passed.text();
      entry.status = passed.status;
      const kept = ["content-type", "retry-after", "x-request-id"].filter((name) => passed.headers.has(name));
      response.writeHead(passed.status, Object.fromEntries(kept.map((name) => [name, passed.headers.get(name)])));
      response.end(text);
    } catch {
      response.destroy();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const way = {
    url: `http://127.0.0.1:${address.port}`,
    target,
    seen,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return way;
}

/** A problem document. */
export function problem(status, error, headers = {}) {
  const body = JSON.stringify({ type: "about:blank", title: "t", status, error, detail: "as told", request_id: "r" });
  return { status, body, headers: { "content-type": "application/problem+json", ...headers } };
}
