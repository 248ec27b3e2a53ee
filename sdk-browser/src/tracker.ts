// What every build has: whether anything may be sent, what an event is, and which changes of the address are pages.
import { about, finish, full, off, PATIENCE, take, watch } from "#delivery";
import type { Settings } from "./settings";

/** Members of an event, as `POST /v1/track` takes them. */
export type Fields = object;

export let settings: Settings;
/** The last event, as JSON that lacks its end: the title of its page may still change. */
export let open: string | 0;
let timer: unknown;
let count = 1e3;
let referrer: string;
let url: string;

/**
 * A new id, which sorts by time, also within a millisecond: the time, a number of this page's, 42 random bits.
 * `crypto.randomUUID` is there in secure contexts only.
 */
export const id = (): string => Date.now() + "-" + (count++ + Math.random());

/** Sends what waits after so many milliseconds, and not before; 0: not by itself. */
export const wait = (milliseconds: number): void => {
  clearTimeout(timer as number);
  timer = milliseconds && setTimeout(finish, milliseconds);
};

/** Where the visitor is. A fragment tells pages apart only where it is said to. */
const here = (): string => location.href.replace(settings.hash ? "" : /#.*/, "");

/** Ends the last event. Half of a surrogate pair is no text that can be stored. */
export const settle = (): void => {
  if (open) {
    open = (open + `,"title":${JSON.stringify(document.title.slice(0, 512))}}`).replace(/\\ud[89a-f]\w\w/g, "\\ufffd");
    take();
  }
  open = 0;
};

/** Whether the visitor, or the browser for the visitor, does not want to be counted. */
export const refused = (): unknown =>
  (navigator as Navigator & { globalPrivacyControl?: boolean }).globalPrivacyControl ||
  (navigator.doNotTrack as unknown as number) == 1 ||
  off();

/** Something happened: `track("signup", { plan: "pro" })`. */
export const track = (event: string, properties?: Fields, more?: Fields): unknown => {
  // A page that is rendered ahead counts when it is seen.
  if ((document as Document & { prerendering?: boolean }).prerendering) {
    return addEventListener("prerenderingchange", () => track(event, properties, more), true);
  }
  try {
    settle();
    if (
      refused() ||
      (settings.key[3] == "l" && (navigator.webdriver || /^(localhost$|127\.|$)/.test(location.hostname))) ||
      RegExp(`^(${`${settings.exclude}`.replace(/[^*,]/g, "[$&]").replace(/\*/g, ".*").replace(/,/g, "|")})$`).test(
        location.pathname,
      )
    ) {
      return settings.debug && console.log("[headwater] off", event);
    }
    // In this order it packs best. The API refuses addresses that are longer, and cuts fragments off those it stores.
    open = JSON.stringify({
      referrer: referrer.slice(0, 2048),
      event_id: id(),
      path: settings.hash && location.pathname + location.hash,
      url: url.slice(0, 2048),
      event,
      properties,
      timestamp: Date.now(),
      ...about(),
      ...more,
    }).slice(0, -1);
  } catch {
    // A circle, say. The page is not to suffer.
  }
  return full() ? finish() : timer || wait(PATIENCE);
};

/** A page view of the address as it is now. */
export const page = (): void => {
  referrer = url || document.referrer;
  url = here();
  track("pageview");
};

/** The address may have changed. A page that writes its state into its own query stays the same page. */
const moved = (pushed: unknown, _changed?: unknown): void => {
  const now = here();
  if (pushed ? now != url : now.split("?")[0] != url.split("?")[0]) settings.spa == "off" ? settle() : page();
  url = now;
};

/** Begins to count. Further calls do nothing. */
export const init = (given: Settings): void => {
  if (!settings) {
    settings = given;
    page();
    addEventListener("pageshow", (event) => event.persisted && page());
    addEventListener("pagehide", finish);
    addEventListener("visibilitychange", finish);
    addEventListener("online", finish);
    addEventListener("popstate", moved);
    (["pushState", "replaceState"] as const).forEach((name) => {
      const original = history[name];
      history[name] = (...change) => moved(name < "q", original.apply(history, change));
    });
    watch();
  }
};
