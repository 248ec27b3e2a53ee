// The running stack, and new projects on it.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { sleep, until } from "./until.mjs";

const run = promisify(execFile);

/** The root of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

const devFile = process.env.HEADWATER_DEV_JSON;
if (!devFile) throw new Error("these tests need a running stack: use `cargo xtask test`");

/** Addresses and secrets of the stack (`dev.json`). */
export const stack = JSON.parse(readFileSync(devFile, "utf8"));

/** Workers that may hold events in their buffers. */
const busy = new Set();

/** Runs a command of this repository. Returns its standard output. */
export async function xtask(...args) {
  const command = process.env.HEADWATER_XTASK;
  // The command may send events.
  busy.add(stack.worker_url);
  const state = devFile.replace(/\/dev\.json$/, "");
  const all = [...args, "--state", state];
  const options = { cwd: root, maxBuffer: 64 << 20 };
  const { stdout } = command ? await run(command, all, options) : await run("cargo", ["xtask", ...all], options);
  return stdout;
}

/** Records secrets that a test has used. At the end of a run, all logs are searched for them. */
export function remember(secrets) {
  appendFileSync(devFile.replace(/dev\.json$/, "used-secrets.txt"), secrets.map((secret) => `${secret}\n`).join(""));
}

/**
 * Creates a project that no other test uses.
 * @param {string} about prefix of its slug
 * @param {...string} settings flags of `project create`
 * @returns {Promise<{project_id: string, slug: string, keys: {pk: string, sk: string, rk: string, ak: string}}>}
 */
export async function newProject(about, ...settings) {
  const slug = `${about}-${randomBytes(4).toString("hex")}`;
  const made = JSON.parse(await xtask("project", "create", slug, "--json", ...settings));
  remember(Object.values(made.keys));
  return made;
}

/**
 * @typedef {object} Call
 * @property {string} [key] API key
 * @property {any} [body] values other than strings and buffers are sent as JSON
 * @property {any} [headers]
 * @property {string} [base] URL of another Worker than the stack's
 * @property {string} [method]
 * @property {AbortSignal} [signal]
 */

const questions = [
  "/v1/stats",
  "/v1/sources",
  "/v1/metrics",
  "/v1/query",
  "/v1/schema",
  "/v1/realtime",
  "/v1/export",
  "/v1/funnel",
  "/v1/retention",
  "/v1/journeys",
  "/v1/match",
  "/v1/segments",
  "/mcp",
];

/** Routes that ask the control plane for the key only: if it does not answer, nothing was taken. */
const intakes = ["/v1/track", "/v1/batch", "/v1/identify"];

/** Waits until all acknowledged events are in the store. The buffer answers before that. */
export async function settled() {
  const begin = Date.now();
  for (const base of new Set([stack.worker_url, ...busy]))
    await until(() => written(base, begin), `the buffer of ${base} has written what it took before`);
  busy.clear();
}

/** Whether a Worker's buffer has no events from before `begin`. */
async function written(base, begin) {
  let response;
  try {
    response = await fetch(`${base}/ready`, { signal: AbortSignal.timeout(30_000) });
  } catch (error) {
    // A stopped Worker has no events to wait for.
    if (/** @type {any} */ (error)?.cause?.code === "ECONNREFUSED") return true;
    return false;
  }
  const ready = await response.json().catch(() => undefined);
  // An object did not answer in time, or a proxy answered: the state of the buffer is unknown.
  if (!ready?.checks || ready.checks.buffer === "unavailable") return false;
  const { events, oldest_age_s } = ready.buffer ?? { events: 0 };
  // Test files that run at the same time use the same buffer, so only older events count.
  return events === 0 || Date.now() - (oldest_age_s + 1) * 1000 > begin;
}

/**
 * Sends a request to the Worker. A question first waits until all acknowledged events are stored.
 * @param {string} path
 * @param {Call} [options]
 */
export async function call(
  path,
  { key, body, headers = {}, base = stack.worker_url, ...init } = /** @type {Call} */ ({}),
) {
  const question = questions.some((question) => path.startsWith(question));
  if (question) {
    if (busy.size > 0) await settled();
  } else if (body !== undefined) busy.add(base);
  const plain = body === undefined || typeof body === "string" || body instanceof Uint8Array;
  const send = () =>
    fetch(base + path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(key ? { authorization: `Bearer ${key}` } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: plain ? body : JSON.stringify(body),
      // A request without an answer fails the test, a slow one does not.
      signal: AbortSignal.timeout(90_000),
      ...init,
    });
  // The stack's stores are always available. Only tests of other Workers make stores fail.
  if (base !== stack.worker_url) return send();
  const intake = intakes.some((intake) => path.startsWith(intake));
  for (let again = 0; ; again++) {
    const response = await send();
    const reason = again < 5 && (await overloaded(response, question, intake));
    if (!reason) return response;
    console.log(`asked again: ${path}: ${reason}`);
    await sleep(500);
  }
}

/**
 * The reason to repeat a request, as every client would: a store was too slow to answer the Worker, or wrangler's proxy
 * lost the connection and answered by itself. Events are sent again only if none of them was taken, other requests only
 * if their key was not even checked.
 */
async function overloaded(response, question, intake) {
  if (question && response.status === 500 && !response.headers.get("x-request-id")) return "wrangler's 500";
  if (response.status !== 503) return undefined;
  const text = await response.clone().text();
  const reason = /"error":"(store_unavailable|control_plane_unavailable)"/.exec(text)?.[1];
  if (question || (intake && reason === "control_plane_unavailable")) return reason;
  return text.includes("keys cannot be checked now") ? reason : undefined;
}

/**
 * Sends a request and parses the JSON answer.
 * @param {string} path
 * @param {Call} [options]
 * @returns {Promise<[number, any, Headers]>}
 */
export async function ask(path, options) {
  const response = await call(path, options);
  return [response.status, await response.json(), response.headers];
}

/** Creates a ClickHouse database with all tables. Returns its name and a function that drops it. */
export async function ownDatabase(about) {
  const database = `${about}_${randomBytes(4).toString("hex")}`;
  const { user, password } = stack.clickhouse_users.maintain;
  await xtask(
    ...["migrate", "--clickhouse-url", stack.clickhouse_url, "--clickhouse-user", user],
    ...["--clickhouse-password", password, "--clickhouse-database", database],
    ...["--supabase-db-url", stack.postgres_url],
  );
  return { database, drop: () => select(`DROP DATABASE IF EXISTS ${database}`) };
}

/** Runs a statement in ClickHouse as the user that can read all tables. Returns rows as objects. */
export async function select(sql, parameters = {}, database = stack.clickhouse_database) {
  const url = new URL(stack.clickhouse_url);
  url.searchParams.set("database", database);
  url.searchParams.set("default_format", "JSONEachRow");
  // A million rows may take minutes on a busy machine.
  url.searchParams.set("max_execution_time", "600");
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(`param_${name}`, value);
  const { user, password } = stack.clickhouse_users.maintain;
  const response = await fetch(url, {
    method: "POST",
    body: sql,
    headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": password },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** The stored rows of a project, after all acknowledged events have been stored. */
export async function rowsOf(projectId, database = stack.clickhouse_database) {
  await settled();
  const sql = "SELECT * FROM events FINAL WHERE project_id = {project:UUID} ORDER BY timestamp, event_id";
  return select(sql, { project: projectId }, database);
}
