// Written from docs/openapi.json by `npm run types`. Do not edit.

/** The acknowledgement of one event. */
export type Accepted = {
  /** A remark, if there is one. */
  code?: "timestamp_replaced";
  /** The remark for people. */
  detail?: string;
  /** The id as sent, or the one made by the server. */
  event_id: string;
  ok: true;
};

export type Batch = {
  events: Event[];
} | Event[];

/** The acknowledgement of a batch. */
export type BatchAnswer = {
  /** How many events were stored. */
  accepted: number;
  ok: true;
  /** A result for each event that was rejected or changed. */
  results: Verdict[];
};

/** The persons of one day, week or month. */
export type Cohort = {
  /** The date the cohort begins on. */
  cohort: string;
  /** The same in percent of the size. */
  rates: (number | null)[];
  /** How many came back in each period; `null` for a period in the future. */
  returned: (number | null)[];
  /** How many persons. */
  size: number;
};

/** A period to compare with: `previous_period` (of the same length, directly before), `year_over_year`, or a pair of dates or instants. */
export type Compare = "previous_period" | "year_over_year" | [Edge, Edge];

/** What is known about the visitor. Except for `screen` it is taken from `sk` keys only: used like a browser's own headers, and discarded like them. From other keys it is ignored. */
export type Context = {
  /** ISO 3166. */
  country?: string | null;
  /** Whether the visitor asked not to be tracked. */
  dnt?: boolean | null;
  /** The visitor's IPv4 or IPv6 address. */
  ip?: string | null;
  /** The visitor's `Accept-Language`. */
  language?: string | null;
  /** Size of the visitor's screen in CSS pixels, from any key. Stored as a class by width: `mobile` below 576, `tablet` below 992, `laptop` below 1440, else `desktop`. */
  screen?: {
    /** Not stored. */
    height?: number | null;
    width?: number | null;
  } | null;
  /** The visitor's `User-Agent`. */
  user_agent?: string | null;
};

/** What to group by. Metrics of sessions cannot be grouped by event, sent_by, user_id, path, title, browser_version, os_version, bot_class and properties; entry_path and exit_path go with metrics of sessions alone (see `GET /v1/metrics`). */
export type Dimension = "event" | "sent_by" | "user_id" | "host" | "path" | "title" | "referrer_host" | "source" | "medium" | "channel" | "campaign" | "term" | "content" | "click_id" | "utm_source" | "utm_medium" | "country" | "region" | "city" | "language" | "device_type" | "screen" | "browser" | "browser_version" | "os" | "os_version" | "entry_path" | "exit_path" | "bot_class" | `prop:${string}` | "time:minute" | "time:hour" | "time:day" | "time:week" | "time:month";

/** A date or an instant. */
export type Edge = string | number;

/**
 * - `invalid_payload` (400): The payload is not valid
 * - `invalid_params` (400): A parameter is not valid
 * - `invalid_group_by` (400): This column cannot be grouped by
 * - `batch_too_large` (400): The batch holds too many events
 * - `timestamp_too_old` (400): The event is older than the project's retention
 * - `unsupported_encoding` (400): The content encoding is not supported
 * - `key_in_query_not_allowed` (400): This kind of key must not be sent in a URL
 * - `missing_bearer_token` (401): No API key was sent
 * - `malformed_api_key` (401): The API key is malformed
 * - `invalid_api_key` (401): The API key is not valid
 * - `expired_api_key` (401): The API key has expired
 * - `revoked_api_key` (401): The API key was revoked
 * - `invalid_session` (401): The session is not valid
 * - `origin_not_allowed` (403): This origin may not use the key
 * - `insufficient_scope` (403): The API key lacks the scope for this
 * - `key_kind_not_allowed` (403): This kind of API key cannot do this
 * - `account_key_required` (403): This needs an account key
 * - `forget_requires_secret_key` (403): This needs a secret key
 * - `not_found` (404): Not found
 * - `method_not_allowed` (405): Method not allowed
 * - `payload_too_large` (413): The body is too large
 * - `unsupported_media_type` (415): The media type is not supported
 * - `quota_exceeded` (402): The quota is used up
 * - `rate_limited` (429): Too many requests
 * - `internal_error` (500): Something went wrong on our side
 * - `upstream_failed` (502): A store gave an unusable answer
 * - `control_plane_unavailable` (503): API keys cannot be checked right now
 * - `store_unavailable` (503): The event store cannot be reached right now
 * - `query_timeout` (504): The query took too long
 */
