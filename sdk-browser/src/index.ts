// The ES module: the same calls with types, also before `init`, and also on a server, where they do nothing.
import { api } from "./api";
import type { Settings as Attributes } from "./settings";

/** What is recorded without a call besides page views. */
export type Auto = "outbound" | "download" | "form";

/** How the tracker is set up. */
export interface Settings {
  /** A publishable key: `pk_live_…`, or `pk_test_…` for the data set of your own attempts. */
  key: string;
  /** Where Headwater is, such as `https://stats.example.com`, or a path of this site that is passed on to it. */
  host: string;
  /** Clicks on links to other hosts, downloads, and forms that are sent. None by default. */
  auto?: readonly Auto[] | undefined;
  /** Whether changes of the address without a load are page views; by default they are. */
  spa?: boolean | undefined;
  /** Paths from which nothing is sent, such as `/admin/*`; `*` stands for any text. */
  exclude?: readonly string[] | undefined;
  /** Whether a page may differ from another by the fragment of its address alone. */
  hash?: boolean | undefined;
  /** Where an id of the device and unsent events are kept. By default nowhere. */
  persist?: "session" | "local" | undefined;
  /** Says in the console what is sent and answered. */
  debug?: boolean | undefined;
}

/** Properties of an event, or traits of a person: JSON, up to 8 KiB. */
export type Properties = object;

const inPage = typeof document == "object";

/** Calls of before `init`; nothing once that has been called. */
let early: (() => unknown)[] | undefined = [];

const later = (call: () => unknown): void => {
  if (!inPage) return;
  if (early) early.push(call);
  else call();
};

/** Begins to count: this page, and what was called before. Further calls do nothing. */
export function init({ key, host, auto, spa, exclude, hash, persist, debug }: Settings): void {
  if (!inPage || !early) return;
  const attributes: Attributes = {
    key,
    host: host.replace(/\/$/, ""),
    auto: auto?.join(),
    spa: spa === false ? "off" : undefined,
    exclude: exclude?.join(),
    // `false` would be sent as a path.
    hash: hash || undefined,
    persist,
    debug,
  };
  const calls = early;
  early = undefined;
  api.init(attributes);
  for (const call of calls) call();
}

/** Something happened: `track("signup", { plan: "pro" })`. */
export const track = (event: string, properties?: Properties): void => later(() => api.track(event, properties));

/** A page view of the address as it is now. Changes of the address are page views by themselves. */
export const page = (): void => later(api.page);

/** From now on the visitor is this person of yours. */
export const identify = (userId: string, traits?: Properties): void => later(() => api.identify(userId, traits));

/** Money came in: a `purchase` of so much, such as `revenue("19.99", "EUR")`. */
export const revenue = (amount: string | number, currency: string, properties?: Properties): void =>
  later(() => api.revenue(amount, currency, properties));

/** The id of the device, where one is kept or was set. */
export const getAnonymousId = (): string | undefined => api.getAnonymousId() as string | undefined;

/** An id of your own for the device. */
export const setAnonymousId = (id: string): void => later(() => api.setAnonymousId(id));

/** The visitor is somebody else from now on: after a sign-out, say. */
export const reset = (): void => later(() => api.reset());

/** Nothing is sent any more, also on later visits, and what was kept or waits is gone. */
export const optOut = (): void => later(api.optOut);

/** Takes `optOut` back. */
export const optIn = (): void => later(api.optIn);

/** Sends what waits. Resolves once all is answered, or has failed and will be tried again. */
export const flush = async (): Promise<void> => {
  if (!early) await api.flush();
};

/** How many events were dropped because more than 1000 waited. */
export const dropped = (): number => api.dropped();
