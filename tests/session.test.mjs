// Tokens of signed-in users that were signed with the project's own keys (ES256, RS256).
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { ask, stack } from "./harness/stack.mjs";
import { startWorker } from "./harness/worker.mjs";

const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = (pair, kid, alg) => ({ ...pair.publicKey.export({ format: "jwk" }), kid, alg, use: "sig" });

let keySet;
let asked = 0;
let down = false;
let supabase;
let worker;

// Supabase's front door: the key set is its own, everything else goes on to PostgREST.
before(async () => {
  keySet = { keys: [jwk(elliptic, "ec-1", "ES256"), jwk(rsa, "rsa-1", "RS256")] };
  supabase = http.createServer((request, response) => {
    if (request.url === "/auth/v1/.well-known/jwks.json") {
      asked++;
      response.writeHead(down ? 503 : 200, { "content-type": "application/json" });
      return response.end(down ? "" : JSON.stringify(keySet));
    }
    const options = { method: request.method, headers: request.headers };
    const onward = http.request(stack.postgrest_url + request.url, options, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await once(supabase.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (supabase.address());
  worker = await startWorker({ SUPABASE_URL: `http://127.0.0.1:${port}` });
});
after(async () => {
  await worker?.stop();
  supabase?.closeAllConnections();
  supabase?.close();
});

function token(header, key, claims = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const payload = { sub: randomUUID(), aud: "authenticated", exp: Math.floor(Date.now() / 1000) + 600, ...claims };
  const signed = `${part({ typ: "JWT", ...header })}.${part(payload)}`;
  const signature =
    typeof key === "string"
      ? createHmac("sha256", key).update(signed).digest()
      : sign("sha256", Buffer.from(signed), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

const projects = (text) => ask("/v1/projects", { base: worker.url, key: text });

/** The token was good: who it names has no organization, which only the control plane can know. */
async function good(text) {
  const [status, answer] = await projects(text);
  assert.notEqual(answer.error, "invalid_session");
  assert.ok(status < 500, JSON.stringify(answer));
}

async function refused(text) {
  const [status, answer] = await projects(text);
  assert.deepEqual([status, answer.error], [401, "invalid_session"]);
}

describe("a token signed with the project's keys", () => {
  test("opens, with ES256 and with RS256, and the key set is asked for once", async () => {
    await good(token({ alg: "ES256", kid: "ec-1" }, elliptic));
    await good(token({ alg: "RS256", kid: "rsa-1" }, rsa));
    await good(token({ alg: "ES256", kid: "ec-1" }, elliptic));
    assert.equal(asked, 1);
  });

  test("is refused with another key, algorithm or name", async () => {
    await refused(token({ alg: "ES256", kid: "ec-1" }, stranger));
    await refused(token({ alg: "RS256", kid: "ec-1" }, rsa));
    await refused(token({ alg: "ES256", kid: "rsa-1" }, elliptic));
    await refused(token({ alg: "ES256" }, elliptic));
    await refused(token({ alg: "ES256", kid: "ec-1" }, elliptic, { exp: 1 }));
    // The public key taken for the shared secret: the classic confusion.
    await refused(
      token({ alg: "HS256", kid: "rsa-1" }, rsa.publicKey.export({ type: "spki", format: "pem" }).toString()),
    );
    await refused(token({ alg: "HS256", kid: "ec-1" }, JSON.stringify(keySet.keys[0])));
  });

  test("of an unknown name does not make the key set be asked for again and again", async () => {
    const before = asked;
    for (let index = 0; index < 20; index++) await refused(token({ alg: "ES256", kid: `made-up-${index}` }, stranger));
    assert.ok(asked - before <= 1, `${asked - before} times`);
  });

  test("goes on to open while the key set cannot be had", async () => {
    down = true;
    await good(token({ alg: "ES256", kid: "ec-1" }, elliptic));
    down = false;
  });
});

test("where no key set was ever had the answer is 503, not a refusal", async () => {
  down = true;
  const { port } = /** @type {import("node:net").AddressInfo} */ (supabase.address());
  const fresh = await startWorker({ SUPABASE_URL: `http://127.0.0.1:${port}` });
  try {
    const text = token({ alg: "ES256", kid: "ec-1" }, elliptic);
    const [status, answer] = await ask("/v1/projects", { base: fresh.url, key: text });
    assert.deepEqual([status, answer.error], [503, "control_plane_unavailable"]);
    down = false;
    const [again] = await ask("/v1/projects", { base: fresh.url, key: text });
    assert.ok(again < 500, "and it is asked for again at once");
  } finally {
    await fresh.stop();
  }
});
