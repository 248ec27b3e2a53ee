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
  /** A secret key (`sk_…`); for questions alone a read-only one (`rk_…`) or an account's (`ak_…`) will do. */
  key: string;
  /** Where the Worker is: `https://stats.example.com`. */
  host: string;
  /** Events are sent as soon as so many wait (20), … */
  flushAt?: number;
  /** … and otherwise so many milliseconds after the first (1000). */
  flushInterval?: number;
  /** At most so many events are kept (10000): of those not on their way the oldest is dropped for a new one. */
  maxQueue?: number;
  /** At most so many bytes of events are kept (32 MiB): the same. */
  maxQueueBytes?: number;
  /** So often is a batch sent again before it is given up (10); `Infinity`: until it is dropped or delivered. */
  maxRetries?: number;
  /** Milliseconds for an answer to come (10000). */
  requestTimeout?: number;
  /**
   * Is told of every event that will not arrive, and why: `error.lost` says how many, `error.events` which. Where it
   * is absent, process warnings say so.
   */
  onError?: (error: HeadwaterError) => unknown;
}

/** The longest time that a timer of Node takes, in milliseconds: a longer one would be none at all. */
const LONGEST = 2 ** 31 - 1;

/** Questions are asked again at most so often: somebody waits for the answer. */
const QUESTION_RETRIES = 3;

/**
 * Sends events to Headwater and asks about them.
 *
 * `track`, `page` and `identify` never throw and never wait: what cannot be sent is told to `onError`. All else
 * returns a promise, which rejects with a `HeadwaterError`; `flush` and `shutdown` do not.
 */
export class Headwater {
  readonly #transport: Transport;
  readonly #delivery: Delivery;
  readonly #retries: number;
  readonly #onError: ((error: HeadwaterError) => unknown) | undefined;
  #closed = false;

  /** @throws {HeadwaterError} where the key, the host or a number makes no sense */
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

  /** Takes an event to be sent; its id, which stays the same however often it is sent. */
  track(event: NewEvent): string | undefined {
    return this.#take(event, () => event);
  }

  /** Takes a page view: the event `pageview`. */
  page(page: NewPage): string | undefined {
    return this.#take(page, () => ({ ...page, event: "pageview" }));
  }

  /** From now on the device belongs to the person. */
  identify(person: NewIdentification): string | undefined {
    return this.#take(person, () => identification(person));
  }

  /** Erases what is held about a person, which takes some minutes; `forgotten` tells how far it is. */
  async forget(person: PersonAsked): Promise<ForgetAccepted> {
    const body = JSON.stringify(person);
    return this.#transport.patiently("POST /v1/forget", { body }, this.#retries);
  }

  /** How far an erasure is. */
  forgotten(requestId: string): Promise<ForgetReceipt> {
    return this.#transport.patiently("GET /v1/forget/{id}", { id: requestId }, this.#retries);
  }

  /** What became of the events so far. */
  get counts(): Counts {
    return this.#delivery.counts;
  }

  /** Sends what waits; resolves once it is delivered or given up, which takes as long as retries do. */
  flush(): Promise<void> {
    return this.#delivery.flush();
  }

  /**
   * Sends what waits and takes nothing more. What is not delivered after `timeout` milliseconds is given up and told
   * to `onError`.
   */
  shutdown({ timeout = 10_000 }: { timeout?: number } = {}): Promise<void> {
    this.#closed = true;
    return this.#delivery.drain(Math.min(timeout, LONGEST));
  }

  /** Aggregates, in the whole query language. */
  async stats(question: StatsQuestion = {}): Promise<StatsAnswer> {
    return this.#transport.patiently("POST /v1/stats", { body: JSON.stringify(question) }, this.#retries);
  }

  /** Where visitors come from. */
  sources(query: SourcesParameters = {}): Promise<StatsAnswer> {
    return this.#transport.patiently("GET /v1/sources", { query }, this.#retries);
  }

  /** How many go from step to step, in what time. */
  async funnel(question: FunnelQuestion): Promise<FunnelAnswer> {
    return this.#transport.patiently("POST /v1/funnel", { body: JSON.stringify(question) }, this.#retries);
  }

  /** Who comes back, by cohorts. */
  async retention(question: RetentionQuestion = {}): Promise<RetentionAnswer> {
    return this.#transport.patiently("POST /v1/retention", { body: JSON.stringify(question) }, this.#retries);
  }

  /**
   * Events as they are stored, newest first: page by page as they are read, `limit` (1000) of them a page. What is
   * written meanwhile moves none.
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

  /** All events of a period as a file: NDJSON, CSV or Parquet, as the store writes it. */
  export(query: ExportParameters = {}): Promise<ReadableStream<Uint8Array>> {
    return this.#transport.stream("GET /v1/export", { query }, this.#retries);
  }

  /** The same one by one, in no order; rejects at the end where some are missing. */
  async *exported(query: Omit<ExportParameters, "format"> = {}): AsyncGenerator<StoredEvent, void, undefined> {
    yield* rows(await this.export({ ...query, format: "ndjson" }));
  }

  #take(given: unknown, event: () => NewEvent): string | undefined {
    try {
      const { id, ...entry } = fixed(event(), Date.now());
      if (this.#closed) throw new HeadwaterError({ code: "shut_down", detail: "the client was shut down" });
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
      process.emitWarning(`${error.lost} events were lost: ${error.message}`, { type: "HeadwaterWarning" });
      return;
    }
    // Whatever it does, sending goes on, and nothing is left for `unhandledRejection`.
    const failed = (reason: unknown) => process.emitWarning(`onError failed: ${reason}`, { type: "HeadwaterWarning" });
    try {
      Promise.resolve(this.#onError(error)).catch(failed);
    } catch (reason) {
      failed(reason);
    }
  }
}

function unreadable(cause: unknown): HeadwaterError {
  return new HeadwaterError({ code: "invalid_event", detail: "the event cannot be read", cause });
}

function count(options: Options, name: Numbers, normal: number, least: number, most = Infinity): number {
  const value = options[name] ?? normal;
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw new HeadwaterError({ code: "invalid_params", detail: `\`${name}\` must be a number from ${least} to ${most}` });
}

type Numbers = "flushAt" | "flushInterval" | "maxQueue" | "maxQueueBytes" | "maxRetries" | "requestTimeout";
