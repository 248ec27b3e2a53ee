// Written from docs/openapi.json by `npm run types`. Do not edit.

export type Accepted = {
  /** A remark, where there is one. */
  code?: "timestamp_replaced";
  detail?: string;
  /** As sent, or as made. */
  event_id: string;
  ok: true;
};

export type Batch = {
  events: Event[];
} | Event[];

export type BatchAnswer = {
  /** How many were stored. */
  accepted: number;
  ok: true;
  results: Verdict[];
};

export type Cohort = {
  /** The date it begins on. */
  cohort: string;
  /** The same in percent of the size. */
  rates: (number | null)[];
  /** How many came back in each period; null: it lies in the future. */
  returned: (number | null)[];
  /** How many people. */
  size: number;
};

/** What a server knows about the visitor, from `sk` keys only: used as a browser's own would be, and thrown away like it. From other keys it is ignored. */
export type Context = {
  /** ISO 3166. */
  country?: string | null;
  /** The visitor asked not to be tracked. */
  dnt?: boolean | null;
  /** The visitor's IPv4 or IPv6 address. */
  ip?: string | null;
  /** The visitor's `Accept-Language`. */
  language?: string | null;
  /** The visitor's `User-Agent`. */
  user_agent?: string | null;
};

/** What answers are grouped by. `entry_path` and `exit_path` go with metrics of sessions alone; sessions know no `event`, `path`, `title`, versions, user or properties (see `GET /v1/metrics`). */
export type Dimension = "event" | "source" | "medium" | "channel" | "campaign" | "term" | "content" | "referrer_host" | "click_id" | "country" | "region" | "city" | "language" | "device_type" | "browser" | "browser_version" | "os" | "os_version" | "host" | "path" | "title" | "entry_path" | "exit_path" | "bot_class" | "user_id" | `prop:${string}` | "time:minute" | "time:hour" | "time:day" | "time:week" | "time:month";

/** A date or an instant. */
export type Edge = string | number;

/**
 * - `invalid_payload` (400): The payload is not valid
 * - `invalid_params` (400): A parameter is not valid
 * - `invalid_group_by` (400): This column cannot be grouped by
 * - `batch_too_large` (400): The batch holds too many events
 * - `timestamp_too_old` (400): The event is older than the project's retention
 * - `unsupported_encoding` (400): The content encoding is not supported
 * - `key_in_query_not_allowed` (400): This kind of key may not stand in a URL
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

/** Something that happened. */
export type Event = {
  /** The device's id, where the page keeps one. */
  anonymous_id?: string | null;
  context?: Context | null;
  /** Its name: `pageview` counts as one. */
  event: string;
  /** Tells events apart within a UTC day: the first one counts. Made by the server where absent; only an event with both `event_id` and `timestamp` is safe to send again. */
  event_id?: string | null;
  /** Taken from `url` where absent. Of a fragment a route (`/app#/inbox`) is stored. */
  path?: string | null;
  properties?: Properties | null;
  /** Where the visitor came from. Its query is not stored. */
  referrer?: string | null;
  revenue?: Revenue | null;
  /** The client's own session; without it a gap of 30 minutes ends one. */
  session_id?: string | null;
  timestamp?: EventTime | null;
  /** Title of the page. */
  title?: string | null;
  /** Address of the page. User info, fragment, click ids' values and parameters that the project does not keep are not stored. */
  url?: string | null;
  /** Your own id of the person. */
  user_id?: string | null;
};

export type EventPage = {
  meta: {
    elapsed_ms: number;
    from: string;
    rows_read: number;
    timezone: string;
    to: string;
  };
  /** Where the next page begins; null: this is the last one. */
  next_cursor: string | null;
  rows: StoredEvent[];
};

/** When it happened, not before 2000. Absent: from an `event_id` that is a UUIDv7, else the time of receipt. More than 24 hours ahead: the time of receipt is taken instead, and the answer says so. */
export type EventTime = string | number;

