// What a page may call.
import { watchClicks } from "./auto";
import { keepIn, keeps, optedOut, read, remove, write } from "./memory";
import { dropped, empty, resume, flush as send, take } from "./queue";
import type { Settings } from "./settings";
import { type Fields, page, random, track as record, settings, start } from "./tracker";

/** Who the visitor is, while the page is there. */
const known: Record<string, string | undefined> = {};
let off: boolean | undefined;

const recall = (name: string): string | undefined => read(name) || known[name];

const remember = (name: string, value?: string): void => {
  known[name] = value;
  write(name, value);
};

/** Begins to count. Further calls do nothing. */
export const init = (given: Settings): void => {
  if (settings) return;
  if (given.auto) watchClicks(given);
  start(given, {
    take,
    flush: send,
    patience: 2000,
    begin() {
      keepIn(given.persist);
      resume();
    },
    who() {
      // Only an id that is kept says more than the server can tell by itself.
      if (keeps() && !getAnonymousId()) remember("id", random());
      return { anonymous_id: getAnonymousId(), user_id: recall("user") };
    },
    off: () => off || optedOut(),
  });
};

/** Something happened: `track("signup", { plan: "pro" })`. */
export const track = (event: string, properties?: Fields): void => record(event, properties);

/** From now on the visitor is this person of yours. */
export const identify = (userId: string, traits?: Fields): void => {
  remember("user", userId);
  record("$identify", traits);
};

/** Money came in: a `purchase` of so much, such as `revenue("19.99", "EUR")`. */
export const revenue = (amount: string | number, currency: string, properties?: Fields): void =>
  record("purchase", properties, { revenue: { amount, currency } });

/** The id of the device, where one is kept or was set. */
export const getAnonymousId = (): string | undefined => recall("id");

/** An id of your own for the device. */
export const setAnonymousId = (id: string): void => remember("id", id);

/** The visitor is somebody else from now on: after a sign-out, say. */
export const reset = (): void => {
  remember("id");
  remember("user");
};

/** Nothing is sent any more, also on later visits, and what was kept or waited is gone. */
export const optOut = (): void => {
  off = true;
  optedOut(true);
  empty();
  remove();
};

/** Takes `optOut` back. */
export const optIn = (): void => {
  off = false;
  optedOut(false);
};

/** Sends what waits. Resolves once that has been answered, or has failed and will be tried again. */
export const flush = (): Promise<void> => send().then(() => {});

export { dropped, page };