export type ErrorCode = "invalid_payload" | "invalid_params" | "invalid_group_by" | "batch_too_large" | "timestamp_too_old" | "unsupported_encoding" | "key_in_query_not_allowed" | "missing_bearer_token" | "malformed_api_key" | "invalid_api_key" | "expired_api_key" | "revoked_api_key" | "invalid_session" | "origin_not_allowed" | "insufficient_scope" | "key_kind_not_allowed" | "account_key_required" | "forget_requires_secret_key" | "not_found" | "method_not_allowed" | "payload_too_large" | "unsupported_media_type" | "quota_exceeded" | "rate_limited" | "internal_error" | "upstream_failed" | "control_plane_unavailable" | "store_unavailable" | "query_timeout";

/** An event. */
export type Event = {
  /** Id of the device, if the page keeps one. */
  anonymous_id?: string | null;
  /** What is known about the visitor. */
  context?: Context | null;
  /** Its name: `pageview` counts as one. */
  event: string;
  /** Identity of the event within a UTC day: the first one counts. Generated by the server if absent; only an event with both `event_id` and `timestamp` is safe to send again. */
  event_id?: string | null;
  /** Taken from `url` if absent. A fragment is stored only if it is a route (`/app#/inbox`). */
  path?: string | null;
  /** The event's own data. */
  properties?: Properties | null;
  /** Where the visitor came from. Its query is not stored. */
  referrer?: string | null;
  /** Revenue of the event. */
  revenue?: Revenue | null;
  /** The client's own session; without it, a session ends after 30 minutes without events. */
  session_id?: string | null;
  /** When it happened. */
  timestamp?: EventTime | null;
  /** Title of the page. */
  title?: string | null;
  /** Address of the page. User info, fragment, click ids' values and parameters that the project does not keep are not stored. */
  url?: string | null;
  /** Your own id of the person. */
  user_id?: string | null;
};

/** A page of events. */
export type EventPage = {
  /** What was asked. */
  meta: {
    /** Time it took. */
    elapsed_ms: number;
    /** First instant of the period. */
    from: string;
    /** How many rows the store read. */
    rows_read: number;
    /** Time zone of the question. */
    timezone: string;
    /** End of the period, excluded. */
    to: string;
  };
  /** `cursor` of the next page; `null` on the last page. */
  next_cursor: string | null;
  /** The events as the store wrote them. Properties are passed on unchanged. */
  rows: StoredEvent[];
};

/** When it happened, not before 2000. Absent: from an `event_id` that is a UUIDv7, else the time of receipt. More than 24 hours in the future: the time of receipt is used instead, and the answer says so. */
export type EventTime = string | number;

/** What is wrong with one field of the input. */
export type FieldError = {
  /** What is wrong and what is allowed. */
  message: string;
  /** JSON pointer (RFC 6901) into the body, or `?name` for a query parameter. */
  path: string;
};

