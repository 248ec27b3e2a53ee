// Speaking MCP to the Worker, in its revision without a handshake or in an older one.
import { call, settled } from "./stack.mjs";

export const STATELESS = "2026-07-28";
const NAME = { "tools/call": "name", "resources/read": "uri", "prompts/get": "name" };
let number = 0;

/** What every request of the newest revision carries. */
export const meta = (version = STATELESS) => ({
  "io.modelcontextprotocol/protocolVersion": version,
  "io.modelcontextprotocol/clientInfo": { name: "tests", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
});

/**
 * @typedef {object} Options
 * @property {string} [path] `/mcp`, or the account's
 * @property {string} [era] a revision
 * @property {any} [headers] replaces those that would be sent; `undefined` takes one away
 * @property {string} [base]
 */

/**
 * Sends a request: `[status, answer, headers]`.
 * @param {string | undefined} key
 * @param {string} method
 * @param {any} [params]
 * @param {Options} [options]
 * @returns {Promise<[number, any, Headers]>}
 */
export async function rpc(key, method, params = {}, { path = "/mcp", era = STATELESS, headers = {}, base } = {}) {
  const isNew = era === STATELESS;
  const body = { jsonrpc: "2.0", id: ++number, method, params: isNew ? { _meta: meta(), ...params } : params };
  const name = params?.[NAME[method]];
  const standard = {
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": method === "initialize" && !isNew ? undefined : era,
    ...(isNew ? { "mcp-method": method, "mcp-name": typeof name === "string" ? name : undefined } : {}),
    ...headers,
  };
  const sent = Object.fromEntries(Object.entries(standard).filter(([, value]) => value !== undefined));
  const response = await call(path, { key, body, headers: sent, ...(base ? { base } : {}) });
  const text = await response.text();
  return [response.status, text ? JSON.parse(text) : null, response.headers];
}

/**
 * Uses a tool; its result. Waits for the events that were acknowledged before.
 * @param {string} key
 * @param {string} name
 * @param {any} [args]
 * @param {Options} [options]
 */
export async function use(key, name, args = {}, options = {}) {
  await settled();
  const [status, answer] = await rpc(key, "tools/call", { name, arguments: args }, options);
  if (status !== 200 || !answer.result) throw new Error(`${name}: ${status} ${JSON.stringify(answer)}`);
  return answer.result;
}

/** Uses a tool that must not fail; its structured answer. */
export async function told(key, name, args, options) {
  const result = await use(key, name, args, options);
  if (result.isError) throw new Error(`${name} ${JSON.stringify(args)}: ${result.content[0].text}`);
  return result.structuredContent;
}
