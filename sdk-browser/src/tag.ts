// A script tag, and the calls that a page made before it had loaded.
// First, because in this order the modules pack best.
import "./tracker";
import { api } from "#api";

/** Calls that were made on the stub: name and arguments of each. */
type Stub = { q: [name: keyof typeof api, ...values: never[]][] };

declare const self: { headwater?: unknown };

const stub = self.headwater as Stub | undefined;

// A second tag must not count everything twice.
if (stub?.q || !stub) {
  self.headwater = api;
  const { src, dataset } = document.currentScript as HTMLScriptElement;
  const settings: Record<string, unknown> = { host: src.replace(/(.v1)?\/[^/]*$/, "") };
  // An attribute without a value is a flag that is set.
  for (const name in dataset) settings[name] = dataset[name] || name;
  if (dataset.key) api.init(settings as never);
  stub?.q.map(([name, ...values]) => (api[name] as (...values: never[]) => unknown)?.(...values));
}
