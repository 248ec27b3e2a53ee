// What every build has: whether anything may be sent, what an event is, and which changes of the address are pages.
import { on, type Settings } from "./settings";

/** Members of an event, as `POST /v1/track` takes them. */
export type Fields = Record<string, unknown>;

/** What becomes of events. */
export interface Sink {
  /** Takes an event as JSON. */
  take(event: string): void;
  /** Sends what waits; `leaving`: the page may be gone afterwards. */
  flush(leaving?: unknown): unknown;
  /** Milliseconds after which a page view is settled, that is, its title is read. */
  patience: number;
  /** Comes before the first event; never where nothing may be sent. */
  begin?(): void;
  /** Members that depend on the visitor. */
  who?(): Fields;
  /** Whether the visitor does not want to be counted. */
  off?(): unknown;
}

export let settings: Settings | undefined;
let sink: Sink;
let ready: boolean | undefined;
let begun: boolean | undefined;
/** Events of before `start`, or of before a prerendered page was seen. */
const early: Fields[] = [];
/** The page view that is not settled. */
let open: Fields | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let seed: string | undefined;
let count = 1e5;
let url: string | undefined;
let referrer: string | undefined;
let address: string;

/** 128 random bits as text. `randomUUID` is there in secure contexts only. */
export const random = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");

/** Names this load of the page. */
export const load = (): string => (seed = seed || random());

/** Tells an owner who wants to know. */
export const say = (...what: unknown[]): void => {
  if (on(settings?.debug)) console.log("[headwater]", ...what);
};

/** Flushes after so many milliseconds and not before; without any, not at all. */
export const wait = (milliseconds?: number): void => {
  clearTimeout(timer);
  timer = milliseconds ? setTimeout(() => sink.flush(), milliseconds) : undefined;
};

/** The same, where it is not certain yet that there will be a flush. */
export const soon = (): void => {
  if (!timer) wait(sink.patience);
};

/** Why nothing may be sent, or an empty text. */
const refusal = ({ key, exclude }: Settings): string => {
  const { doNotTrack, globalPrivacyControl, webdriver } = navigator as Navigator & { globalPrivacyControl?: boolean };
  // Only `*` is special in a pattern.
  const paths = `${exclude || ""}`
    .replace(/[^\w*,]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/,/g, "|");
  return +(doNotTrack || 0) || globalPrivacyControl
    ? "DNT or GPC"
    : sink.off?.()
      ? "opted out"
      : key[3] == "l" && (webdriver || /^(localhost|127\..*|\[::1])?$|\.localhost$/.test(location.hostname))
        ? "local or automated, and not a test key"
        : paths && RegExp(`^(${paths})$`).test(location.pathname)
          ? "excluded"
          : "";
};

const write = (event: Fields): void => {
  try {
    // Half of a surrogate pair is no text that can be stored.
    sink.take(JSON.stringify(event).replace(/\\ud[89a-f]../g, "\\ufffd"));
  } catch (error) {
    say(error);
  }
};

/** Ends what may still change: an open page view gets the title that the page has now. */
export const settle = (): void => {
  const event = open;
  open = undefined;
  if (event) write({ ...event, title: title() });
};

const accept = (event: Fields): void => {
  const reason = refusal(settings as Settings);
  if (reason) return say("not sent:", reason);
  if (!begun) {
    begun = true;
    sink.begin?.();
  }
  Object.assign(event, sink.who?.());
  // The fragment is cut off an address that is stored.
  if (on(settings?.hash)) event.path = location.pathname + location.hash;
  if (event.event == "pageview") {
    open = event;
    soon();
  } else write(event);
};

/** The API's limits: whatever is longer would be refused. */
const title = (): string => document.title.slice(0, 512);
const cut = (address: string): string => address.slice(0, 2048);

/** An event, now. Its id and time never change, however often it is sent. */
export const track = (event: string, properties?: Fields, more?: Fields): void => {
  const made: Fields = {
    event,
    // Of one millisecond the later event has the greater id.
    event_id: `${load()}-${count++}`,
    timestamp: Date.now(),
    url: cut(location.href),
    referrer: cut(referrer ?? document.referrer),
    title: title(),
    properties,
    ...more,
  };
  if (ready) accept(made);
  else early.push(made);
};

const where = (): string => location.pathname + location.search + (on(settings?.hash) ? location.hash : "");

/** A page view of the address as it is now. */
export const page = (): void => {
  settle();
  referrer = url;
  url = location.href;
  address = where();
  track("pageview");
};

/** The address may have changed. */
const moved = (replaced?: boolean): void => {
  const before = address;
  address = where();
  // A page that writes its state into the query of its address stays the same page.
  const path = (address: string) => (replaced ? address.replace(/\?[^#]*/, "") : address);
  if (path(address) != path(before)) page();
};

const watch = (): void => {
  ready = true;
  page();
  early.forEach(accept);
  addEventListener("pageshow", (event) => event.persisted && page());
  addEventListener("pagehide", sink.flush);
  document.addEventListener("visibilitychange", () => document.hidden && sink.flush(1));
  if (/off|false/.test(`${settings?.spa}`)) return;
  addEventListener("popstate", () => moved());
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = function (...change) {
      original.apply(this, change);
      moved(name[0] == "r");
    };
  }
};

/** Begins, once. A page that is rendered ahead begins when it is seen. */
export const start = (given: Settings, into: Sink): void => {
  if (settings) return;
  settings = given;
  sink = into;
  if ((document as Document & { prerendering?: boolean }).prerendering) {
    document.addEventListener("prerenderingchange", watch, { once: true });
  } else watch();
};
