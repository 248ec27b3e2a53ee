/** What is recorded besides page views, where it is asked for. */
export type Auto = "outbound" | "download" | "form";

/** How the tracker is set up. In a script tag each is a `data-` attribute; lists are separated by commas. */
export interface Settings {
  /** A publishable key: `pk_live_…`, or `pk_test_…` for the data set of your own attempts. */
  key: string;
  /** Where Headwater is, such as `https://stats.example.com`, or a path of this site that is passed on to it. */
  host?: string | undefined;
  /** Clicks on links to other hosts, downloads, and forms that are sent. None by default. */
  auto?: readonly Auto[] | string | undefined;
  /** Whether changes of the address without a load are page views; they are by default. */
  spa?: boolean | string | undefined;
  /** Paths from which nothing is sent; `*` stands for any text. */
  exclude?: readonly string[] | string | undefined;
  /** Whether a page may differ from another by the fragment of its address alone. */
  hash?: boolean | string | undefined;
  /** Where an id of the device and unsent events are kept. By default nowhere. */
  persist?: "session" | "local" | undefined;
  /** Says in the console what is sent and answered, and why nothing is. */
  debug?: boolean | string | undefined;
}

/** Whether a flag is set; an attribute without a value is. */
export const on = (flag: Settings["debug"]): boolean => !!flag || flag === "";
