// Two projects with the same visitors, one of them without a certain person. Once that person is forgotten every
// question has the same answer in both, and their ids are found nowhere.
// Its cron would take up other files' requests, and theirs its own. @lane jobs
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import postgres from "postgres";
import { unpackedFiles } from "./harness/parts.mjs";
import { ask, call, newProject, ownDatabase, root, select, settled, stack, xtask } from "./harness/stack.mjs";
import { startWorker } from "./harness/worker.mjs";

const DAY = 86_400_000;
const now = Date.now();
const mark = randomBytes(6).toString("hex");
/** The person: two devices and a user. */
const [phone, laptop, user] = [`phone-${mark}`, `laptop-${mark}`, `user-${mark}`];
const AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
const examples = JSON.parse(readFileSync(join(root, "docs/openapi.json"), "utf8")).components.schemas;

let own;
let worker;
let whole;
let without;
const sql = postgres(stack.postgres_url, { max: 1, onnotice: () => {} });
const query = (text, parameters = {}) => select(text, parameters, own.database);

before(async () => {
  own = await ownDatabase("forget_show");
  worker = await startWorker({ CLICKHOUSE_DATABASE: own.database, BUFFER_FLUSH_MS: "1500" });
  [whole, without] = await Promise.all([
    newProject("show-whole", "--unlimited"),
    newProject("show-without", "--unlimited"),
  ]);
});
after(async () => {
  await worker?.stop();
  await own?.drop();
  await sql.end();
});

let seed = 7;
const below = (limit) => {
  seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
  return seed % limit;
};
const of = (choices) => choices[below(choices.length)];
let numbered = 0;
/** An event of a moment so many days ago, of somebody on some address. */
const event = (days, who, more = {}) => ({
  event: of(["pageview", "pageview", "pageview", "signup", "purchase"]),
  event_id: `e${numbered++}`,
  timestamp: new Date(now - days * DAY).toISOString(),
  url: `https://shop.example/${of(["", "pricing", "docs", "blog"])}${of(["", "?utm_source=news&utm_medium=email&utm_campaign=may"])}`,
  referrer: of([undefined, "https://www.google.com/", "https://news.ycombinator.com/item"]),
  title: of(["Shop", "Prices"]),
  properties: { plan: of(["free", "pro"]), n: below(5) },
  ...(below(4) === 0 ? { revenue: { amount: `${below(90)}.50`, currency: "EUR" } } : {}),
  ...who,
  ...more,
});
const from = (host) => ({ ip: `192.0.2.${host}`, user_agent: AGENT, country: of(["DE", "FR"]), language: "de" });

/** Visitors of 40 days: with devices, with users, on servers, and with nothing. */
function visitors() {
  const events = [];
  for (let n = 0; n < 600; n++) {
    const [days, who] = [below(40_000) / 1000, below(14)];
    if (who < 8) {
      const session = below(3) === 0 ? { session_id: `s${who}-${Math.floor(days)}` } : {};
      events.push(event(days, { anonymous_id: `device-${who}`, ...session }, { context: from(who) }));
    } else if (who < 11) events.push(event(days, { user_id: `user-${who}`, anonymous_id: `device-${who}` }));
    else if (who < 12) events.push(event(days, { user_id: `user-${who}` }));
    else events.push(event(days, {}, { context: from(who) }));
  }
  for (const who of [1, 2, 3])
    events.push(event(12, { anonymous_id: `device-${who}`, user_id: `user-${who}` }, { event: "$identify" }));
  return events;
}

/** What the person does up to so many days ago: on both devices, on a server, and without an id. */
function person(first, last, count) {
  const events = [];
  for (let n = 0; n < count; n++) {
    const days = last + ((first - last) * n) / count;
    const context = from(99);
    events.push(event(days, { anonymous_id: n % 2 ? phone : laptop }, { context }));
    // Of the same address and browser on the same day: the same hash.
    events.push(event(days, {}, { context }));
    if (n % 3 === 0) events.push(event(days, { user_id: user, session_id: `their-${n}` }));
    if (n % 5 === 0) events.push(event(days, { anonymous_id: phone, user_id: "user-1" }));
  }
  return events;
}
const links = (days) =>
  [phone, laptop].map((anonymous_id) => event(days, { anonymous_id, user_id: user }, { event: "$identify" }));

async function send(project, events) {
  for (let at = 0; at < events.length; at += 200) {
    const body = events.slice(at, at + 200);
    const [status, answer] = await ask("/v1/batch", { base: worker.url, key: project.keys.sk, body });
    assert.deepEqual([status, answer.accepted], [202, body.length], JSON.stringify(answer));
  }
}

