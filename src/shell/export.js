// Exports: the store's response is passed on chunk by chunk without entering WebAssembly. Only its last bytes are
// checked, because ClickHouse may report an error after rows that have been sent already.

/** Bytes that are held back until more arrive: more than the longest error of the store (16 KiB). */
const HELD = 32 * 1024;
/** Size of the chunks to read. */
const PIECE = 64 * 1024;
const NEWLINE = 10;

/** How a complete response ends, as latin1 text. No error of the store ends like this. */
const WHOLE_END = { ndjson: /^$|\}\n$/, csv: /^$|"\n$/, parquet: /PAR1$/ };

/**
 * Sends the query to the store. Returns `{stream}`, or the store's error: `{status, code, words}`. `release` is called
 * once the stream has ended, failed or been cancelled.
 */
export async function download(url, user, password, sql, format, head, limitMs, release) {
  let stream;
  try {
    const response = await fetch(url, {
      method: "POST",
      body: sql,
      headers: { "x-clickhouse-user": user, "x-clickhouse-key": password },
      signal: AbortSignal.timeout(limitMs),
    });
    const code = response.headers.get("x-clickhouse-exception-code") ?? "";
    if (response.status !== 200 || code) {
      return { status: response.status, code, words: (await response.text()).slice(0, 500) };
    }
    stream = handedOn(response.body, format, head, release);
    return { stream };
  } finally {
    if (!stream) release();
  }
}

/**
 * The stream of `head` and then the body. NDJSON gets a last line that says whether all rows were sent, including those
 * in `head`. Other formats end with an error if the body is incomplete.
 * @param {ReadableStream<Uint8Array>} body
 * @param {"ndjson" | "csv" | "parquet"} format
 */
export function handedOn(body, format, head, release = () => {}) {
  const reader = body.getReader({ mode: "byob" });
  const encoder = new TextEncoder();
  let held = [];
  let size = 0;
  let rows = 0;
  let first = head;
  const before = format === "ndjson" ? head.split("\n").length - 1 : 0;

  function give(controller, bytes) {
    if (format === "ndjson") {
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) rows++;
    }
    if (bytes.length > 0) controller.enqueue(bytes);
  }

  function end(controller, broken) {
    const rest = joined(held, size);
    const text = latin1(rest);
    const whole = !broken && WHOLE_END[format].test(text);
    if (whole) {
      give(controller, rest);
    } else {
      // Log only the number of the store's error, because its text may contain rows.
      const code = /^Code: (\d+)/m.exec(text)?.[1] ?? "none";
      console.error(
        `an export was interrupted after ${rows} rows: ${broken ?? "ended by the store"}, its code: ${code}`,
      );
      if (format !== "ndjson") {
        controller.error(new Error("the export was interrupted by the store"));
        return release();
      }
      const kept = rest.subarray(0, wholeLines(text));
      give(controller, kept);
      // The beginning of a row has been sent already: end its line.
      if (kept.length === 0 && text.length > 0 && rows > 0 && !text.startsWith("{"))
        controller.enqueue(encoder.encode("\n"));
    }
    if (format === "ndjson")
      controller.enqueue(encoder.encode(`{"$end":{"complete":${whole},"rows":${before + rows}}}\n`));
    controller.close();
    release();
  }

  return new ReadableStream(
    {
      async pull(controller) {
        if (first) {
          controller.enqueue(encoder.encode(first));
          first = "";
          return;
        }
        for (;;) {
          let piece;
          try {
            piece = await reader.read(new Uint8Array(PIECE));
          } catch (error) {
            return end(controller, String(error));
          }
          if (piece.value?.length > 0) {
            held.push(piece.value);
            size += piece.value.length;
          }
          if (piece.done) return end(controller, undefined);
          let given = false;
          while (held.length > 0 && size - held[0].length >= HELD) {
            const next = held.shift();
            size -= next.length;
            give(controller, next);
            given = true;
          }
          if (given) return;
        }
      },
      async cancel(reason) {
        held = [];
        release();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Length of the complete rows: lines that end with a JSON object's end. The first may have begun in earlier bytes. */
function wholeLines(text) {
  let end = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", end)) {
    const line = text.slice(end, at);
    if (!line.endsWith("}") || (end > 0 && !line.startsWith("{"))) break;
    end = at + 1;
  }
  return end;
}

function joined(pieces, size) {
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Decodes each byte as one character. */
function latin1(bytes) {
  return new TextDecoder("latin1").decode(bytes);
}