/** A condition. A question has at most 100 of them, including those of its segments, nested at most 6 deep. */
export type Filter = ["and", Filter[]] | ["or", Filter[]] | ["not", Filter] | ["has_done" | "has_not_done", Filter] | ["is" | "is_not" | "contains" | "not_contains" | "starts_with", "event" | "sent_by" | "user_id" | "host" | "path" | "title" | "referrer_host" | "source" | "medium" | "channel" | "campaign" | "term" | "content" | "click_id" | "utm_source" | "utm_medium" | "country" | "region" | "city" | "language" | "device_type" | "screen" | "browser" | "browser_version" | "os" | "os_version" | "entry_path" | "exit_path" | "bot_class" | `prop:${string}`, (string | number | boolean)[] | string | number | boolean] | ["is" | "is_not", "segment", string[] | string] | ["matches", "event" | "sent_by" | "user_id" | "host" | "path" | "title" | "referrer_host" | "source" | "medium" | "channel" | "campaign" | "term" | "content" | "click_id" | "utm_source" | "utm_medium" | "country" | "region" | "city" | "language" | "device_type" | "screen" | "browser" | "browser_version" | "os" | "os_version" | "entry_path" | "exit_path" | "bot_class" | `prop:${string}`, (string | number | boolean)[] | string | number | boolean] | ["gt" | "gte" | "lt" | "lte", `prop:${string}` | "revenue", number] | ["exists", "event" | "sent_by" | "user_id" | "host" | "path" | "title" | "referrer_host" | "source" | "medium" | "channel" | "campaign" | "term" | "content" | "click_id" | "utm_source" | "utm_medium" | "country" | "region" | "city" | "language" | "device_type" | "screen" | "browser" | "browser_version" | "os" | "os_version" | "entry_path" | "exit_path" | "bot_class" | `prop:${string}` | "revenue"];

/** The request was stored; the cron does it. */
export type ForgetAccepted = {
  ok: true;
  /** Names the request in `GET /v1/forget/{id}`. */
  request_id: string;
};

export type ForgetReceipt = {
  /** What was erased so far, including what arrived later. */
  counts: {
    /** Events that still waited for the store. */
    buffered: number;
    dead_letters: number;
    /** Events in the store, each once. */
    events: number;
    /** Identifications, once a day. */
    identities: number;
    sessions: number;
  };
  done_at: string | null;
  request_id: string;
  /** When it was last requested. */
  requested_at: string;
  /** `done`: everything found so far is erased. */
  status: "pending" | "done";
};

/** How many reached each step. */
export type FunnelAnswer = {
  /** The same by value of the breakdown, if one was asked for; most people in the first step first. */
  breakdown?: ({
    /** One entry per step. */
    steps: FunnelStep[];
    /** The value. */
    value: string;
  })[] | null;
  /** What was asked. */
  meta: FunnelMeta;
  /** One entry per step. */
  steps: FunnelStep[];
};

/** What was asked, and what the answer is based on. */
export type FunnelMeta = {
  /** Who takes the steps. */
  by: "person" | "session";
  /** Share of the events that belong to no person, because they have no id, in percent. Not for sessions. */
  cookieless_excluded?: number | null;
  /** Time it took. */
  elapsed_ms: number;
  /** First instant of the period. */
  from: string;
  /** The order of the steps. */
  order: "strict" | "any";
  /** How many rows the store read. */
  rows_read: number;
  /** Time zone of the question. */
  timezone: string;
  /** End of the period, excluded. */
  to: string;
  /** Whether there are more values or names than shown. */
  truncated: boolean;
  /** The window. */
  window_seconds: number;
};

/** How many persons or sessions reach each step. */
export type FunnelQuestion = {
  /** A column or property of the first step's event to break the answer down by. */
  breakdown?: Dimension | null;
  /** Who takes the steps; `person` by default. */
  by?: "person" | "session" | null;
  date_range?: Period | null;
  /** Conditions that every counted event must meet. */
  filters?: Filter[] | null;
  include?: IncludeBots | null;
  /** `strict` (the default): each step after the one before. `any`: in any order. */
  order?: "strict" | "any" | null;
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string | null;
  /** Conditions on single events, one for each step. */
  steps: Filter[];
  /** Time zone of the IANA database; by default the project's. */
  timezone?: string | null;
  /** How long after the first event the last one may come. By default `7d`. */
  window?: string | null;
};

