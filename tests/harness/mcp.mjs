// An MCP client for the Worker, for the revision without a handshake and for older ones.
import { call, settled } from "./stack.mjs";

export const STATELESS = "2026-07-28";
const NAME = { "tools/call": "name", "resources/read": "uri", "prompts/get": "name" };
let number = 0;

/** Metadata of every request in the newest revision. */
export const meta = (version = STATELESS) => ({
  "io.modelcontextprotocol/protocolVersion": version,
  "io.modelcontextprotocol/clientInfo": { name: "tests", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
});

/**
 * @typedef {object} Options
 * @property {string} [path] `/mcp` or `/mcp/account`
 * @property {string} [era] revision of the protocol
 * @property {any} [headers] override the default headers; `undefined` removes one
 * @property {string} [base]
 */

/**
 * Sends a request. Returns `[status, answer, headers]`.
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
 * Calls a tool and returns its result. Waits until all acknowledged events are stored.
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

/** Calls a tool that must succeed. Returns its structured content. */
export async function told(key, name, args, options) {
  const result = await use(key, name, args, options);
  if (result.isError) throw new Error(`${name} ${JSON.stringify(args)}: ${result.content[0].text}`);
  return result.structuredContent;
}
