// No address and no user agent at rest: sent on every route and into every error, searched for in every column of
// both stores, in the buffer's storage and in all logs, as they are and as plain or unkeyed hashes.
import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { sql } from "./control-plane/world.mjs";
import { faultyWay } from "./harness/proxy.mjs";
import { ask, call, newProject, root, select, settled, stack, xtask } from "./harness/stack.mjs";
import { until } from "./harness/until.mjs";
import { startWorker, state } from "./harness/worker.mjs";

const probe = randomBytes(6).toString("hex");
// Found all over if the search is any good.
const canary = `canary-${probe}`;
const byte = () => 1 + (randomBytes(1)[0] % 254);
const ips = [`198.51.${byte()}.${byte()}`, `2001:db8:${randomBytes(2).toString("hex")}:85a3::8a2e:370:7334`];
// As sent, as an IPv6 address of it, and as a network's.
const addresses = [...ips, `::ffff:${ips[0]}`];
const agents = [
  `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15 ${probe}-page`,
  `Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0 ${probe}-server`,
  `curl/8.15.0 ${probe}-bot`,
];
const database = `privacy_${probe}`;
const timestamp = new Date(Date.now() - 3_600_000).toISOString();

let project;
let events;
let storage;
const workers = [];
const logs = () => workers.map((worker) => worker.log()).join("\n");

/** What a network and a browser say about a visitor, and what proxies like to add. */
const sender = (n = 0) => ({
  "cf-connecting-ip": ips[n % 2],
  "x-forwarded-for": ips[n % 2],
  "x-real-ip": ips[n % 2],
  "true-client-ip": ips[n % 2],
  forwarded: `for="${ips[n % 2]}"`,
  "user-agent": agents[n % 3],
  origin: "http://localhost:3000",
  referer: "https://shop.example/",
});
const context = (n = 0) => ({ ip: ips[n % 2], user_agent: agents[n % 3], country: "DE", language: "de" });
const event = (more = {}) => ({
  ...{ event: "privacy", event_id: randomUUID(), timestamp, url: `https://shop.example/?utm_source=${canary}` },
  ...more,
});

async function worker(settings = {}, folder = undefined) {
  const started = await startWorker({ BUFFER_FLUSH_MS: "50", ...settings }, folder);
  workers.push(started);
  return started;
}
const track = async (base, key, body, n = 0) =>
  (await call("/v1/track", { base, key, headers: sender(n), body: JSON.stringify(body) })).status;

/** Bodies and headers that every part of the way refuses. */
const refused = [
  { body: "{" },
  { body: JSON.stringify({ ...event(), context: { ...context(), ip: `${ips[0]}/nonsense` } }) },
  { body: JSON.stringify({ ...event(), context: { ...context(), user_agent: agents[0].repeat(100) } }) },
  { body: JSON.stringify({ ...event(), context: { ...context(), country: "nowhere" } }) },
  { body: JSON.stringify({ ...event(), event: 7, context: context() }) },
  { body: JSON.stringify({ ...event({ timestamp: "1990-01-01" }), context: context() }) },
  { body: "x".repeat(2 << 20) },
  { body: gzipSync("x"), headers: { "content-encoding": "br" } },
  { body: "{}", headers: { "content-type": "image/png" } },
  { body: "{}", headers: { origin: "https://elsewhere.example" } },
];

before(async () => {
  project = await newProject("privacy", "--unlimited");
  events = await faultyWay(stack.clickhouse_url);
  storage = mkdtempSync(join(tmpdir(), "headwater-privacy-"));
  const { user, password } = stack.clickhouse_users.maintain;
  await xtask(
    ...["migrate", "--clickhouse-url", stack.clickhouse_url, "--clickhouse-user", user],
    ...["--clickhouse-password", password, "--clickhouse-database", database],
    ...["--supabase-db-url", stack.postgres_url],
  );
  await select(`ALTER TABLE ${database}.events ADD CONSTRAINT no_poison CHECK event != 'poison'`);
});
after(async () => {
  for (const one of workers) await one.stop().catch(() => {});
  events?.close();
  await select(`DROP DATABASE IF EXISTS ${database}`);
  if (storage) rmSync(storage, { recursive: true, force: true });
  await sql.end();
});