const dayOf = (days) => new Date(now - days * DAY).toISOString().slice(0, 10);
/** The last thirty days; days with fixed ends, so that no clock makes a difference. */
const month = [dayOf(30), dayOf(-1)];

/** Everything that can be asked: path and body. */
async function questions() {
  const [, { metrics, dimensions }] = await ask("/v1/metrics", { base: worker.url, key: whole.keys.rk });
  const list = [];
  const quarter = `from=${dayOf(90)}&to=${dayOf(-1)}`;
  const stats = (body) => list.push(["/v1/stats", { date_range: month, ...body }]);
  const goal = ["is", "event", ["purchase"]];
  for (const { name } of metrics)
    for (const dimension of [[], ["time:day"]]) stats({ metrics: [name], dimensions: dimension, goal });
  for (const { name, events, sessions } of dimensions) {
    const dimension = name.replace("KEY", "plan");
    const date_range = name === "time:minute" ? [dayOf(0), dayOf(-1)] : month;
    if (events) stats({ metrics: ["events", "visitors", "users"], dimensions: [dimension], date_range, limit: 1000 });
    if (sessions) stats({ metrics: ["sessions", "bounce_rate"], dimensions: [dimension], date_range, limit: 1000 });
  }
  stats({
    metrics: ["visitors"],
    dimensions: ["source", "country"],
    compare: "previous_period",
    include: { totals: true },
  });
  stats({ metrics: ["events"], filters: [["has_done", ["is", "event", ["signup"]]]], timezone: "Europe/Berlin" });
  for (const schema of ["Stats", "Funnel", "Retention", "Journeys", "Match"])
    for (const body of examples[`${schema}Question`]?.examples ?? [])
      list.push([`/v1/${schema.toLowerCase()}`, { ...body, date_range: month }]);
  list.push([
    "/v1/funnel",
    { steps: [["is", "event", ["pageview"]], goal], window: "7d", date_range: month, by: "session" },
  ]);
  list.push(["/v1/retention", { interval: "day", periods: 10, date_range: month }]);
  for (const breakdown of ["source_medium", "source", "channel"])
    list.push([`/v1/sources?breakdown=${breakdown}&from=${month[0]}&to=${month[1]}`]);
  list.push([`/v1/query?limit=1000&${quarter}&bots=true`], ["/v1/schema"], ["/v1/realtime"]);
  list.push([`/v1/export?${quarter}&bots=true`], [`/v1/export?${quarter}&format=csv`]);
  return list;
}

/** What differs between any two projects: the hash holds the project's id. And clocks, and where was read. */
const differing = ["rows_read", "elapsed_ms", "received_at", "visitor_hash", "now", "tables"];
async function answer(project, path, body) {
  const response = await call(path, { base: worker.url, key: project.keys.sk, body });
  const text = await response.text();
  assert.equal(response.status, 200, `${path} ${JSON.stringify(body)}: ${text}`);
  if (path.includes("format=csv")) {
    const rows = text
      .trim()
      .split("\n")
      .map((row) => row.split('","'));
    const [names] = rows;
    const kept = rows.map((row) => row.filter((_, column) => !differing.includes(names[column])).join());
    return kept.sort().join("\n");
  }
  const leftOut = path === "/v1/schema" ? [...differing, "meta"] : differing;
  const clean = (line) =>
    JSON.stringify(JSON.parse(line), (name, value) => (leftOut.includes(name) ? undefined : value));
  return path.startsWith("/v1/export") ? text.trim().split("\n").map(clean).sort().join("\n") : clean(text);
}

/** How many questions have another answer, and one of them. It ends once they are `enough` of all. */
async function compare(enough = Number.POSITIVE_INFINITY) {
  await settled();
  let different = 0;
  let first;
  const list = await questions();
  for (const [path, body] of list) {
    if (different >= enough * list.length) break;
    for (let attempt = 0; ; attempt++) {
      const [left, right] = await Promise.all([answer(whole, path, body), answer(without, path, body)]);
      if (left === right) break;
      // A minute may have ended between the two.
      if (attempt < 2 && path === "/v1/realtime") continue;
      different++;
      first ??= `${path} ${JSON.stringify(body)}:\n${left}\n${right}`;
      break;
    }
  }
  return { asked: list.length, different, first };
}

async function recompute() {
  await settled();
  const { user: name, password } = stack.clickhouse_users.maintain;
  for (const { project_id } of [whole, without])
    await xtask(
      ...["rollup", "rebuild", "--project", project_id, "--margin", "0", "--clickhouse-url", stack.clickhouse_url],
      ...["--clickhouse-user", name, "--clickhouse-password", password, "--clickhouse-database", own.database],
    );
}