/** How many reached a step. */
export type FunnelStep = {
  /** How many reached it. */
  count: number;
  /** How many took the step before and not this one. */
  drop_off: number;
  /** Number of the step, from 0. */
  index: number;
  /** Median time since the step before. */
  median_seconds: number | null;
  /** 90th percentile of the time since the step before. */
  p90_seconds: number | null;
  /** Their share of those who took the step before, in percent. */
  rate_from_previous: number | null;
  /** Their share of those who took the first step, in percent. */
  rate_from_start: number | null;
};

/** Links a device to a person. It has the members of an event, with `traits` instead of `event` and `properties`. */
export type Identification = {
  /** The device. */
  anonymous_id: string;
  /** What is known about the visitor. */
  context?: Context | null;
  /** Identity of the event within a UTC day: the first one counts. Generated by the server if absent; only an event with both `event_id` and `timestamp` is safe to send again. */
  event_id?: string | null;
  /** Taken from `url` if absent. A fragment is stored only if it is a route (`/app#/inbox`). */
  path?: string | null;
  /** Where the visitor came from. Its query is not stored. */
  referrer?: string | null;
  /** Revenue of the event. */
  revenue?: Revenue | null;
  /** The client's own session; without it, a session ends after 30 minutes without events. */
  session_id?: string | null;
  /** When it happened. */
  timestamp?: EventTime | null;
  /** Title of the page. */
  title?: string | null;
  /** What is known about the person. */
  traits?: Properties | null;
  /** Address of the page. User info, fragment, click ids' values and parameters that the project does not keep are not stored. */
  url?: string | null;
  /** The person. */
  user_id: string;
};

/** What to add to the answer. */
export type Include = {
  /** Count bots as well. */
  bots?: boolean | null;
  /** Add a row for each step of the time axis that has no events. */
  gap_fill?: boolean | null;
  /** Add the number of rows without a limit. */
  total_rows?: boolean | null;
  /** Add the metrics over all rows. */
  totals?: boolean | null;
};

/** What to add to the answer of a question about people. */
export type IncludeBots = {
  /** Count bots as well. */
  bots?: boolean | null;
};

/**
 * - `events` (count): Events, each identity (project, env, event_id, UTC day) once.
 * - `visitors` (count): Exact distinct visitors: by anonymous_id, else by the day's visitor hash; never stitched. A visitor without an id counts again each UTC day.
 * - `users` (count): Exact distinct persons after stitching: the user_id, else the user the anonymous_id was first identified as, else the anonymous_id. Events with neither are not counted.
 * - `sessions` (count): Sessions that start in the period: a visitor's events with gaps under 30 minutes, or with one session_id.
 * - `pageviews` (count): Events named pageview.
 * - `bounce_rate` (percent): Share of sessions with at most one event that is activity. $identify and other reserved events are not.
 * - `session_duration` (seconds): Mean time from a session's first event to its last, including bounces with 0.
 * - `views_per_session` (ratio): Mean number of pageviews per session.
 * - `events_per_visitor` (ratio): Events divided by visitors.
 * - `revenue` (amount by currency): Sum of revenue by currency. Amounts in different currencies are never added up.
 * - `average_revenue` (amount by currency): Mean revenue of the events with revenue, by currency.
 * - `conversion_rate` (percent): Share of visitors who reached the goal at any time in the period. Needs goal.
 * - `percentage` (percent): Visitors of the row as a share of all visitors of the question.
 * - `paid_share` (percent): Share of events whose medium is paid.
 */
export type Metric = "events" | "visitors" | "users" | "sessions" | "pageviews" | "bounce_rate" | "session_duration" | "views_per_session" | "events_per_visitor" | "revenue" | "average_revenue" | "conversion_rate" | "percentage" | "paid_share";

/** Sort keys, in order. The time axis, the first metric and all dimensions follow, so that pages do not overlap. */
export type OrderBy = ([string, "asc" | "desc"])[];

/** The period; by default the last 30 days. */
export type Period = PeriodWord | [Edge, Edge];

