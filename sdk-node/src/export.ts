import type { StoredEvent } from "./api.js";
import { HeadwaterError } from "./error.js";

/** The rows of an NDJSON export. Its last line says whether it is complete; throws if not. */
export async function* rows(stream: ReadableStream<Uint8Array>): AsyncGenerator<StoredEvent, void, undefined> {
  let complete = false;
  for await (const line of lines(stream)) {
    const row = JSON.parse(line);
    if (row.$end) complete = row.$end.complete === true;
    else yield row;
  }
  if (!complete) throw broken("rows are missing");
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    // Ending the iteration early cancels the stream and the query behind it.
    for await (const chunk of stream) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      yield* parts.filter((line) => line !== "");
    }
  } catch (error) {
    throw broken("the connection was interrupted", error);
  }
  if (rest !== "") throw broken("the last line is incomplete");
}

function broken(detail: string, cause?: unknown): HeadwaterError {
  return new HeadwaterError({ code: "invalid_answer", detail: `the export is incomplete: ${detail}`, cause });
}
