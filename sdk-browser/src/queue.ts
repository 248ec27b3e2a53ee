// The queue of events, and their delivery in batches with retries.
import { forget, put } from "./memory";
import { open, refused, settings, settle, wait } from "./tracker";

export { watch } from "./auto";
export { about, off } from "./memory";

/** Most milliseconds that an event is queued before it is sent. */
export const PATIENCE = 2000;

/** Number of events that are sent at once. */
const ENOUGH = 20;

/** Most events in the queue; beyond it the oldest are dropped. */
const MOST = 1000;

/** Batches of up to this many bytes are not divided, however little of `share` is left. */
const SMALL = 8e3;

/** Bytes left for requests that outlive the page: browsers allow 64 KiB in all (Fetch standard, "HTTP-network-or-cache
 * fetch", keepalive). */
let share = 65536;
/** Requests without success since the last successful one, including those in flight. */
let failures = 0;
let lost = 0;
let last: unknown;

/** Queued events as JSON, the oldest first, without those in flight. */
export const waiting: string[] = [];

/** Number of events dropped because the queue was full. */
export const dropped = (): number => lost;

/** Whether the queue and the open event make a full batch. Not while requests fail. */
export const full = (): unknown => waiting[ENOUGH - 2] && !failures;

/** Adds the event that has just been completed to the queue. */
export const take = (): void => {
  put("headwater.e." + open, 1);
  lost += forget(waiting.splice(0, waiting.push(open as string) - MOST));
};

/** Sends queued events; `leaving`: the page may be closed afterwards. Resolves once they are answered or failed. */
export const finish = async (leaving?: unknown): Promise<unknown> => {
  wait(0);
  settle();
  if (!refused() && waiting[0]) last = post(waiting.splice(0), leaving, last);
  return last;
};

const post = async (batch: string[], leaving: unknown, before: unknown): Promise<unknown> => {
  const body = `[${batch}]`;
  const size = new Blob([body]).size;
  const half = batch.length >> 1;
  if (half && size > SMALL && size > share) {
    // The second half first: if both fail at once, they return to the queue in order.
    return post(batch.splice(0, half), leaving, post(batch, leaving, before));
  }
  const url = settings.host + "/v1/batch?key=" + settings.key;
  const taken = size > share ? 0 : size;
  let status: unknown;
  let patience: number | undefined;
  share -= taken;
  // One request at a time unless something is urgent; after a minute without an answer the next one is sent.
  failures++;
  wait(6e4);
  try {
    // In browsers without `keepalive` only a beacon outlives the page.
    if (leaving && !("keepalive" in Request.prototype)) status = navigator.sendBeacon(url, body) && 202;
    else {
      const answer = await fetch(url, { method: "POST", body, keepalive: taken as never });
      status = answer.status;
      patience = (answer.headers.get("retry-after") as unknown as number) * 1e3;
      settings.debug && console.log("[headwater]", status, body, await answer.text());
    }
  } catch {}
  share += taken;
  // Accepted, or rejected for good.
  if (/202|4(?!08|29)../.test(status as string) || refused()) {
    failures = 0;
    forget(batch);
    wait(waiting[ENOUGH - 2] ? 1 : PATIENCE);
  } else {
    waiting.unshift(...batch);
    // Random, up to 1, 2, 4 … 32 seconds, so that clients that failed together do not retry together.
    wait(patience || 1 + Math.random() * 500 * 2 ** Math.min(6, failures));
  }
  return before;
};
