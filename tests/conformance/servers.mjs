// Which servers the suites talk to: those of the running stack, or real ones. See README.md.
import { readFileSync } from "node:fs";

/**
 * @typedef {{ url: string, user: string, password: string }} ClickHouse
 * @typedef {{ rest_url: string, secret_key: string, publishable_key: string, jwt_secret?: string, db_url: string }} Supabase
 */

const own = process.env.HEADWATER_CONFORMANCE;
const devFile = process.env.HEADWATER_DEV_JSON;
if (!own && !devFile)
  throw new Error("use `cargo xtask test e2e conformance`, or name servers in HEADWATER_CONFORMANCE");

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const servers = own ? read(own) : fromStack(read(devFile));

function fromStack(stack) {
  const { user, password } = stack.clickhouse_users.maintain;
  return {
    clickhouse: { url: stack.clickhouse_url, user, password },
    supabase: {
      url: stack.postgrest_url,
      secret_key: stack.supabase_secret_key,
      publishable_key: stack.supabase_publishable_key,
      jwt_secret: stack.supabase_jwt_secret,
      db_url: stack.postgres_url,
    },
  };
}

/** Whether the servers are the real ones. */
export const real = Boolean(own);

/** @type {ClickHouse | undefined} */
export const clickhouse = servers.clickhouse;

/** @type {Supabase | undefined} */
export const supabase = servers.supabase && {
  ...servers.supabase,
  // A PostgREST without Supabase's gateway has no prefix: it is named by `rest_url`.
  rest_url: servers.supabase.rest_url ?? `${servers.supabase.url.replace(/\/$/, "")}/rest/v1`,
};

/** Options of a suite: skipped, and said to be, where its server is not named. */
export const needs = (server, name) => ({ skip: server ? false : `${own} names no ${name}`, timeout: 120_000 });

/** Options of a check of the local subset, which a real server answers otherwise. */
export const subsetOnly = { skip: real && "a real server knows this; only the local subset refuses it" };
