// The Worker's fetch handler. A request crosses into WebAssembly once, with everything that nearly every request needs:
// method, URL, a few headers and a small body. Each question asked from there costs a microsecond, and each promise
// awaited there several; here they cost a tenth.

// Most bytes of a body that is read here. Larger ones are read by the Worker (boundary.js), which limits how many bytes
// of bodies it holds at a time.
const SMALL = 65536;

/**
 * @param {{ packed_headers: () => string, body_timeout_ms: () => number }} exports the Worker's constants: names of the
 *   headers to send along, one per line; how long a client may take to send a body
 * @param {(request: Request, head: string, body: Uint8Array | undefined, env: any, ctx: any) => any} answer
 * @returns {(request: Request, env: any, ctx: any) => Promise<Response>}
 */
export function fetchHandler(exports, answer) {
  let names;
  let timeout;

  return async function fetch(request, env, ctx) {
    names ??= exports.packed_headers().split("\n");
    timeout ??= exports.body_timeout_ms();
    const { headers } = request;
    let head = `${request.method}\n${request.url}`;
    for (const name of names) head += `\n${headers.get(name) ?? ""}`;
    const length = Number(headers.get("content-length"));
    const body = length > 0 && length <= SMALL ? await read(request, timeout) : undefined;
    return answer(request, head, body, env, ctx);
  };
}

/** The whole body; undefined if it did not arrive: the Worker then fails to read it and reports that. */
async function read(request, timeout) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(reject, timeout);
  });
  try {
    return new Uint8Array(await Promise.race([request.arrayBuffer(), late]));
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
