// The calls of the full tracker.
import { getAnonymousId, optIn, optOut, put, reset, setAnonymousId } from "./memory";
import { dropped, finish } from "./queue";
import { type Fields, init, page, track } from "./tracker";

export const api = {
  init,

  /** Records an event: `track("signup", { plan: "pro" })`. */
  track,

  /** Records a page view of the current URL. Changes of the URL are recorded automatically. */
  page,

  /** Links the visitor to one of your users, for this event and all later ones. */
  identify(userId: string, traits?: Fields): void {
    put("headwater.user", "" + userId);
    track("$identify", traits);
  },

  /** Records a `purchase` with its amount and ISO 4217 currency: `revenue("19.99", "EUR")`. */
  revenue: (amount: string | number, currency: string, properties?: Fields): unknown =>
    track("purchase", properties, { revenue: { amount, currency } }),

  getAnonymousId,
  setAnonymousId,
  reset,
  optOut,
  optIn,

  /** Sends queued events now. Resolves once they are answered, or have failed and will be retried. */
  flush: finish,

  /** Number of events dropped because the queue was full. */
  dropped,
};