/** Columns of any table of the store that hold one of the ids, and what the store remembers of mutations. */
async function columns() {
  const found = [];
  const all = await query(
    `SELECT table, name, type FROM system.columns WHERE database = currentDatabase() AND default_kind != 'ALIAS'
     AND type NOT LIKE 'AggregateFunction%' ORDER BY table, name`,
  );
  assert.ok(all.length > 90, `${all.length} columns`);
  for (const { table, name } of all) {
    const [{ rows }] = await query(
      `SELECT count() AS rows FROM ${table} WHERE position(toString(${name}), {mark:String}) > 0`,
      { mark },
    );
    if (Number(rows) > 0) found.push(`${table}.${name}`);
  }
  const [{ rows }] = await query(
    "SELECT count() AS rows FROM system.mutations WHERE position(command, {mark:String}) > 0",
    { mark },
  );
  if (Number(rows) > 0) found.push("system.mutations");
  return found;
}

/** Tables of the control plane that hold one. */
async function rows() {
  const found = [];
  const tables =
    await sql`select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`;
  for (const { schemaname, tablename } of tables) {
    const [{ count }] = await sql`
      select count(*)::int from ${sql(`${schemaname}.${tablename}`)} as row where row::text like ${`%${mark}%`}`;
    if (count > 0) found.push(tablename);
  }
  return found;
}

/** Files of the store's tables that hold one: parts that are read, unpacked, and the texts of mutations beside them. */
async function files() {
  const found = [];
  const places = await query(
    "SELECT DISTINCT arrayJoin(data_paths) AS path FROM system.tables WHERE database = currentDatabase()",
  );
  const replaced = await query("SELECT path FROM system.parts WHERE database = currentDatabase() AND NOT active");
  let searched = 0;
  for (const { path, bytes } of unpackedFiles(places.map(({ path }) => path))) {
    if (replaced.some((part) => path.startsWith(part.path))) continue;
    searched++;
    if (bytes.includes(mark)) found.push(path);
  }
  assert.ok(searched > 50, `${searched} files`);
  return found;
}

/** Merges all parts. Those that were replaced lie there for some minutes more; nothing reads them. */
async function merged() {
  const tables = await query(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
  );
  for (const { name } of tables) await query(`OPTIMIZE TABLE ${name} FINAL`);
}

test("a person who is forgotten has never been there", { timeout: 600_000 }, async (t) => {
  const others = visitors();
  const traffic = [...person(35, 0.2, 60), ...links(20)];
  await send(
    whole,
    [...others, ...traffic].sort(() => below(3) - 1),
  );
  await send(without, others);
  await recompute();
  const first = await compare(1 / 2);
  assert.ok(first.different >= first.asked / 2, "with the person, answers differ");
  assert.ok((await columns()).includes("events.anonymous_id"), "the search finds what is there");
  await merged();
  assert.ok((await files()).filter((file) => file.endsWith(".bin")).length >= 3, "on the disk, too");

  // Asked for by one of two devices; they go on meanwhile.
  const body = { anonymous_id: laptop };
  const [, { request_id }] = await ask("/v1/forget", { base: worker.url, key: whole.keys.sk, body });
  await send(whole, person(0.1, 0, 10));
  const receipt = async () => (await ask(`/v1/forget/${request_id}`, { base: worker.url, key: whole.keys.sk }))[1];
  for (let turn = 0; turn < 10 && (await receipt()).status !== "done"; turn++) await worker.cron();
  // What was on its way to the store while the first run looked.
  await settled();
  await worker.cron();
  const { status, counts } = await receipt();
  assert.equal(status, "done", worker.log());
  t.diagnostic(JSON.stringify(counts));
  const second = await compare();
  assert.equal(second.different, 0, second.first);

  // And after it.
  await send(whole, person(0.05, 0, 10));
  await settled();
  await worker.cron();
  const third = await compare();
  assert.equal(third.different, 0, third.first);

  await recompute();
  const clean = await query("SELECT count() AS days FROM computed WHERE project_id = {p:UUID} AND kind = 'rollup'", {
    p: whole.project_id,
  });
  assert.ok(Number(clean[0].days) > 30);
  const fourth = await compare();
  assert.equal(fourth.different, 0, fourth.first);
  t.diagnostic(`${fourth.asked} questions have the same answers, raw and computed`);

  assert.deepEqual(await columns(), []);
  assert.deepEqual(await rows(), ["forget_requests"]);
  await merged();
  assert.deepEqual(await files(), []);
  assert.ok(!worker.log().includes(mark), "no id in the log");

  // Thirty days later the control plane does not know them either.
  await sql`update forget_requests set requested_at = now() - interval '31 days' where id = ${request_id}`;
  await worker.cron();
  assert.deepEqual(await rows(), []);
  assert.equal((await receipt()).status, "done");
});
