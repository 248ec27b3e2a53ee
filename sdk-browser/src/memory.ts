// Storage on the device: nothing is stored unless the site enabled it (`persist`) or the visitor opts out.
import { waiting } from "./queue";
import { type Fields, id, settings, settle } from "./tracker";

/** An object that lives as long as the page, or the storage that the site chose. */
let store: Record<string, unknown> = {};

/** The storage that the site chose, once it is in use. */
let lasting: unknown;

/** Remembers an opt-out for later visits; only for this page if the browser has no localStorage. */
let local: Record<string, unknown> = {};

try {
  // Some browsers have none, and some throw when the page accesses it.
  local = self.localStorage || local;
} catch {}

/** Stores a value, or removes it if falsy. Does nothing if the storage is full. */
export const put = (name: string, value?: unknown, place = store): void => {
  try {
    if (value) place[name] = value;
    else delete place[name];
  } catch {}
};

/** Removes stored events that were delivered or dropped; returns their number. Each has its own name, so that pages do
 * not overwrite each other's events. */
export const forget = (events: string[]): number => events.map((event) => put("headwater.e." + event)).length;

/** The id of the device, if `persist` is set or an id was set. */
export const getAnonymousId = (): unknown => store["headwater.id"];

/** Sets an id of your own for the device. */
export const setAnonymousId = (id?: string): void => put("headwater.id", id);

/** Forgets the user and the id of the device. */
export const reset = (_?: unknown): void => {
  about();
  setAnonymousId(put("headwater.user") as undefined);
};

/** The visitor's ids for an event. An id of the device is made only if it can be stored; any other would be of no use. */
export const about = (): Fields => {
  if (settings?.persist && !lasting)
    try {
      // Throws if the browser denies access.
      lasting = (self as unknown as Record<string, typeof store>)[`${settings.persist}Storage`];
      store = Object.assign(lasting as typeof store, store);
      // Unsent events of earlier pages. If such a page is still open, both send them, and they count once.
      for (const name in store) if (/^headwater.e/.test(name)) waiting.push(name.slice("headwater.e.".length));
    } catch {}
  if (lasting && !store["headwater.id"]) setAnonymousId(id());
  return { anonymous_id: store["headwater.id"], user_id: store["headwater.user"] };
};

/** Whether the visitor has opted out. */
export const off = (): unknown => local["headwater.off"];

/** Stops all recording, on later visits too, and deletes stored ids and unsent events. */
export const optOut = (): void => {
  settle();
  reset(put("headwater.off", 1, local));
  forget(waiting.splice(0));
};

/** Undoes `optOut`. */
export const optIn = (): void => put("headwater.off", 0, local);