/** `24h`, `30d` or `12mo`: the last hours, days or months, including the current one. `week` from Monday, `month` from the first, `year` from January, up to now. `yesterday` and `last_month` are complete. At most five years. */
export type PeriodWord = "today" | "day" | "yesterday" | "week" | "month" | "last_month" | "year" | string;

/** The ids of a person; at least one is given. */
export type PersonAsked = {
  /** A device's id. */
  anonymous_id?: string | null;
  /** Your own id of the person. */
  user_id?: string | null;
} & ({
  user_id: string;
} | {
  anonymous_id: string;
});

/** A problem document (RFC 9457). */
export type Problem = {
  /** This occurrence, for people. */
  detail: string;
  error: ErrorCode;
  /** The wrong fields of the input. */
  fields?: FieldError[];
  /** As in `X-Request-Id`. */
  request_id: string;
  status: number;
  /** The same for every occurrence. */
  title: string;
  /** Where the code is explained. */
  type: string;
};

/** Anything, at most 32 deep. More than 8192 bytes of JSON are replaced by `{"__truncated":true,"original_bytes":N}`, and the event is kept. */
export type Properties = Record<string, unknown>;

/** How many persons of each cohort came back. */
export type RetentionAnswer = {
  /** The same by value of the breakdown, if one was asked for; most people first. */
  breakdown?: ({
    /** One row per cohort. */
    rows: Cohort[];
    /** The value. */
    value: string;
  })[] | null;
  /** What was asked. */
  meta: RetentionMeta;
  /** One row per cohort, in order. */
  rows: Cohort[];
};

/** What was asked, and what the answer is based on. */
export type RetentionMeta = {
  /** Share of the events that belong to no person, because they have no id, in percent. */
  cookieless_excluded: number | null;
  /** Time it took. */
  elapsed_ms: number;
  /** First instant of the period. */
  from: string;
  /** Width of cohorts and periods. */
  interval: string;
  /** Number of periods. */
  periods: number;
  /** How many rows the store read. */
  rows_read: number;
  /** Time zone of the question. */
  timezone: string;
  /** End of the period, excluded. */
  to: string;
  /** Whether there are more values or names than shown. */
  truncated: boolean;
  /** Whether a return counts for all earlier periods. */
  unbounded: boolean;
};

/** How many persons of each cohort come back in later periods. */
export type RetentionQuestion = {
  /** A column or property of the cohort event to break the answer down by. */
  breakdown?: Dimension | null;
  /** The first event in the period that matches puts a person into a cohort; by default any event. */
  cohort_by?: "first" | Filter | null;
  date_range?: Period | null;
  /** Conditions that every counted event must meet. */
  filters?: Filter[] | null;
  include?: IncludeBots | null;
  /** Width of cohorts and periods; `week` by default. */
  interval?: "day" | "week" | "month" | null;
  /** How many periods, including the cohort's own. Cohorts times periods are at most 10,000. By default `8`. */
  periods?: number | null;
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string | null;
  /** What a return is; by default any event. */
  return?: Filter | null;
  /** Time zone of the IANA database; by default the project's. */
  timezone?: string | null;
  /** A return also counts for all earlier periods. */
  unbounded?: boolean | null;
};

/** Revenue of the event. */
export type Revenue = {
  /** At most 10^12 in size, four digits after the point; negative for a refund. As text it keeps every digit. */
  amount: number | string;
  /** ISO 4217. */
  currency: string;
};

/** Rows of metrics by dimensions. */
export type StatsAnswer = {
  /** The dimensions of the rows. The time axis is called `time`. */
  dimensions: string[];
  /** What was asked, and what the answer is based on. */
  meta: StatsMeta;
  /** The metrics of the rows. */
  metrics: Metric[];
  /** `cursor` of the next page; `null` on the last page. */
  next_cursor: string | null;
  /** One row per combination of the dimensions' values. */
  rows: StatsRow[];
  /** The number of rows without a limit, if asked for. */
  total_rows?: number | null;
  /** The metrics over all rows, if asked for. */
  totals?: StatsRow | null;
};

