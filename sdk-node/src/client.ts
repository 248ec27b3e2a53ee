import type {
  EventsParameters,
  ExportParameters,
  ForgetAccepted,
  ForgetReceipt,
  FunnelAnswer,
  FunnelQuestion,
  PersonAsked,
  RetentionAnswer,
  RetentionQuestion,
  SourcesParameters,
  StatsAnswer,
  StatsQuestion,
  StoredEvent,
} from "./api.js";
import { type Counts, Delivery } from "./delivery.js";
import { HeadwaterError } from "./error.js";
import { fixed, identification, type NewEvent, type NewIdentification, type NewPage } from "./event.js";
import { rows } from "./export.js";
import { Transport } from "./transport.js";

/** Settings of a client. */
export interface Options {
  /** A secret key (`sk_…`). For queries a read-only key (`rk_…`) or an account key (`ak_…`) is enough. */
  key: string;
  /** URL of the Worker: `https://stats.example.com`. */
  host: string;
  /** Events are sent once this many are queued. Default: 20. */
  flushAt?: number;
  /** Events are sent at the latest this many milliseconds after the first was queued. Default: 1000. */
  flushInterval?: number;
  /** Most events in the queue; if it is full, the oldest event not in flight is dropped. Default: 10000. */
  maxQueue?: number;
  /** Most bytes of events in the queue; beyond it the oldest are dropped too. Default: 32 MiB. */
  maxQueueBytes?: number;
  /** Most retries of a batch; then its events are dropped. `Infinity`: until it is delivered. Default: 10. */
  maxRetries?: number;
  /** Most milliseconds to wait for a response. Default: 10000. */
  requestTimeout?: number;
  /**
   * Called for every event that was dropped or rejected, with the reason: `error.lost` is their number, `error.events`
   * the events. By default a process warning is emitted instead.
   */
  onError?: (error: HeadwaterError) => unknown;
}

/** Longest delay of a Node timer, in milliseconds; a longer one fires at once. */
const LONGEST = 2 ** 31 - 1;

/** Most retries of a query, since the caller is waiting for its answer. */
const QUESTION_RETRIES = 3;

/**
 * Sends events to Headwater and queries them.
 *
 * `track`, `page` and `identify` never throw and return at once; `onError` reports events that cannot be sent. All other
 * methods return a promise that rejects with a `HeadwaterError`, except `flush` and `shutdown`, which never reject.
 */
export class Headwater {
  readonly #transport: Transport;
  readonly #delivery: Delivery;
  readonly #retries: number;
  readonly #onError: ((error: HeadwaterError) => unknown) | undefined;
  #closed = false;

