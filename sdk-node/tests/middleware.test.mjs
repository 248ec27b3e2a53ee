// express, fastify and hono themselves: what is known of the visitor goes with the events of a request.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { serve } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { newProject, rowsOf, stack } from "../../tests/harness/stack.mjs";
import { client, expressMiddleware, fastifyPlugin, honoMiddleware, visitOf } from "./harness.mjs";

const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

let project;
let own;
before(async () => {
  project = await newProject("node-middleware", "--unlimited");
  own = client({ key: project.keys.sk, host: stack.worker_url });
});
after(() => own?.shutdown());

/** What each application does with a request. */
function handled(visit, path) {
  const event = { event: `${path.slice(1)}-seen`, properties: { path } };
  return [visit.page({ title: "A page" }), visit.track(event), visit.context.ip];
}

/** In express and fastify the request has it, in hono the context. */
const forwarded = (request) => request.headers?.["x-forwarded-for"] ?? request.req?.header("x-forwarded-for");

/** Each framework: an application behind a proxy, and one that is told where the address stands. */
const apps = {
  async express(options) {
    const app = express();
    if (!options) app.set("trust proxy", "loopback");
    app.use(expressMiddleware(own, options));
    app.use((request, response) => response.json(handled(visitOf(request), request.path)));
    const server = app.listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    const address = /** @type {import("node:net").AddressInfo} */ (server.address());
    return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
  },
  async fastify(options) {
    const app = fastify({ trustProxy: options ? false : "loopback" });
    await app.register(fastifyPlugin(own, options));
    app.get("/*", (request) => handled(visitOf(request), new URL(request.url, "http://x").pathname));
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    return { url, close: () => app.close() };
  },
  async hono(options) {
    const app = new Hono();
    app.use(honoMiddleware(own, options));
    app.get("/*", (context) => context.json(handled(visitOf(context), context.req.path)));
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await new Promise((done) => server.once("listening", done));
    const address = /** @type {import("node:net").AddressInfo} */ (server.address());
    return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
  },
};

for (const [name, start] of Object.entries(apps)) {
  describe(name, () => {
    const open = [];
    after(() => Promise.all(open.map((app) => app.close())));
    const visit = async (app, ip, headers = {}) => {
      const response = await fetch(`${app.url}/${name}?utm_source=newsletter`, {
        headers: { "user-agent": FIREFOX, "x-forwarded-for": ip, referer: "https://www.google.com/", ...headers },
      });
      return response.json();
    };
    const rows = async (ids) => {
      await own.flush();
      assert.deepEqual(own.errors, []);
      const all = await rowsOf(project.project_id);
      return ids.map((id) => all.find((row) => row.event_id === id));
    };

    test("passes the visitor's address and browser on, and of a page its URL and referrer", async () => {
      const app = await start(name === "hono" ? { ip: forwarded } : undefined);
      open.push(app);
      const [[page, event, ip], [again], [other], [silent]] = [
        await visit(app, "203.0.113.7"),
        await visit(app, "203.0.113.7"),
        await visit(app, "203.0.113.8"),
        await visit(app, "203.0.113.9", { "sec-gpc": "1" }),
      ];
      assert.equal(ip, "203.0.113.7");
      const [view, seen, second, stranger, hidden] = await rows([page, event, again, other, silent]);
      assert.deepEqual([view.event, view.browser, view.os, view.title], ["pageview", "Firefox", "Windows", "A page"]);
      assert.deepEqual([view.path, view.source, view.referrer_host], [`/${name}`, "newsletter", "www.google.com"]);
      assert.deepEqual([seen.event, seen.browser], [`${name}-seen`, "Firefox"]);
      // The same visitor twice, and another one: nothing else than the address tells them apart.
      assert.equal(view.visitor_hash, second.visitor_hash);
      assert.notEqual(view.visitor_hash, stranger.visitor_hash);
      // Who asks not to be tracked is not.
      assert.equal(String(hidden.visitor_hash), "0");
      assert.notEqual(String(view.visitor_hash), "0");
    });

    test("takes the address from the socket, or from where it is told to", async () => {
      const [plain, told] = [await start(name === "hono" ? {} : { ip: undefined }), await start({ ip: forwarded })];
      open.push(plain, told);
      assert.match((await visit(plain, "203.0.113.7"))[2], /127\.0\.0\.1$/);
      assert.equal((await visit(told, "203.0.113.7"))[2], "203.0.113.7");
    });
  });
}

test("nothing that a visitor sends makes an event refused", async () => {
  const app = new Hono();
  app.use(honoMiddleware(own, { ip: (context) => context.req.header("x-real-ip") }));
  const ids = [];
  app.get("/*", (context) => {
    ids.push(visitOf(context).page());
    return context.text("");
  });
  const long = "x".repeat(5000);
  const headers = { "user-agent": FIREFOX + long, "accept-language": long, referer: `https://example.com/${long}` };
  for (const ip of ["no address", "fe80::1%eth0", "::ffff:203.0.113.7", ""]) {
    await app.request(`/${long}?q=${long}`, { headers: { ...headers, "x-real-ip": ip } });
  }
  await own.flush();
  assert.deepEqual(own.errors, []);
  const all = new Set((await rowsOf(project.project_id)).map((row) => row.event_id));
  assert.ok(ids.length === 4 && ids.every((id) => all.has(id)));
});

test("what an event says itself goes first, and a request that no middleware saw has no visit", async () => {
  const app = new Hono();
  app.use(honoMiddleware(own, { ip: () => "203.0.113.7" }));
  const context = {
    country: "DE",
    user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  };
  let id;
  let known;
  app.get("/", (c) => {
    id = visitOf(c).track({ event: "own-context", context });
    known = visitOf(c).identify({ anonymous_id: "a", user_id: "u" });
    return c.text("");
  });
  await app.request("/", { headers: { "user-agent": FIREFOX } });
  await own.flush();
  const all = await rowsOf(project.project_id);
  const [row, identified] = [id, known].map((wanted) => all.find((one) => one.event_id === wanted));
  assert.deepEqual([row.country, row.os, identified.os], ["DE", "Linux", "Windows"]);
  assert.throws(() => visitOf({}), /did not go through the Headwater middleware/);
});