/** Period, time zone and effort. */
export type StatsMeta = {
  /** The period compared with. */
  compare?: {
    /** First instant. */
    from: string;
    /** End, excluded. */
    to: string;
  } | null;
  /** Time it took. */
  elapsed_ms: number;
  /** First instant of the period. */
  from: string;
  /** What to know about the numbers. */
  notes?: string[];
  /** How many rows the store read. */
  rows_read: number;
  /** The tables that were read. */
  tables: string[];
  /** Time zone of the question. */
  timezone: string;
  /** End of the period, excluded. */
  to: string;
  /** Whether there are more rows. */
  truncated: boolean;
};

/** A question. Without members: the number of events of the last 30 days. */
export type StatsQuestion = {
  compare?: Compare | null;
  /** `next_cursor` of the previous page, with the same question. */
  cursor?: string | null;
  date_range?: Period | null;
  /** What to group by, with one time axis at most. */
  dimensions?: Dimension[] | Dimension | null;
  /** Conditions that must all hold. */
  filters?: Filter[] | null;
  /** What a conversion is, for `conversion_rate`: a condition on single events. */
  goal?: Filter | null;
  include?: Include | null;
  /** Maximum number of rows in the answer. By default `1000`. */
  limit?: number | null;
  /** What to measure; `events` by default. */
  metrics?: Metric[] | Metric | null;
  order_by?: OrderBy | null;
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string | null;
  /** Time zone of the IANA database; by default the project's. */
  timezone?: string | null;
};

/** The dimensions and metrics that were asked for. Shares and means of nothing are `null`. */
export type StatsRow = {
  average_revenue?: Record<string, number>;
  /** Kind of bot; empty for people. */
  bot_class?: string;
  bounce_rate?: number | null;
  /** Browser. */
  browser?: string;
  /** Major version of the browser. */
  browser_version?: string;
  /** Campaign, from `utm_campaign`. */
  campaign?: string;
  /** Group of sources, such as `Organic Search`. */
  channel?: string;
  /** City. */
  city?: string;
  /** Name of the click id in the page address, such as `gclid`; its value is not stored. */
  click_id?: string;
  /** For each metric its value in the period compared with, and the change. */
  compare?: Record<string, {
    /** In percent; `null` if there is none. */
    change: number | null;
    /** As the metric itself. */
    previous: unknown;
  }>;
  /** Variant of an advertisement, from `utm_content`. */
  content?: string;
  conversion_rate?: number | null;
  /** Country (ISO 3166 alpha-2). */
  country?: string;
  /** Kind of device, such as `desktop` or `mobile`, from the user agent. */
  device_type?: string;
  /** Path of the session's first page. */
  entry_path?: string;
  /** Name of the event, such as `pageview`. */
  event?: string;
  events?: number;
  events_per_visitor?: number | null;
  /** Path of the session's last page. */
  exit_path?: string;
  /** Host name of the page. */
  host?: string;
  /** Preferred language, such as `de`. */
  language?: string;
  /** How it came, such as `organic`, `email` or `paid`. */
  medium?: string;
  /** Operating system. */
  os?: string;
  /** Version of the operating system. */
  os_version?: string;
  pageviews?: number;
  paid_share?: number | null;
  /** Path of the page. */
  path?: string;
  percentage?: number | null;
  /** Host name of the referring page. */
  referrer_host?: string;
  /** Region of the country. */
  region?: string;
  revenue?: Record<string, number>;
  /** Class of the screen by its width: `mobile`, `tablet`, `laptop` or `desktop`; empty where it is unknown. */
  screen?: string;
  /** Who sent it: `browser`, `server`, `import`, `link`, `pixel` or `postback`; empty for events from before this was stored. */
  sent_by?: string;
  session_duration?: number | null;
  sessions?: number;
  /** Where the visit came from, such as `google` or `newsletter`. */
  source?: string;
  /** Search term, from `utm_term`. */
  term?: string;
  /** A date for days, weeks (their Monday) and months (their first day); for hours and minutes an instant with the time zone's offset. */
  time?: string;
  /** Title of the page. */
  title?: string;
  /** Id of the person. */
  user_id?: string;
  users?: number;
  /** `utm_medium` of the page address as it was sent, decoded and trimmed. */
  utm_medium?: string;
  /** `utm_source` of the page address as it was sent, decoded and trimmed. */
  utm_source?: string;
  views_per_session?: number | null;
  visitors?: number;
  [name: `prop:${string}`]: string;
};

