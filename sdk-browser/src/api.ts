// What a page may call.
import { getAnonymousId, optIn, optOut, put, reset, setAnonymousId } from "./memory";
import { dropped, finish } from "./queue";
import { type Fields, init, page, track } from "./tracker";

export const api = {
  init,

  /** Something happened: `track("signup", { plan: "pro" })`. */
  track,

  /** A page view of the address as it is now. Changes of the address are page views by themselves. */
  page,

  /** From now on the visitor is this person of yours. */
  identify(userId: string, traits?: Fields): void {
    put("headwater.user", "" + userId);
    track("$identify", traits);
  },

  /** Money came in: a `purchase` of so much, such as `revenue("19.99", "EUR")`. */
  revenue: (amount: string | number, currency: string, properties?: Fields): unknown =>
    track("purchase", properties, { revenue: { amount, currency } }),

  getAnonymousId,
  setAnonymousId,
  reset,
  optOut,
  optIn,

  /** Sends what waits. Resolves once all is answered, or has failed and will be tried again. */
  flush: finish,

  /** How many events were dropped because there was no room for them. */
  dropped,
};
