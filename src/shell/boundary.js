// Functions that Rust calls, each one crossing from WebAssembly; boundary.rs documents them.

export function header(request, name) {
  return request.headers.get(name) ?? "";
}

export function headers(request, names) {
  let values = "";
  for (const name of names.split("\n")) values += `${request.headers.get(name) ?? ""}\n`;
  return values;
}

export function place(request) {
  const { continent = "", country = "", region = "", city = "" } = request.cf ?? {};
  return [continent, country, region, city].join("\n");
}

export async function body(request, announced, limit, timeout) {
  let timer;
  const late = new Promise((done) => {
    timer = setTimeout(done, timeout, "it took too long");
  });
  const whole = await Promise.race([read(request, announced, limit), late]);
  clearTimeout(timer);
  return whole;
}

async function read(request, announced, limit) {
  try {
    if (!request.body) return new Uint8Array();
    // The runtime enforces the length that the client announced.
    if (announced) return new Uint8Array(await request.arrayBuffer());
    const parts = [];
    let length = 0;
    for await (const part of request.body) {
      length += part.length;
      if (length > limit) return limit;
      parts.push(part);
    }
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  } catch (error) {
    return `${error}`;
  }
}

export function respond(status, lines, body) {
  // A copy, because the bytes are in WebAssembly's memory, which can be reallocated.
  return respondWith(status, lines, body.length > 0 ? body.slice() : null);
}

export function respondWith(status, lines, body) {
  const headers = {};
  const parts = lines.split("\n");
  for (let at = 0; at + 1 < parts.length; at += 2) headers[parts[at]] = parts[at + 1];
  return new Response(body, { status, headers });
}
