// A proxy to a store that can drop, delay and falsify responses.
import { once } from "node:events";
import net from "node:net";

/**
 * Listens on a free port and forwards everything to `target` while its mode is `pass`. Other modes:
 *
 * - `refuse`: connections are reset at once
 * - `hang`: connections are accepted and never answered
 * - `garbage`: the responses are not HTTP
 * - `swallow`: requests reach the target, but their responses are dropped
 * - any string that starts with `HTTP/`: the response to every request
 */
export async function faultyWay(target) {
  const { hostname, port } = new URL(target);
  let mode = "pass";
  let taken = 0;
  const open = new Set();
  const server = net.createServer((socket) => {
    open.add(socket);
    taken += 1;
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => {});
    if (mode === "refuse") return socket.resetAndDestroy();
    if (mode === "hang") return;
    if (mode === "garbage") return socket.end("\u0000\u0001 this is no HTTP\r\n\r\n");
    if (mode !== "pass" && mode !== "swallow") {
      socket.once("data", () => socket.end(mode));
      return;
    }
    const upstream = net.connect(Number(port), hostname);
    upstream.on("error", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
    upstream.on("close", () => socket.destroy());
    if (mode === "swallow") {
      socket.pipe(upstream);
      upstream.once("data", () => socket.destroy());
      return;
    }
    socket.pipe(upstream).pipe(socket);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = /** @type {net.AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    /** Number of open connections. */
    open: () => open.size,
    /** Number of connections since the mode was changed. */
    taken: () => taken,
    /** Changes the mode and closes the connections of the old one. */
    become(next) {
      mode = next;
      taken = 0;
      for (const socket of open) socket.destroy();
    },
    close() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

/** A whole HTTP response as text. */
export function answer(status, body, headers = {}) {
  const lines = Object.entries({ "Content-Length": Buffer.byteLength(body), Connection: "close", ...headers });
  return `HTTP/1.1 ${status} X\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}
