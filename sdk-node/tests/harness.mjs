// The package as it is built, and clients of it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { code, part } from "../build.mjs";

export { LONG } from "../../tests/harness/long.mjs";
export { sleep, until } from "../../tests/harness/until.mjs";
export { problem, recordingWay } from "../../tests/harness/way.mjs";

const folder = mkdtempSync(join(tmpdir(), "headwater-node-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
await code(folder, "esm");

/** The built module, for child processes. */
export const built = pathToFileURL(join(folder, "index.js")).href;
export const { Headwater, HeadwaterError, expressMiddleware, fastifyPlugin, honoMiddleware, visitOf } = await import(
  built
);

/** A module of the package by itself. */
export async function module(name) {
  await part(folder, name);
  return import(pathToFileURL(join(folder, `${name}.js`)).href);
}

/** A client with what it told to `onError`. */
export function client(options) {
  const errors = [];
  const made = new Headwater({ onError: (error) => errors.push(error), ...options });
  return Object.assign(made, { errors });
}
