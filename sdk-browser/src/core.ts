// What a page may call of the smallest tracker: page views and events of the page's own.
import { init, page, track } from "./tracker";

export const api = { init, page, track };