  /** @throws {HeadwaterError} if the key, the host or a number is invalid */
  constructor(options: Options) {
    const { key, host, onError } = options;
    this.#transport = new Transport(key, host, count(options, "requestTimeout", 10_000, 1, LONGEST));
    this.#onError = onError;
    const maxQueue = count(options, "maxQueue", 10_000, 1);
    const maxRetries = count(options, "maxRetries", 10, 0);
    this.#retries = Math.min(maxRetries, QUESTION_RETRIES);
    this.#delivery = new Delivery(this.#transport, {
      flushAt: Math.min(count(options, "flushAt", 20, 1), maxQueue),
      flushInterval: count(options, "flushInterval", 1000, 0, LONGEST),
      maxQueue,
      maxQueueBytes: count(options, "maxQueueBytes", 33_554_432, 1),
      maxRetries,
      report: (error) => this.#report(error),
    });
  }

  /** Queues an event. Returns its id, which stays the same when it is sent again; undefined if it was rejected. */
  track(event: NewEvent): string | undefined {
    return this.#take(event, () => event);
  }

  /** Queues a page view, the event `pageview`. */
  page(page: NewPage): string | undefined {
    return this.#take(page, () => ({ ...page, event: "pageview" }));
  }

  /** Links a device (`anonymous_id`) to a person (`user_id`). */
  identify(person: NewIdentification): string | undefined {
    return this.#take(person, () => identification(person));
  }

  /** Requests the erasure of everything stored about a person. It takes some minutes; `forgotten` returns its status. */
  async forget(person: PersonAsked): Promise<ForgetAccepted> {
    const body = JSON.stringify(person);
    return this.#transport.patiently("POST /v1/forget", { body }, this.#retries);
  }

  /** The status of an erasure. */
  forgotten(requestId: string): Promise<ForgetReceipt> {
    return this.#transport.patiently("GET /v1/forget/{id}", { id: requestId }, this.#retries);
  }

  /** Numbers of events by what was done with them. */
  get counts(): Counts {
    return this.#delivery.counts;
  }

  /** Sends queued events now. Resolves once they are delivered or dropped, after all retries. */
  flush(): Promise<void> {
    return this.#delivery.flush();
  }

  /**
   * Sends queued events and accepts no more. Events not delivered within `timeout` milliseconds are dropped and reported
   * to `onError`.
   */
  shutdown({ timeout = 10_000 }: { timeout?: number } = {}): Promise<void> {
    this.#closed = true;
    return this.#delivery.drain(Math.min(timeout, LONGEST));
  }

  /** Queries metrics, with the whole query language. */
  async stats(question: StatsQuestion = {}): Promise<StatsAnswer> {
    return this.#transport.patiently("POST /v1/stats", { body: JSON.stringify(question) }, this.#retries);
  }

  /** Visitors by source. */
  sources(query: SourcesParameters = {}): Promise<StatsAnswer> {
    return this.#transport.patiently("GET /v1/sources", { query }, this.#retries);
  }

  /** How many people go from step to step of a funnel, and how long it takes. */
  async funnel(question: FunnelQuestion): Promise<FunnelAnswer> {
    return this.#transport.patiently("POST /v1/funnel", { body: JSON.stringify(question) }, this.#retries);
  }

  /** How many people return, by cohort. */
  async retention(question: RetentionQuestion = {}): Promise<RetentionAnswer> {
    return this.#transport.patiently("POST /v1/retention", { body: JSON.stringify(question) }, this.#retries);
  }

  /**
   * Iterates stored events, newest first. Fetches a page of `limit` (default: 1000) events when it is needed. Events
   * stored meanwhile do not shift the pages.
   */
  async *query(query: EventsParameters = {}): AsyncGenerator<StoredEvent, void, undefined> {
    let cursor = query.cursor;
    do {
      const asked = { limit: 1000, ...query, cursor };
      const page = await this.#transport.patiently("GET /v1/query", { query: asked }, this.#retries);
      yield* page.rows;
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
  }

  /** Exports all events of a period as a stream of NDJSON, CSV or Parquet. */
  export(query: ExportParameters = {}): Promise<ReadableStream<Uint8Array>> {
    return this.#transport.stream("GET /v1/export", { query }, this.#retries);
  }

  /** Iterates all events of a period, in no particular order. Rejects at the end if the export was incomplete. */
  async *exported(query: Omit<ExportParameters, "format"> = {}): AsyncGenerator<StoredEvent, void, undefined> {
    yield* rows(await this.export({ ...query, format: "ndjson" }));
  }

  #take(given: unknown, event: () => NewEvent): string | undefined {
    try {
      const { id, ...entry } = fixed(event(), Date.now());
      if (this.#closed)
        throw new HeadwaterError({ code: "shut_down", detail: "the event was not queued: the client was shut down" });
      this.#delivery.push(entry);
      return id;
    } catch (error) {
      const failure = error instanceof HeadwaterError ? error : unreadable(error);
      this.#report(new HeadwaterError(failure, [given as Record<string, unknown>]));
      return undefined;
    }
  }

  #report(error: HeadwaterError): void {
    if (!this.#onError) {
      process.emitWarning(`${error.lost} events were not delivered: ${error.message}`, { type: "HeadwaterWarning" });
      return;
    }
    // An error in the callback must neither stop delivery nor become an unhandled rejection.
    const failed = (reason: unknown) => process.emitWarning(`onError failed: ${reason}`, { type: "HeadwaterWarning" });
    try {
      Promise.resolve(this.#onError(error)).catch(failed);
    } catch (reason) {
      failed(reason);
    }
  }
}

function unreadable(cause: unknown): HeadwaterError {
  return new HeadwaterError({
    code: "invalid_event",
    detail: "the event cannot be read: a property access threw",
    cause,
  });
}

function count(options: Options, name: Numbers, normal: number, least: number, most = Infinity): number {
  const value = options[name] ?? normal;
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw new HeadwaterError({
    code: "invalid_params",
    detail: `\`${name}\`: must be a number from ${least} to ${most}`,
  });
}

type Numbers = "flushAt" | "flushInterval" | "maxQueue" | "maxQueueBytes" | "maxRetries" | "requestTimeout";
