/** How the tracker is set up: the `data-` attributes of a script tag by their names, lists separated by commas. */
export interface Settings {
  /** A publishable key: `pk_live_…`, or `pk_test_…` for the data set of your own attempts. */
  key: string;
  /** Where Headwater is, such as `https://stats.example.com`, or a path of this site that is passed on to it. */
  host: string;
  /** What is recorded without a call besides page views: any of `outbound`, `download` and `form`. */
  auto?: string | undefined;
  /** `off`: changes of the address without a load are no page views. */
  spa?: "off" | undefined;
  /** Paths from which nothing is sent; `*` stands for any text. */
  exclude?: string | undefined;
  /** Whether a page may differ from another by the fragment of its address alone. */
  hash?: unknown;
  /** Where an id of the device and unsent events are kept. By default nowhere. */
  persist?: "session" | "local" | undefined;
  /** Says in the console what is sent and answered. */
  debug?: unknown;
}
