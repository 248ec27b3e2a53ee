// A database of one's own on the ClickHouse server, and the official client for it.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { ClickHouseError, createClient } from "@clickhouse/client";
import { clickhouse } from "./servers.mjs";

/** Its name. */
export const database = `conformance_${randomBytes(6).toString("hex")}`;

// Defaults differ between releases and between users, so each that matters is said.
const settings = {
  async_insert: 0,
  output_format_json_quote_64bit_integers: 1,
  date_time_input_format: "best_effort",
};

/**
 * A client for the database, or with other options.
 * @param {import("@clickhouse/client").ClickHouseClientConfigOptions} options
 */
export function connect(options = {}) {
  return createClient({
    url: clickhouse.url,
    username: clickhouse.user,
    password: clickhouse.password,
    database,
    request_timeout: 60_000,
    max_open_connections: 10,
    // Only the errors that are thrown are of interest.
    log: { level: 127 },
    ...options,
    // @ts-expect-error the settings' types are narrower than their values
    clickhouse_settings: { ...settings, ...options.clickhouse_settings },
  });
}

/** Makes the database. */
export async function createDatabase() {
  const client = connect({ database: undefined });
  await client.command({ query: "CREATE DATABASE {name:Identifier}", query_params: { name: database } });
  await client.close();
}

/** Removes the database with all that is in it. */
export async function dropDatabase() {
  const client = connect({ database: undefined });
  await client.command({ query: "DROP DATABASE IF EXISTS {name:Identifier}", query_params: { name: database } });
  await client.close();
}

/**
 * The rows of a statement as objects.
 * @returns {Promise<any[]>}
 */
export async function rows(client, query, query_params = {}) {
  const result = await client.query({ query, query_params, format: "JSONEachRow" });
  return result.json();
}

/** The one value of a statement. */
export async function value(client, query, query_params = {}) {
  const [row] = await rows(client, query, query_params);
  return Object.values(row)[0];
}

/** Expects the error of that number and name, as the client parses it. */
export async function refuses(action, code, type) {
  await assert.rejects(action, (/** @type {any} */ error) => {
    assert.ok(error instanceof ClickHouseError, `${error?.stack}`);
    assert.deepEqual([error.code, error.type], [String(code), type], error.message);
    assert.ok(error.message.length > 0);
    return true;
  });
}
