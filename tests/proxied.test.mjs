// Events that come through a proxy of the owner's own: it speaks for its visitors where it knows PROXY_SECRET.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { ask, newProject, rowsOf } from "./harness/stack.mjs";
import { startWorker } from "./harness/worker.mjs";

const secret = randomBytes(16).toString("hex");
const NETWORK = "192.0.2.1";
let project;
let worker;
let number = 0;

before(async () => {
  project = await newProject("proxied");
  worker = await startWorker({ PROXY_SECRET: secret });
});
after(() => worker?.stop());

/** Sends an event as the proxy's network address brings it; what is stored of the visitor. */
async function seen(headers) {
  const event_id = `proxied-${++number}`;
  const [status] = await ask(`/v1/batch?key=${project.keys.pk}`, {
    base: worker.url,
    body: JSON.stringify([{ event: "e", event_id, timestamp: Date.now(), url: "http://localhost/" }]),
    headers: {
      ...{ "content-type": "text/plain", origin: "http://localhost", "user-agent": "Mozilla/5.0 (X11; Linux x86_64)" },
      ...{ "cf-connecting-ip": NETWORK, ...headers },
    },
  });
  assert.equal(status, 202);
  const { visitor_hash, country } = (await rowsOf(project.project_id)).find((row) => row.event_id === event_id);
  return { visitor: String(visitor_hash), country };
}

test("a proxy that knows the secret speaks for its visitor, and nobody else does", async () => {
  const direct = await seen({ "cf-connecting-ip": "198.51.100.7" });
  const proxy = await seen({});
  assert.notEqual(direct.visitor, proxy.visitor);
  const spoken = { "x-headwater-ip": "198.51.100.7", "x-headwater-country": "AT" };
  assert.deepEqual(await seen({ ...spoken, "x-headwater-proxy": secret }), { visitor: direct.visitor, country: "AT" });
  assert.deepEqual(await seen(spoken), proxy);
  assert.deepEqual(await seen({ ...spoken, "x-headwater-proxy": `${secret}x` }), proxy);
});

test("without an address the visitor has no hash, rather than the proxy's", async () => {
  const { visitor } = await seen({ "x-headwater-proxy": secret });
  assert.equal(visitor, "0");
});

test("the limit of a client is each visitor's own", async () => {
  const send = (ip) =>
    ask(`/v1/batch?key=${project.keys.pk}`, {
      base: worker.url,
      body: "[]",
      headers: {
        ...{ "content-type": "text/plain", origin: "http://localhost", "cf-connecting-ip": NETWORK },
        ...{ "x-headwater-proxy": secret, "x-headwater-ip": ip },
      },
    }).then(([status]) => status);
  const many = await Promise.all(Array.from({ length: 150 }, () => send("203.0.113.1")));
  assert.ok(many.includes(429), "one visitor meets it");
  assert.equal(await send("203.0.113.2"), 400, "the next one does not");
});