/** Each thing that must not be found, by what it is. */
function needles() {
  const found = new Map();
  const plain = [...addresses, ...agents, ...agents.map((agent) => agent.split(" ").at(-1))];
  for (const text of plain) found.set(text, text);
  const hashed = [...addresses, ...agents];
  for (const ip of addresses) {
    for (const agent of agents) {
      for (const between of ["", "|", ":", "\n", "\0"]) hashed.push(ip + between + agent);
      for (const site of ["", "shop.example"]) hashed.push([project.project_id, ip, agent, site].join(""));
    }
  }
  for (const text of hashed) {
    for (const algorithm of ["md5", "sha1", "sha256", "sha512"]) {
      const digest = createHash(algorithm).update(text).digest();
      // 64 bits of it are enough to be one.
      found.set(digest.toString("hex").slice(0, 16), `${algorithm} of ${text}`);
      found.set(digest.toString("base64").slice(0, 20), `${algorithm} of ${text} in base64`);
      found.set(digest.readBigUInt64BE().toString(), `64 bits of ${algorithm} of ${text}`);
      found.set(digest.readBigUInt64LE().toString(), `64 bits of ${algorithm} of ${text}, the other way round`);
    }
  }
  return found;
}

/** The hashes that the event store itself has to offer. */
async function storeHashes() {
  const texts = [...addresses, ...agents, ...addresses.flatMap((ip) => agents.map((agent) => ip + agent))];
  const functions = [
    "sipHash64",
    "cityHash64",
    "xxHash64",
    "farmHash64",
    "metroHash64",
    "murmurHash3_64",
    "sipHash128",
    "murmurHash3_128",
  ];
  const number = (name) =>
    name.endsWith("128") ? `toString(reinterpretAsUInt128(${name}(text)))` : `toString(${name}(text))`;
  const rows = await select(
    `SELECT arrayJoin([${functions.map(number).join(", ")}]) AS hash FROM (SELECT arrayJoin({texts:Array(String)}) AS text)`,
    { texts: `[${texts.map((text) => `'${text}'`).join(",")}]` },
  );
  return rows.map((row) => row.hash);
}

