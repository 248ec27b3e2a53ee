// The part of every build: whether to record, what an event contains, and which changes of the URL are page views.
import { about, finish, full, off, PATIENCE, take, watch } from "#delivery";
import type { Settings } from "./settings";

/** Members of an event, as `POST /v1/track` takes them. */
export type Fields = object;

export let settings: Settings;
/** The last event as unfinished JSON, because the page's title may still change; 0 if there is none. */
export let open: string | 0;
let timer: unknown;
let count = 1e3;
let referrer: string;
let url: string;

/**
 * Makes an id that sorts by time, even within a millisecond: the time, a counter of this page and 42 random bits.
 * `crypto.randomUUID` exists only in secure contexts.
 */
export const id = (): string => Date.now() + "-" + (count++ + Math.random());

/** Schedules sending in this many milliseconds, instead of an earlier schedule; 0 only cancels that. */
export const wait = (milliseconds: number): void => {
  clearTimeout(timer as number);
  timer = milliseconds && setTimeout(finish, milliseconds);
};

/** The current URL; without its fragment unless `hash` is set. */
const here = (): string => location.href.replace(settings.hash ? "" : /#.*/, "");

/** Completes the last event with the page's title and queues it. Halves of surrogate pairs, which the API rejects, are
 * replaced by U+FFFD. */
export const settle = (): void => {
  if (open) {
    open = (open + `,"title":${JSON.stringify(document.title.slice(0, 512))}}`).replace(/\\ud[89a-f]\w\w/g, "\\ufffd");
    take();
  }
  open = 0;
};

/** Whether the visitor opted out, or the browser sends Global Privacy Control or Do Not Track. */
export const refused = (): unknown =>
  (navigator as Navigator & { globalPrivacyControl?: boolean }).globalPrivacyControl ||
  (navigator.doNotTrack as unknown as number) == 1 ||
  off();

/** Records an event: `track("signup", { plan: "pro" })`. `more` holds further members of the event. */
export const track = (event: string, properties?: Fields, more?: Fields): unknown => {
  // A prerendered page counts once it is shown.
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
    // Compresses best in this order. The API rejects longer URLs, and removes fragments before storing.
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
    // For example circular properties. The page must not break.
  }
  return full() ? finish() : timer || wait(PATIENCE);
};

/** Records a page view of the current URL. */
export const page = (): void => {
  referrer = url || document.referrer;
  url = here();
  track("pageview");
};

/** Called when the URL may have changed. A page that replaces only its query (`replaceState`) stays the same page. */
const moved = (pushed: unknown, _changed?: unknown): void => {
  const now = here();
  if (pushed ? now != url : now.split("?")[0] != url.split("?")[0]) settings.spa == "off" ? settle() : page();
  url = now;
};

/** Starts the tracker. Calling it again does nothing. */
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
