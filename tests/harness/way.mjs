// A proxy to a Worker that records requests and can change answers.
import http from "node:http";

/**
 * @typedef {object} Seen one request
 * @property {number} at time of receipt, by `performance.now()`
 * @property {string} method
 * @property {string} path
 * @property {http.IncomingHttpHeaders} headers
 * @property {any} events its parsed body; undefined if it has none
 * @property {number} status of the answer; 0 until it is sent
 */

/**
 * Forwards requests to `target`, which may be changed later, and records them. `answer(n, request)` can replace the
 * answer to request number `n` (from 0), also with a delay: `{status, headers, body}`, or `"cut"` to close the
 * connection.
 */
export async function recordingWay(
  target,
  answer = (_number, /** @type {Seen} */ _request) => /** @type {any} */ (undefined),
) {
  /** @type {Seen[]} */
  const seen = [];
  const server = http.createServer(async (request, response) => {
    try {
      await pass(request, response);
    } catch {
      response.destroy();
    }
  });
  async function pass(request, response) {
    const at = performance.now();
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method, url: path, headers } = request;
    const entry = {
      at,
      method,
      path,
      headers,
      events: body.length ? JSON.parse(body.toString()) : undefined,
      status: 0,
    };
    const number = seen.push(entry) - 1;
    const own = await way.answer(number, entry);
    if (own === "cut") return response.destroy();
    if (own) {
      entry.status = own.status;
      return response.writeHead(own.status, own.headers).end(own.body);
    }
    const onward = http.request(way.target + path, { method, headers: { ...headers, host: new URL(way.target).host } });
    onward.end(body);
    const passed = await new Promise((done, failed) => onward.once("response", done).once("error", failed));
    entry.status = passed.statusCode;
    response.writeHead(passed.statusCode, passed.headers);
    for await (const chunk of passed) response.write(chunk);
    response.end();
  }
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const way = {
    url: `http://127.0.0.1:${port}`,
    target,
    answer,
    seen,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return way;
}

/** A problem document as an answer. */
export function problem(status, error, headers = {}) {
  const body = JSON.stringify({ type: "about:blank", title: "t", status, error, detail: "as told", request_id: "r" });
  return { status, body, headers: { "content-type": "application/problem+json", ...headers } };
}
