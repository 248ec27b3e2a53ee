// One exchange with a store over the runtime's `fetch`. Everything comes in and goes out in one crossing;
// what is answered is described in fetch.rs.
export async function exchange(method, url, headers, body, limit, exceptionCode, summary, maxAnswer) {
  try {
    const answer = await fetch(url, {
      method,
      headers: fields(headers),
      // A copy: what is passed lies in WebAssembly's memory and moves with it.
      body: method === "GET" ? undefined : body.slice(),
      signal: AbortSignal.timeout(limit),
    });
    const code = answer.headers.get(exceptionCode);
    if (!answer.body) return code === null ? answer.status : [answer.status, code, null, new Uint8Array()];
    const announced = answer.headers.get("content-length");
    if (announced > maxAnswer) return `TooLarge: ${announced}`;
    return [answer.status, code, answer.headers.get(summary), new Uint8Array(await answer.arrayBuffer())];
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

function fields(lines) {
  const parts = lines.split("\n");
  const fields = {};
  for (let at = 0; at + 1 < parts.length; at += 2) fields[parts[at]] = parts[at + 1];
  return fields;
}
