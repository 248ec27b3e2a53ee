// The ES module: the same calls with types. They can be made before `init`; on a server they do nothing.
import { api } from "./api";
import type { Settings as Attributes } from "./settings";

/** What can be recorded automatically besides page views. */
export type Auto = "outbound" | "download" | "form";

/** Settings of the tracker. */
export interface Settings {
  /** A publishable key: `pk_live_…`, or `pk_test_…` for the test data set. */
  key: string;
  /** URL of Headwater, such as `https://stats.example.com`, or a path of this site that is proxied to it. */
  host: string;
  /** Records clicks on links to other hosts, downloads, and submitted forms. None by default. */
  auto?: readonly Auto[] | undefined;
  /** Whether changes of the URL without a page load are page views. Default: true. */
  spa?: boolean | undefined;
  /** Paths on which nothing is recorded, such as `/admin/*`; `*` matches any text. */
  exclude?: readonly string[] | undefined;
  /** Whether URLs that differ only in their fragment are different pages. Default: false. */
  hash?: boolean | undefined;
  /** Storage for an id of the device and for unsent events: `sessionStorage` or `localStorage`. By default neither. */
  persist?: "session" | "local" | undefined;
  /** Logs requests and responses to the console. */
  debug?: boolean | undefined;
}

/** Properties of an event, or traits of a person: an object that can be written as JSON, up to 8 KiB. */
export type Properties = object;

const inPage = typeof document == "object";

/** Calls made before `init`; undefined once `init` was called. */
let early: (() => unknown)[] | undefined = [];

const later = (call: () => unknown): void => {
  if (!inPage) return;
  if (early) early.push(call);
  else call();
};

/** Starts the tracker: records this page, then makes the earlier calls. Calling it again does nothing. */
export function init({ key, host, auto, spa, exclude, hash, persist, debug }: Settings): void {
  if (!inPage || !early) return;
  const attributes: Attributes = {
    key,
    host: host.replace(/\/$/, ""),
    auto: auto?.join(),
    spa: spa === false ? "off" : undefined,
    exclude: exclude?.join(),
    // With `false` the path would be sent as false.
    hash: hash || undefined,
    persist,
    debug,
  };
  const calls = early;
  early = undefined;
  api.init(attributes);
  for (const call of calls) call();
}

/** Records an event: `track("signup", { plan: "pro" })`. */
export const track = (event: string, properties?: Properties): void => later(() => api.track(event, properties));

/** Records a page view of the current URL. Changes of the URL are recorded automatically. */
export const page = (): void => later(api.page);

/** Links the visitor to one of your users, for this event and all later ones. */
export const identify = (userId: string, traits?: Properties): void => later(() => api.identify(userId, traits));

/** Records a `purchase` with its amount and ISO 4217 currency: `revenue("19.99", "EUR")`. */
export const revenue = (amount: string | number, currency: string, properties?: Properties): void =>
  later(() => api.revenue(amount, currency, properties));

/** The id of the device, if `persist` is set or an id was set. */
export const getAnonymousId = (): string | undefined => api.getAnonymousId() as string | undefined;

/** Sets an id of your own for the device. */
export const setAnonymousId = (id: string): void => later(() => api.setAnonymousId(id));

/** Forgets the user and the id of the device: call it when somebody signs out. */
export const reset = (): void => later(() => api.reset());

/** Stops all recording, on later visits too, and deletes stored ids and unsent events. */
export const optOut = (): void => later(api.optOut);

/** Undoes `optOut`. */
export const optIn = (): void => later(api.optIn);

/** Sends queued events now. Resolves once they are answered, or have failed and will be retried. */
export const flush = async (): Promise<void> => {
  if (!early) await api.flush();
};

/** Number of events dropped because more than 1000 were queued. */
export const dropped = (): number => api.dropped();