export type FieldError = {
  /** What would be right. */
  message: string;
  /** A JSON pointer into the body (RFC 6901), or `?name` for a query parameter. */
  path: string;
};

/** A condition. A question has at most 100 of them, those of segments among them, 6 deep. */
export type Filter = ["and", Filter[]] | ["or", Filter[]] | ["not", Filter] | ["has_done" | "has_not_done", Filter] | ["is" | "is_not" | "contains" | "not_contains" | "starts_with", "event" | "source" | "medium" | "channel" | "campaign" | "term" | "content" | "referrer_host" | "click_id" | "country" | "region" | "city" | "language" | "device_type" | "browser" | "browser_version" | "os" | "os_version" | "host" | "path" | "title" | "entry_path" | "exit_path" | "bot_class" | "user_id" | `prop:${string}`, (string | number | boolean)[] | string | number | boolean] | ["is" | "is_not", "segment", string[] | string] | ["matches", "event" | "source" | "medium" | "channel" | "campaign" | "term" | "content" | "referrer_host" | "click_id" | "country" | "region" | "city" | "language" | "device_type" | "browser" | "browser_version" | "os" | "os_version" | "host" | "path" | "title" | "entry_path" | "exit_path" | "bot_class" | "user_id" | `prop:${string}`, (string | number | boolean)[] | string | number | boolean] | ["gt" | "gte" | "lt" | "lte", `prop:${string}` | "revenue", number] | ["exists", "event" | "source" | "medium" | "channel" | "campaign" | "term" | "content" | "referrer_host" | "click_id" | "country" | "region" | "city" | "language" | "device_type" | "browser" | "browser_version" | "os" | "os_version" | "host" | "path" | "title" | "entry_path" | "exit_path" | "bot_class" | "user_id" | `prop:${string}` | "revenue"];

export type ForgetAccepted = {
  ok: true;
  request_id: string;
};

export type ForgetReceipt = {
  /** What was erased so far, what arrived later included. */
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
  /** When it was asked for last. */
  requested_at: string;
  /** `done`: all that was there is erased. */
  status: "pending" | "done";
};

export type FunnelAnswer = {
  /** By value, those that most took the first step with come first. */
  breakdown?: ({
    steps: FunnelStep[];
    value: string;
  })[];
  meta: PeopleMeta;
  steps: FunnelStep[];
};

export type FunnelQuestion = {
  /** A column or property of each one's first event to tell answers apart by; no time axis. */
  breakdown?: Dimension | null;
  /** Who takes the steps; `person` where absent. */
  by?: "person" | "session" | null;
  date_range?: Period | null;
  /** Conditions on every event that counts. */
  filters?: Filter[] | null;
  include?: IncludeBots | null;
  /** Each step after the one before (`strict`, where absent), or however they come. */
  order?: "strict" | "any" | null;
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string | null;
  /** Conditions on single events. */
  steps: Filter[];
  /** Time zone of the IANA database; the project's where absent. */
  timezone?: string | null;
  /** How long after the first event the last may come: `1s` to `90d`; `7d` where absent. */
  window?: string | null;
};

export type FunnelStep = {
  /** How many came this far. */
  count: number;
  /** How many took the step before and not this one. */
  drop_off: number;
  index: number;
  /** Time since the step before. */
  median_seconds: number | null;
  /** Time since the step before that nine in ten do not pass. */
  p90_seconds: number | null;
  /** Their share of those who took the step before, in percent. */
  rate_from_previous: number | null;
  /** Their share of those who took the first step, in percent. */
  rate_from_start: number | null;
};

