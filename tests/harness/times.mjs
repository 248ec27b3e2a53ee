// A test reporter that prints the slowest files of a run.
import { relative } from "node:path";

const SHOWN = 12;

/** @param {AsyncIterable<any>} source */
export default async function* slowest(source) {
  const files = [];
  for await (const { type, data } of source) {
    // There is one event for each file, and a last one for all of them.
    if (type === "test:summary" && data.file) files.push([data.duration_ms / 1000, relative(process.cwd(), data.file)]);
  }
  files.sort(([a], [b]) => b - a);
  const sum = files.reduce((sum, [seconds]) => sum + seconds, 0);
  yield `\n${files.length} files, ${sum.toFixed()} s together; longest:\n`;
  for (const [seconds, file] of files.slice(0, SHOWN)) yield `${seconds.toFixed(1).padStart(8)} s  ${file}\n`;
}
