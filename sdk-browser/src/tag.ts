// The entry for a script tag: starts the tracker and makes the calls that the page made before the script had loaded.
// `tracker` is imported first because the bundle compresses best in this order.
import "./tracker";
import { api } from "#api";

/** The stub in the page, with the calls made on it: name and arguments of each. */
type Stub = { q: [name: keyof typeof api, ...values: never[]][] };

declare const self: { headwater?: unknown };

const stub = self.headwater as Stub | undefined;

// A second script tag must not record everything twice.
if (stub?.q || !stub) {
  self.headwater = api;
  const { src, dataset } = document.currentScript as HTMLScriptElement;
  const settings: Record<string, unknown> = { host: src.replace(/(.v1)?\/[^/]*$/, "") };
  // An attribute without a value is a flag.
  for (const name in dataset) settings[name] = dataset[name] || name;
  if (dataset.key) api.init(settings as never);
  stub?.q.map(([name, ...values]) => (api[name] as (...values: never[]) => unknown)?.(...values));
}
