// The ES module. On a server, where there is no page, all of it does nothing.
import * as browser from "./api";

export type { Auto, Settings } from "./settings";

const nothing = () => {};
const api: typeof browser =
  typeof document == "undefined"
    ? {
        dropped: () => 0,
        flush: () => Promise.resolve(),
        getAnonymousId: () => undefined,
        identify: nothing,
        init: nothing,
        optIn: nothing,
        optOut: nothing,
        page: nothing,
        reset: nothing,
        revenue: nothing,
        setAnonymousId: nothing,
        track: nothing,
      }
    : browser;

export const { dropped, flush, getAnonymousId, identify, init, optIn, optOut } = api;
export const { page, reset, revenue, setAnonymousId, track } = api;
