/** Settings of the tracker: the `data-` attributes of the script tag; lists are separated by commas. */
export interface Settings {
  /** A publishable key: `pk_live_…`, or `pk_test_…` for the test data set. */
  key: string;
  /** URL of Headwater, such as `https://stats.example.com`, or a path of this site that is proxied to it. */
  host: string;
  /** What is recorded automatically besides page views: any of `outbound`, `download` and `form`. */
  auto?: string | undefined;
  /** `off`: changes of the URL without a page load are not page views. */
  spa?: "off" | undefined;
  /** Paths on which nothing is recorded; `*` matches any text. */
  exclude?: string | undefined;
  /** Whether URLs that differ only in their fragment are different pages. */
  hash?: unknown;
  /** Storage for an id of the device and for unsent events. By default none is used. */
  persist?: "session" | "local" | undefined;
  /** Logs requests and responses to the console. */
  debug?: unknown;
}
