// A proxy that adds an API key, for programs that cannot send one.
import { once } from "node:events";
import http from "node:http";

/**
 * Listens on a port and forwards every request with this key.
 * @param {string} target
 * @param {string} key
 * @param {number} port
 */
export async function keyedWay(target, key, port) {
  const { hostname, port: targetPort } = new URL(target);
  const server = http.createServer((request, response) => {
    const headers = { ...request.headers, authorization: `Bearer ${key}` };
    const onward = http.request(
      { hostname, port: targetPort, path: request.url, method: request.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
