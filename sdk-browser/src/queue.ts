// What waits to be sent, and how it is sent so that nothing is lost.
import { forget, put } from "./memory";
import { open, refused, settings, settle, wait } from "./tracker";

export { watch } from "./auto";
export { about, off } from "./memory";

/** Milliseconds after which an event is sent at the latest. */
export const PATIENCE = 2000;

/** As many events are sent without waiting for more. */
const ENOUGH = 20;

/** Events that wait at most; then the oldest go. */
const MOST = 1000;

/** Bytes up to which a batch is not divided, however little of the share is left. */
const SMALL = 8e3;

/** Bytes that may still be on their way when the page goes: 64 KiB in all (Fetch, "HTTP-network-or-cache fetch"). */
let share = 65536;
/** Requests without a good answer since the last one that had one: those under way are among them. */
let failures = 0;
let lost = 0;
let last: unknown;

/** Events as JSON, the oldest first. Those on their way are not among them. */
export const waiting: string[] = [];

/** How many events were dropped because there was no room for them. */
export const dropped = (): number => lost;

/** Whether as many wait, with one more, as are sent at once. */
export const full = (): unknown => waiting[ENOUGH - 2] && !failures;

/** Takes the event that has just ended. */
export const take = (): void => {
  put("headwater.e." + open, 1);
  lost += forget(waiting.splice(0, waiting.push(open as string) - MOST));
};

/** Sends what waits; `leaving`: the page may be gone afterwards. Resolves once all is answered, or will be tried again. */
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
    // Where both fail at once they come back in their order.
    return post(batch.splice(0, half), leaving, post(batch, leaving, before));
  }
  const url = settings.host + "/v1/batch?key=" + settings.key;
  const taken = size > share ? 0 : size;
  let status: unknown;
  let patience: number | undefined;
  share -= taken;
  // One request at a time, where nothing is pressing; an answer that does not come is not waited for for ever.
  failures++;
  wait(6e4);
  try {
    // Without `keepalive` no request outlives the page.
    if (leaving && !("keepalive" in Request.prototype)) status = navigator.sendBeacon(url, body) && 202;
    else {
      const answer = await fetch(url, { method: "POST", body, keepalive: taken as never });
      status = answer.status;
      patience = (answer.headers.get("retry-after") as unknown as number) * 1e3;
      settings.debug && console.log("[headwater]", status, body, await answer.text());
    }
  } catch {}
  share += taken;
  // Taken, or refused for good.
  if (/202|4(?!08|29)../.test(status as string) || refused()) {
    failures = 0;
    forget(batch);
    wait(waiting[ENOUGH - 2] ? 1 : PATIENCE);
  } else {
    waiting.unshift(...batch);
    // Up to 1, 2, 4 … 32 seconds, so that clients that failed together do not come back together.
    wait(patience || 1 + Math.random() * 500 * 2 ** Math.min(6, failures));
  }
  return before;
};
