// A script tag, and the calls that a page made before it had loaded.
import type { Settings } from "./settings";

type Api = { init(settings: Settings): void; [name: string]: (...values: never[]) => unknown };

/** Calls that were made on the stub: name and arguments of each. */
type Stub = { q?: [name: string, ...values: never[]][] };

/** Makes `api` the page's `headwater`, begins where the tag holds a key, and makes up for calls made before. */
export const expose = (api: Api): void => {
  const page = window as unknown as { headwater?: Stub };
  const calls = page.headwater?.q;
  // A second tag must not count everything twice.
  if (page.headwater && !calls) return;
  page.headwater = api as Stub;
  // A module, or a tag that another script made, may not be the current one.
  const tag = (document.currentScript || document.querySelector("script[data-key]")) as HTMLScriptElement | null;
  if (tag?.dataset.key) {
    api.init({ host: tag.src.replace(/(\/v1)?\/[^/]*$/, ""), ...(tag.dataset as unknown as Settings) });
  }
  for (const [name, ...values] of calls || []) api[name]?.(...values);
};