/** An event as it is stored. What is unknown is empty. */
export type StoredEvent = {
  /** Id of the device. */
  anonymous_id: string;
  /** Kind of bot; empty for people. */
  bot_class: string;
  /** Browser. */
  browser: string;
  /** Major version of the browser. */
  browser_version: string;
  /** Campaign, from `utm_campaign`. */
  campaign: string;
  /** Group of sources, such as `Organic Search`. */
  channel: string;
  /** City. */
  city: string;
  /** Version of the classifier. */
  classifier_version: string;
  /** Name of the click id in the page address, such as `gclid`; its value is not stored. */
  click_id: string;
  /** How sure the classifier is: `low`, `medium` or `high`. */
  confidence: string;
  /** Variant of an advertisement, from `utm_content`. */
  content: string;
  /** Country (ISO 3166 alpha-2). */
  country: string;
  /** Kind of device, such as `desktop` or `mobile`, from the user agent. */
  device_type: string;
  /** Name of the event, such as `pageview`. */
  event: string;
  /** Identity of the event within its project, data set and UTC day. */
  event_id: string;
  /** Host name of the page. */
  host: string;
  /** Preferred language, such as `de`. */
  language: string;
  /** How it came, such as `organic`, `email` or `paid`. */
  medium: string;
  /** Operating system. */
  os: string;
  /** Version of the operating system. */
  os_version: string;
  /** Path of the page. */
  path: string;
  /** Properties as they were sent, byte for byte. */
  properties: Record<string, unknown>;
  /** When it was received. */
  received_at: string;
  /** Referring address, cleaned of what may identify a person. */
  referrer: string;
  /** Host name of the referring page. */
  referrer_host: string;
  /** Region of the country. */
  region: string;
  /** Amount and currency. The amount is text, because a JSON number could lose digits. */
  revenue: {
    amount: string;
    currency: string;
  } | null;
  /** Rule of the classifier that decided on the source. */
  rule_id: string;
  /** Class of the screen by its width: `mobile`, `tablet`, `laptop` or `desktop`; empty where it is unknown. */
  screen: string;
  /** Who sent it: `browser`, `server`, `import`, `link`, `pixel` or `postback`; empty for events from before this was stored. */
  sent_by: string;
  /** Id of the session, as sent. */
  session_id: string;
  /** Where the visit came from, such as `google` or `newsletter`. */
  source: string;
  /** Search term, from `utm_term`. */
  term: string;
  /** When it happened. */
  timestamp: string;
  /** Title of the page. */
  title: string;
  /** Page address, cleaned of what may identify a person. */
  url: string;
  /** Id of the person. */
  user_id: string;
  /** `utm_medium` of the page address as it was sent, decoded and trimmed. */
  utm_medium: string;
  /** `utm_source` of the page address as it was sent, decoded and trimmed. */
  utm_source: string;
  /** Daily hash of a visitor without a device id: 64 bits as decimal text, empty where there is none. */
  visitor_hash: string;
};

