// What waits to be sent, and how it is sent so that nothing is lost.
import { keeps, remove, write } from "./memory";
import { on } from "./settings";
import { load, say, settings, settle, soon, wait } from "./tracker";

/** Events that are kept at most; then the oldest go. */
const MOST = 1000;

/** As many are sent without waiting for more. */
const ENOUGH = 20;

/** Bytes that may be on their way when the page goes, in all (Fetch, "HTTP-network-or-cache fetch"). */
const SHARE = 65536;

/** Bodies up to this are not divided, however little of the share is left. */
const SMALL = 8192;

let waiting: string[] = [];
const flying = new Set<string>();
let share = SHARE;
let failures = 0;
let lost = 0;
let last: Promise<unknown> | undefined;

/** How many events were dropped because there was no room for them. */
export const dropped = (): number => lost;

/** Keeps what waits, or the newest of it that there is room for. */
const keep = (): void => {
  if (keeps()) for (let from = 0; !write(`queue.${load()}`, waiting.slice(from).join("\n")); ) from += 100;
};

/** Takes over what earlier pages left. If one is still there, both send it, and it counts once. */
export const resume = (): void => {
  for (const left of remove("queue.")) waiting.push(...left.split("\n"));
};

export const empty = (): void => {
  waiting = [];
};

export const take = (event: string): void => {
  waiting.push(event);
  const excess = waiting.splice(0, waiting.length - MOST).length;
  if (excess) say("no room, dropped:", (lost += excess));
  keep();
  if (waiting.length - flying.size < ENOUGH || failures) soon();
  else flush();
};

/** Sends what waits. Resolves once that has been answered, or has failed and will be tried again. */
export const flush = (leaving?: unknown): Promise<unknown> => {
  settle();
  wait();
  // Without `keepalive` a request does not outlive the page, nor does one that is under way.
  const beacon = leaving && !("keepalive" in Request.prototype);
  const batch = waiting.filter((event) => beacon || !flying.has(event));
  if (batch[0]) last = Promise.all([last, send(batch, beacon)]);
  return Promise.resolve(last);
};

const send = async (batch: string[], beacon: unknown): Promise<void> => {
  const body = `[${batch}]`;
  const { size } = new Blob([body]);
  const half = batch.length >> 1;
  if (half && size > SMALL && size > share) {
    await Promise.all([send(batch.slice(0, half), beacon), send(batch.slice(half), beacon)]);
    return;
  }
  const { host, key, debug } = settings as NonNullable<typeof settings>;
  const url = `${host || ""}/v1/batch?key=${key}`;
  const keepalive = size <= share;
  const taken = keepalive ? size : 0;
  let status = 0;
  let patience = 0;
  share -= taken;
  batch.forEach(flying.add, flying);
  try {
    if (beacon) status = navigator.sendBeacon(url, body) ? 202 : 0;
    else {
      const answer = await fetch(url, { method: "POST", body, keepalive, credentials: "omit" });
      status = answer.status;
      patience = +(answer.headers.get("retry-after") || 0) * 1000;
      if (on(debug)) say(status, body, await answer.text());
    }
  } catch (error) {
    say(error);
  }
  share += taken;
  batch.forEach(flying.delete, flying);
  if (status == 202 || (status > 399 && status < 500 && status != 408 && status != 429)) {
    failures = 0;
    waiting = waiting.filter((event) => !batch.includes(event));
    keep();
  } else {
    // Up to half a minute, and never in step with others that failed together.
    wait((patience || Math.min(30_000, 500 * 2 ** failures++)) * (1 + Math.random()));
  }
};
