// Every kind × scopes × env × route × origin, and thousands of keys that nobody made.
import assert from "node:assert/strict";
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { often } from "./harness/long.mjs";
import { ask, call, newProject, remember } from "./harness/stack.mjs";

const KEYS = often(2000, 50_000);

const ALLOWED = "https://shop.example.com";
const FOREIGN = "https://example.com";

// The contract's table: what a kind may do, and the scope it needs for it.
const GRANTS = {
  pk: { ingest: "ingest" },
  sk: { ingest: "ingest", read: "read", forget: "ingest" },
  rk: { read: "read" },
  ak: { read: "read", manage: "admin" },
};
const SCOPES = {
  pk: [["ingest"]],
  sk: [["ingest"], ["read"], ["ingest", "read"]],
  rk: [["read"]],
  ak: [["read"], ["admin"], ["read", "admin"]],
};
const ROUTES = [
  ["POST", "/v1/track", "ingest", 202, { event: "e" }],
  ["POST", "/e", "ingest", 202, { event: "e" }],
  ["POST", "/v1/batch", "ingest", 202, [{ event: "e" }]],
  ["GET", "/v1/stats", "read", 200],
  ["POST", "/v1/forget", "forget", 202, { user_id: "keys" }],
  ["GET", "/v1/projects", "manage", 200],
  ["GET", "/v1/keys", "manage", 200],
  ["GET", "/v1/usage", "manage", 200],
];

function expected(kind, scopes, access, origin, success) {
  const scope = GRANTS[kind][access];
  const refused = { manage: "account_key_required", forget: "forget_requires_secret_key" };
  if (scope === undefined) return [403, refused[access] ?? "key_kind_not_allowed"];
  if (!scopes.includes(scope)) return [403, "insufficient_scope"];
  if (kind === "pk" && origin !== ALLOWED) return [403, "origin_not_allowed"];
  return [success, undefined];
}

let project;
before(async () => {
  project = await newProject("keys", "--organization", `keys-${randomUUID().slice(0, 8)}`, "--unlimited");
});

async function make(input) {
  const body = input.kind === "ak" ? input : { project_id: project.project_id, ...input };
  const [status, made] = await ask("/v1/keys", { key: project.keys.ak, body });
  assert.equal(status, 201, JSON.stringify(made));
  remember([made.key]);
  return made.key;
}

test("every kind × scopes × env × route × origin", async () => {
  let checked = 0;
  for (const [kind, sets] of Object.entries(SCOPES)) {
    for (const scopes of sets) {
      for (const env of ["live", "test"]) {
        const key = await make({
          kind,
          scopes,
          env,
          ...(kind === "pk" ? { allowed_origins: ["https://*.example.com"] } : {}),
        });
        for (const [method, path, access, success, body] of ROUTES) {
          for (const origin of [undefined, ALLOWED, FOREIGN]) {
            const headers = origin ? { origin } : {};
            const named = kind === "ak" && access === "read" ? `${path}?project=${project.slug}` : String(path);
            const [status, answer] = await ask(named, { method: String(method), key, body, headers });
            const [code, error] = expected(kind, scopes, access, origin, success);
            const place = `${kind} ${scopes} ${env} ${method} ${path} ${origin}`;
            assert.deepEqual([status, answer.error], [code, error], place);
            checked++;
          }
        }
      }
    }
  }
  assert.equal(checked, 8 * 2 * ROUTES.length * 3);
});

describe("keys that nobody made", () => {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  function mutated(key) {
    const at = randomInt(key.length);
    switch (randomInt(5)) {
      case 0:
        return key.slice(0, at) + alphabet[randomInt(62)] + key.slice(at + 1);
      case 1:
        return key.slice(0, at) + key.slice(at + 1);
      case 2:
        return key.slice(0, at) + alphabet[randomInt(62)] + key.slice(at);
      case 3:
        return key.replace(/^../, ["pk", "sk", "rk", "ak"][randomInt(4)]);
      default:
        return key.slice(0, 17) + [...randomBytes(38)].map((byte) => alphabet[byte % 62]).join("");
    }
  }

  test(`${KEYS} random and mutated ones: none gets in, none breaks anything`, async () => {
    const own = Object.values(project.keys);
    const seen = new Map();
    const one = async () => {
      const key = randomInt(4) === 0 ? randomBytes(randomInt(1, 60)).toString("base64url") : mutated(own[randomInt(4)]);
      if (own.includes(key)) return;
      const response = await call("/v1/stats", { key });
      await response.arrayBuffer();
      seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
    };
    for (let round = 0; round < KEYS / 40; round++) await Promise.all(Array.from({ length: 40 }, one));
    const statuses = [...seen.keys()].sort();
    // 503 is the bound on look-ups at once; it says nothing about the key.
    assert.ok(
      statuses.every((status) => status === 401 || status === 503),
      JSON.stringify([...seen]),
    );
    assert.ok(seen.get(401) > KEYS * 0.9, JSON.stringify([...seen]));
  });
});
