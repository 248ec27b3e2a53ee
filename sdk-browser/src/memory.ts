// What is kept on the device: nothing, unless the owner wants it or the visitor opts out.
import { waiting } from "./queue";
import { type Fields, id, settings, settle } from "./tracker";

/** Forgotten with the page, or the storage that the owner chose. */
let store: Record<string, unknown> = {};

/** Whether it is the latter. */
let lasting: unknown;

/** The visitor's wish holds for the next visit, too; for this page alone where the browser keeps nothing. */
let local: Record<string, unknown> = {};

try {
  // Some browsers have none, and some do not let the page look at it.
  local = self.localStorage || local;
} catch {}

/** Keeps a value or removes it, if there is room. */
export const put = (name: string, value?: unknown, place = store): void => {
  try {
    if (value) place[name] = value;
    else delete place[name];
  } catch {}
};

/** Forgets events that have arrived or are given up; how many. Each is a name of its own: pages do not meet. */
export const forget = (events: string[]): number => events.map((event) => put("headwater.e." + event)).length;

/** The id of the device, where one is kept or was set. */
export const getAnonymousId = (): unknown => store["headwater.id"];

/** An id of your own for the device. */
export const setAnonymousId = (id?: string): void => put("headwater.id", id);

/** The visitor is somebody else from now on: after a sign-out, say. */
export const reset = (_?: unknown): void => {
  about();
  setAnonymousId(put("headwater.user") as undefined);
};

/** Who the visitor is. Only an id that is kept says more than the server can tell by itself. */
export const about = (): Fields => {
  if (settings?.persist && !lasting)
    try {
      // There is no such storage where the owner chose none.
      lasting = (self as unknown as Record<string, typeof store>)[`${settings.persist}Storage`];
      store = Object.assign(lasting as typeof store, store);
      // What earlier pages left. If one of them is still there, both send it, and it counts once.
      for (const name in store) if (/^headwater.e/.test(name)) waiting.push(name.slice("headwater.e.".length));
    } catch {}
  if (lasting && !store["headwater.id"]) setAnonymousId(id());
  return { anonymous_id: store["headwater.id"], user_id: store["headwater.user"] };
};

/** Whether the visitor has opted out. */
export const off = (): unknown => local["headwater.off"];

/** Nothing is sent any more, also on later visits, and what was kept or waits is gone. */
export const optOut = (): void => {
  settle();
  reset(put("headwater.off", 1, local));
  forget(waiting.splice(0));
};

/** Takes `optOut` back. */
export const optIn = (): void => put("headwater.off", 0, local);