/** The result for an event of a batch that was rejected or changed. `duplicate`: the same `event_id` came earlier in the request. */
export type Verdict = {
  /** The machine code. */
  code: "invalid_payload" | "timestamp_too_old" | "duplicate" | "timestamp_replaced";
  /** The reason, for people. */
  detail: string;
  /** The event's id, if it could be parsed. */
  event_id?: string;
  /** Index in the batch, from 0. */
  index: number;
  /** What happened to the event. */
  status: "accepted" | "duplicate" | "rejected";
};

/** Query parameters of `POST /v1/batch`. */
export type BatchParameters = {
  /** `1`: one invalid event rejects the whole batch, and nothing is stored. */
  atomic?: "0" | "1" | "false" | "true";
};

/** Query parameters of `GET /v1/sources`. */
export type SourcesParameters = {
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string;
  /** How to group; `source_medium` by default. */
  breakdown?: "source_medium" | "source" | "medium" | "channel" | "campaign" | "referrer_host";
  /** First instant; by default 30 days before `to`. */
  from?: Edge;
  /** End, excluded, also if it is a date; by default now. */
  to?: Edge;
  /** A period in one word, instead of `from` and `to`. */
  date_range?: PeriodWord;
  /** Time zone of the IANA database; by default the project's. */
  timezone?: string;
  /** Only events of this name. */
  event?: string;
  /** Conditions that must all hold. */
  filters?: Filter[];
  /** Count bots as well. */
  bots?: boolean;
  /** A period to compare with. */
  compare?: "previous_period" | "year_over_year" | string;
  /** Maximum number of rows in the answer. */
  limit?: number;
  /** `next_cursor` of the previous page, with the same question. */
  cursor?: string;
};

/** Query parameters of `GET /v1/query`. */
export type EventsParameters = {
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string;
  /** First instant; by default 30 days before `to`. */
  from?: Edge;
  /** End, excluded, also if it is a date; by default now. */
  to?: Edge;
  /** A period in one word, instead of `from` and `to`. */
  date_range?: PeriodWord;
  /** Time zone of the IANA database; by default the project's. */
  timezone?: string;
  /** Only events of this name. */
  event?: string;
  /** Conditions that must all hold. */
  filters?: Filter[];
  /** Count bots as well. */
  bots?: boolean;
  /** Maximum number of events in the answer. */
  limit?: number;
  /** `next_cursor` of the previous page, with the same question. */
  cursor?: string;
};

/** Query parameters of `GET /v1/export`. */
export type ExportParameters = {
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string;
  /** File format; `ndjson` by default. */
  format?: "ndjson" | "csv" | "parquet";
  /** First instant; by default 30 days before `to`. */
  from?: Edge;
  /** End, excluded, also if it is a date; by default now. */
  to?: Edge;
  /** A period in one word, instead of `from` and `to`. */
  date_range?: PeriodWord;
  /** Time zone of the IANA database; by default the project's. */
  timezone?: string;
  /** Only events of this name. */
  event?: string;
  /** Conditions that must all hold. */
  filters?: Filter[];
  /** Count bots as well. */
  bots?: boolean;
};

/** What each route takes and answers. */
export interface Routes {
  "POST /v1/batch": { query: BatchParameters; body: Batch; answer: BatchAnswer };
  "POST /v1/track": { query: never; body: Event; answer: Accepted };
  "POST /v1/identify": { query: never; body: Identification; answer: Accepted };
  "POST /v1/forget": { query: never; body: PersonAsked; answer: ForgetAccepted };
  "GET /v1/forget/{id}": { query: never; body: never; answer: ForgetReceipt };
  "POST /v1/stats": { query: never; body: StatsQuestion; answer: StatsAnswer };
  "GET /v1/sources": { query: SourcesParameters; body: never; answer: StatsAnswer };
  "GET /v1/query": { query: EventsParameters; body: never; answer: EventPage };
  "GET /v1/export": { query: ExportParameters; body: never; answer: unknown };
  "POST /v1/funnel": { query: never; body: FunnelQuestion; answer: FunnelAnswer };
  "POST /v1/retention": { query: never; body: RetentionQuestion; answer: RetentionAnswer };
}