export type Identification = {
  /** The device. */
  anonymous_id: string;
  context?: Context | null;
  /** Tells events apart within a UTC day: the first one counts. Made by the server where absent; only an event with both `event_id` and `timestamp` is safe to send again. */
  event_id?: string | null;
  /** Taken from `url` where absent. Of a fragment a route (`/app#/inbox`) is stored. */
  path?: string | null;
  /** Where the visitor came from. Its query is not stored. */
  referrer?: string | null;
  revenue?: Revenue | null;
  /** The client's own session; without it a gap of 30 minutes ends one. */
  session_id?: string | null;
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

export type Include = {
  /** Count what bots do as well. */
  bots?: boolean | null;
  /** A row for each step of the time axis, also where nothing was. */
  gap_fill?: boolean | null;
  /** The number of rows without a limit. */
  total_rows?: boolean | null;
  /** The metrics over all rows. */
  totals?: boolean | null;
};

export type IncludeBots = {
  bots?: boolean | null;
};

/**
 * - `events` (count): Events, each identity (project, env, event_id, UTC day) once.
 * - `visitors` (count): Exact distinct visitors: by anonymous_id, else by the day's visitor hash; never stitched. Without ids a visitor counts anew each UTC day.
 * - `users` (count): Exact distinct people after stitching: the user_id, else the user the anonymous_id was first identified as, else the anonymous_id. Events with neither count for nobody.
 * - `sessions` (count): Sessions that start in the period: a visitor's events with gaps under 30 minutes, or with one session_id.
 * - `pageviews` (count): Events named pageview.
 * - `bounce_rate` (percent): Share of sessions with one event at most besides $identify.
 * - `session_duration` (seconds): Mean time from a session's first event to its last, bounces with 0 included.
 * - `views_per_session` (ratio): Mean number of pageviews of a session.
 * - `events_per_visitor` (ratio): Events divided by visitors.
 * - `revenue` (amount by currency): Sum of revenue for each currency; currencies are never added up.
 * - `average_revenue` (amount by currency): Mean revenue of the events that have any, for each currency.
 * - `conversion_rate` (percent): Share of visitors who reached the goal anywhere in the period; needs a goal.
 * - `percentage` (percent): Visitors of the row as a share of all visitors of the question.
 * - `paid_share` (percent): Share of events whose medium is paid.
 */
export type Metric = "events" | "visitors" | "users" | "sessions" | "pageviews" | "bounce_rate" | "session_duration" | "views_per_session" | "events_per_visitor" | "revenue" | "average_revenue" | "conversion_rate" | "percentage" | "paid_share";

/** First by this, then by that. In any case the time axis, the first metric and all dimensions follow, so that pages do not overlap. */
export type OrderBy = ([string, "asc" | "desc"])[];

export type PeopleMeta = {
  by?: "person" | "session";
  /** Share of the events that are nobody's, because they have no id, in percent; not by session. */
  cookieless_excluded?: number | null;
  elapsed_ms: number;
  from: string;
  interval?: "day" | "week" | "month";
  order?: "strict" | "any";
  periods?: number;
  /** How many rows the store read. */
  rows_read: number;
  timezone: string;
  to: string;
  /** There are more values. */
  truncated: boolean;
  unbounded?: boolean;
  window_seconds?: number;
};

/** The period; the last 30 days where absent. */
export type Period = PeriodWord | [Edge, Edge];

/** `24h`, `30d` or `12mo`: the last hours, days or months, this one included; `week` from Monday, `month` from the first, `year` from January, up to now; `yesterday`, `last_month` as a whole. Five years at most. */
export type PeriodWord = "today" | "day" | "yesterday" | "week" | "month" | "last_month" | "year" | string;

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
  /** What of the input is at fault. */
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

export type RetentionAnswer = {
  /** By value, those with most people first. */
  breakdown?: ({
    rows: Cohort[];
    value: string;
  })[];
  meta: PeopleMeta;
  rows: Cohort[];
};

export type RetentionQuestion = {
  /** A column or property of each one's cohort event to tell answers apart by; no time axis. */
  breakdown?: Dimension | null;
  /** The first event in the period that fits puts a person into a cohort; any, where absent. */
  cohort_by?: "first" | Filter | null;
  date_range?: Period | null;
  /** Conditions on every event that counts. */
  filters?: Filter[] | null;
  include?: IncludeBots | null;
  /** Width of cohorts and periods; `week` where absent. */
  interval?: "day" | "week" | "month" | null;
  /** How many periods, the cohort's own among them. Cohorts times periods are 10,000 at most. */
  periods?: number | null;
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string | null;
  /** What a return is; any event, where absent. */
  return?: Filter | null;
  /** Time zone of the IANA database; the project's where absent. */
  timezone?: string | null;
  /** A return counts for its period and all before it. */
  unbounded?: boolean | null;
};

/** Money that the event brought. */
export type Revenue = {
  /** At most 10^12 in size, four digits after the point; negative for a refund. As text it keeps every digit. */
  amount: number | string;
  /** ISO 4217. */
  currency: string;
};

export type StatsAnswer = {
  /** Members of the rows; the time axis is `time`. */
  dimensions: string[];
  meta: StatsMeta;
  metrics: Metric[];
  /** Where the next page begins; null: this is the last one. */
  next_cursor: string | null;
  rows: StatsRow[];
  /** The number of rows without a limit, where asked for. */
  total_rows?: number;
  /** The metrics over all rows, where asked for. */
  totals?: StatsRow;
};

export type StatsMeta = {
  compare?: {
    from: string;
    to: string;
  };
  elapsed_ms: number;
  from: string;
  /** What to know about the numbers. */
  notes?: string[];
  /** How many rows the store read. */
  rows_read: number;
  /** Where the numbers came from. */
  tables: string[];
  timezone: string;
  to: string;
  /** There are more rows. */
  truncated: boolean;
};

/** A question. Without members: the events of the last 30 days. */
export type StatsQuestion = {
  /** A period to compare with: `previous_period` (as long, right before), `year_over_year`, or a pair of dates or instants. */
  compare?: "previous_period" | "year_over_year" | [Edge, Edge] | null;
  /** `next_cursor` of the page before, with the same question. */
  cursor?: string | null;
  date_range?: Period | null;
  /** What the answer is grouped by, with one time axis at most. */
  dimensions?: Dimension[] | Dimension | null;
  /** Conditions that must all hold. */
  filters?: Filter[] | null;
  /** What a conversion is, for `conversion_rate`: a condition on single events. */
  goal?: Filter | null;
  include?: Include | null;
  limit?: number | null;
  /** What is measured; `events` where absent. */
  metrics?: Metric[] | Metric | null;
  order_by?: OrderBy | null;
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string | null;
  /** Time zone of the IANA database; the project's where absent. */
  timezone?: string | null;
};

/** The dimensions and metrics that were asked for. Shares and means of nothing are null. */
export type StatsRow = {
  average_revenue?: Record<string, number>;
  bot_class?: string;
  bounce_rate?: number | null;
  browser?: string;
  browser_version?: string;
  campaign?: string;
  channel?: string;
  city?: string;
  click_id?: string;
  /** For each metric its value in the period compared with. */
  compare?: Record<string, {
    /** In percent; null where there is none. */
    change: number | null;
    previous: unknown;
  }>;
  content?: string;
  conversion_rate?: number | null;
  country?: string;
  device_type?: string;
  entry_path?: string;
  event?: string;
  events?: number;
  events_per_visitor?: number | null;
  exit_path?: string;
  host?: string;
  language?: string;
  medium?: string;
  os?: string;
  os_version?: string;
  pageviews?: number;
  paid_share?: number | null;
  path?: string;
  percentage?: number | null;
  referrer_host?: string;
  region?: string;
  revenue?: Record<string, number>;
  session_duration?: number | null;
  sessions?: number;
  source?: string;
  term?: string;
  /** `2026-11-21` for days, weeks (their Monday) and months (their first), with the zone's time for hours and minutes. */
  time?: string;
  title?: string;
  user_id?: string;
  users?: number;
  views_per_session?: number | null;
  visitors?: number;
  [name: `prop:${string}`]: string;
};

/** An event as it is stored; what is not known is empty. */
export type StoredEvent = {
  anonymous_id: string;
  bot_class: string;
  browser: string;
  browser_version: string;
  campaign: string;
  channel: string;
  city: string;
  classifier_version: string;
  click_id: string;
  confidence: string;
  content: string;
  country: string;
  device_type: string;
  event: string;
  event_id: string;
  host: string;
  language: string;
  medium: string;
  os: string;
  os_version: string;
  path: string;
  /** As sent, to the byte. */
  properties: Record<string, unknown>;
  received_at: string;
  referrer: string;
  referrer_host: string;
  region: string;
  /** The amount as text: a number could lose digits. */
  revenue: {
    amount: string;
    currency: string;
  } | null;
  rule_id: string;
  session_id: string;
  source: string;
  term: string;
  timestamp: string;
  title: string;
  url: string;
  user_id: string;
  /** 64 bits as a decimal text; empty where there is none. */
  visitor_hash: string;
};

/** What became of an event that was not plainly accepted. `duplicate`: the same `event_id` stood earlier in the request. */
export type Verdict = {
  code: "invalid_payload" | "timestamp_too_old" | "duplicate" | "timestamp_replaced";
  detail: string;
  /** Where it could be read. */
  event_id?: string;
  /** Place in the batch, from 0. */
  index: number;
  status: "accepted" | "duplicate" | "rejected";
};

/** Query parameters of `POST /v1/batch`. */
export type BatchParameters = {
  /** `1`: one bad event refuses the whole batch, and nothing is stored. */
  atomic?: "0" | "1" | "false" | "true";
};

/** Query parameters of `GET /v1/sources`. */
export type SourcesParameters = {
  /** How finely; `source_medium` where absent. */
  breakdown?: "source_medium" | "source" | "channel";
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string;
  /** First instant that counts; 30 days before `to` where absent. */
  from?: Edge;
  /** First instant that no longer counts, also where it is a date; now where absent. */
  to?: Edge;
  /** A period in one word, in place of `from` and `to`. */
  date_range?: PeriodWord;
  /** Time zone of the IANA database; the project's where absent. */
  timezone?: string;
  /** Events of this name only. */
  event?: string;
  /** Conditions that must all hold, as JSON. */
  filters?: Filter[];
  /** Count what bots do as well. */
  bots?: boolean;
  /** A period to compare with: `previous_period` (as long, right before), `year_over_year`, or a pair of dates or instants. */
  compare?: "previous_period" | "year_over_year" | string;
  /** Most rows of the answer. */
  limit?: number;
  /** `next_cursor` of the page before, with the same question. */
  cursor?: string;
};

/** Query parameters of `GET /v1/query`. */
export type EventsParameters = {
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string;
  /** First instant that counts; 30 days before `to` where absent. */
  from?: Edge;
  /** First instant that no longer counts, also where it is a date; now where absent. */
  to?: Edge;
  /** A period in one word, in place of `from` and `to`. */
  date_range?: PeriodWord;
  /** Time zone of the IANA database; the project's where absent. */
  timezone?: string;
  /** Events of this name only. */
  event?: string;
  /** Conditions that must all hold, as JSON. */
  filters?: Filter[];
  /** Count what bots do as well. */
  bots?: boolean;
  /** Most rows of the answer. */
  limit?: number;
  /** `next_cursor` of the page before, with the same question. */
  cursor?: string;
};

/** Query parameters of `GET /v1/export`. */
export type ExportParameters = {
  /** What it is written as; `ndjson` where absent. */
  format?: "ndjson" | "csv" | "parquet";
  /** Slug or id of the project: for account keys, and only for them. */
  project?: string;
  /** First instant that counts; 30 days before `to` where absent. */
  from?: Edge;
  /** First instant that no longer counts, also where it is a date; now where absent. */
  to?: Edge;
  /** A period in one word, in place of `from` and `to`. */
  date_range?: PeriodWord;
  /** Time zone of the IANA database; the project's where absent. */
  timezone?: string;
  /** Events of this name only. */
  event?: string;
  /** Conditions that must all hold, as JSON. */
  filters?: Filter[];
  /** Count what bots do as well. */
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
