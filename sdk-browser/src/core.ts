// The calls of the smallest tracker: page views and custom events.
import { init, page, track } from "./tracker";

export const api = { init, page, track };