/** The columns of a database of the event store in which any of the texts stands, in rows of the project. */
async function inClickHouse(name, texts) {
  const columns = await select("SELECT table, name FROM system.columns WHERE database = {name:String}", { name });
  const owned = new Set(columns.filter((column) => column.name === "project_id").map(({ table }) => table));
  const quoted = texts.map((text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`);
  // As many as one search takes at once.
  const lists = Array.from({ length: Math.ceil(quoted.length / 200) }, (_, n) => quoted.slice(200 * n, 200 * (n + 1)));
  const found = [];
  for (const { table, name: column } of columns) {
    if (table.endsWith("_marks")) continue;
    const searches = lists.map((list) => `multiSearchAny(toString(\`${column}\`), [${list}])`);
    const whose = owned.has(table) ? `WHERE project_id = '${project.project_id}'` : "";
    const [{ rows }] = await select(
      `SELECT toUInt32(countIf(${searches.join(" OR ")})) AS rows FROM ${name}.${table} ${whose}`,
    );
    if (rows > 0) found.push(`${table}.${column}`);
  }
  return found;
}

/** The same in every table of the control plane. */
async function inPostgres(texts) {
  const tables = await sql`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')`;
  const found = [];
  for (const { name } of tables) {
    const rows = await sql.unsafe(
      `select count(*)::int as rows from ${name} as row where exists (
         select from unnest($1::text[]) as text where position(text in row::text) > 0)`,
      [texts],
    );
    if (rows[0].rows > 0) found.push(name);
  }
  return found;
}

function files(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}
/** The bytes of a file; none if it has gone meanwhile, as a database's journals do. */
function contents(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}
/** The texts that stand in the bytes of files below a folder, as UTF-8 or UTF-16. */
function inFiles(folder, texts) {
  const found = new Set();
  for (const path of files(folder)) {
    const bytes = contents(path);
    for (const text of texts) {
      if (bytes.includes(text) || bytes.includes(Buffer.from(text, "utf16le"))) found.add(text);
    }
  }
  return [...found];
}

describe("what waits in the buffer", () => {
  let base;
  before(async () => {
    events.become("refuse");
    const waiting = await worker({ CLICKHOUSE_URL: events.url }, storage);
    base = waiting.url;
    for (let n = 0; n < 6; n++) {
      assert.equal(await track(base, project.keys.pk, event(), n), 202);
      assert.equal(await track(base, project.keys.sk, event({ context: context(n) }), n), 202);
    }
    const batch = JSON.stringify([event({ context: context(1) }), { event: 7, context: context(0) }]);
    const options = { base, key: project.keys.sk, headers: sender(), body: batch };
    assert.equal((await call("/v1/batch", options)).status, 202);
    const body = JSON.stringify({
      ...{ anonymous_id: canary, user_id: `user-${probe}`, timestamp, event_id: randomUUID() },
    });
    assert.equal((await call("/v1/identify", { base, key: project.keys.pk, headers: sender(1), body })).status, 202);
    const beacon = { base, headers: { ...sender(1), "content-type": "text/plain" }, body: JSON.stringify(event()) };
    assert.equal((await call(`/e?key=${project.keys.pk}`, beacon)).status, 202);
  });

  test("holds no address and no user agent", () => {
    assert.deepEqual(inFiles(storage, [canary]), [canary], "this looks in the right place");
    assert.deepEqual(inFiles(storage, [...needles().keys()]), []);
  });

  test("nor does what is left of it once it has been sent on", async () => {
    events.become("pass");
    const empty = async () => (await ask("/v1/buffer", { key: project.keys.ak, base }))[1].events === 0;
    await until(empty, "the buffer is empty");
    assert.deepEqual(inFiles(storage, [...needles().keys()]), []);
    const rows = await select("SELECT * FROM events WHERE project_id = {p:UUID}", { p: project.project_id });
    assert.ok(rows.length >= 14);
    const hashed = rows.filter((row) => row.visitor_hash !== "0" && row.visitor_hash !== 0);
    assert.ok(hashed.length >= 12, "addresses were there, and have been used");
  });
});

describe("routes and errors", () => {
  before(async () => {
    const document = await (await call("/openapi.json")).json();
    const direct = await worker({ INGEST_SINK: "direct", CLICKHOUSE_URL: events.url });
    const alone = await worker({ SUPABASE_URL: "http://127.0.0.1:9" });
    const poisoned = await worker({ CLICKHOUSE_DATABASE: database });
    const keys = [...Object.values(project.keys), undefined, `sk_live_${probe}`, `${project.keys.sk}x`];
    let n = 0;
    for (const base of [stack.worker_url, direct.url, alone.url]) {
      for (const [path, methods] of Object.entries(document.paths)) {
        for (const method of Object.keys(methods)) {
          // Not with a good secret: it would do its work.
          const target = path.replace("{id}", randomUUID());
          for (const key of base === stack.worker_url ? keys : keys.slice(1, 3)) {
            n += 1;
            const takesBody = method !== "get";
            const headers = {
              ...sender(n),
              "x-internal-secret": "none",
              ...(takesBody ? { "content-type": "application/json" } : {}),
            };
            const options = {
              base,
              key,
              headers,
              method: method.toUpperCase(),
              body: takesBody ? JSON.stringify(event({ context: context(n) })) : undefined,
            };
            const response = await call(target, options);
            const text = await response.text();
            for (const ip of ips) assert.ok(!text.includes(ip), `${method} ${path} tells ${ip}`);
          }
        }
      }
    }
    for (const [index, { body, headers = {} }] of refused.entries()) {
      for (const path of ["/v1/track", "/v1/batch", "/v1/identify", "/v1/stats", "/v1/funnel"]) {
        for (const key of [project.keys.sk, project.keys.pk]) {
          const response = await call(path, { key, headers: { ...sender(index), ...headers }, body });
          const text = await response.text();
          for (const ip of ips) assert.ok(!text.includes(ip), `${path} tells ${ip}: ${text}`);
        }
      }
    }
    events.become("garbage");
    assert.equal(await track(direct.url, project.keys.pk, event()), 503);
    assert.equal(await track(direct.url, project.keys.sk, event({ context: context() })), 503);
    events.become("pass");
    assert.equal(await track(alone.url, project.keys.pk, event()), 503);
    assert.equal(await track(poisoned.url, project.keys.pk, event({ event: "poison" })), 202);
    assert.equal(await track(poisoned.url, project.keys.sk, event({ event: "poison", context: context(1) })), 202);
    await until(async () => {
      const [{ letters }] = await select(`SELECT toUInt32(count()) AS letters FROM ${database}.dead_letters`);
      return letters === 2;
    }, "both are set aside");
    await settled();
  });

  test("leave none in the event store, dead letters included", async () => {
    assert.ok((await inClickHouse(stack.clickhouse_database, [canary])).includes("events.source"));
    const texts = [...needles().keys(), ...(await storeHashes())];
    for (const name of [stack.clickhouse_database, database]) {
      assert.deepEqual(await inClickHouse(name, texts), [], name);
    }
    assert.deepEqual(await inClickHouse(database, [canary]), ["dead_letters.line"]);
  });

  test("leave none in the control plane", async () => {
    assert.ok((await inPostgres([project.slug])).includes("public.projects"));
    assert.deepEqual(await inPostgres([...needles().keys()]), []);
  });

  test("leave none in any log", () => {
    assert.ok(logs().includes("no answer") || logs().includes("req_"), "errors are logged");
    const folder = join(state, "logs");
    assert.ok(inFiles(folder, ["POST /v1/track"]).length > 0, "this looks in the right place");
    const texts = [...needles().keys()];
    assert.deepEqual(inFiles(folder, texts), []);
    assert.deepEqual(
      texts.filter((text) => logs().includes(text)),
      [],
    );
  });

  test("leave none in the objects of any Worker of this test", () => {
    // Of those that were started with a folder of their own, and the stack's.
    const data = join(state, "data", "worker");
    assert.ok(files(data).length > 0);
    assert.deepEqual(inFiles(data, [...needles().keys()]), []);
  });
});

describe("docs/privacy.md", () => {
  const page = readFileSync(join(root, "docs/privacy.md"), "utf8");

  test("names every column of the events", async () => {
    const columns = await select(
      "SELECT name FROM system.columns WHERE database = {name:String} AND table = 'events'",
      { name: stack.clickhouse_database },
    );
    const table = page.slice(page.indexOf("## Column by column"));
    assert.ok(columns.length > 30);
    for (const { name } of columns) assert.ok(table.includes(`\`${name}\``), name);
  });

  test("ties each claim to a test that there is", () => {
    const claims = [...page.matchAll(/\[((?:sdk-browser\/)?tests\/[a-z0-9./-]+): "([^"]+)"\]/g)];
    assert.ok(claims.length > 15);
    for (const [claim, file, name] of claims) {
      const text = readFileSync(join(root, file), "utf8");
      const heads = file.endsWith(".rs")
        ? [`fn ${name}(`]
        : [`test("${name}"`, `visit("${name}"`, `visit(\`\${name}: ${name}\``];
      assert.ok(
        heads.some((head) => text.includes(head)),
        claim,
      );
    }
  });

  test("invocation logs are off", () => {
    const settings = readFileSync(join(root, "wrangler.toml"), "utf8");
    assert.match(settings, /\[observability\.logs\]\ninvocation_logs = false/);
  });
});
