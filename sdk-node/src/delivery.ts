import { onBeforeExit } from "./before-exit.js";
import { HeadwaterError } from "./error.js";
import { type Entry, Queue } from "./queue.js";
import { delay, WIDEST } from "./retry.js";
import type { Transport } from "./transport.js";

export interface DeliverySettings {
  flushAt: number;
  flushInterval: number;
  maxQueue: number;
  maxQueueBytes: number;
  maxRetries: number;
  /** Reports dropped and rejected events; never throws. */
  report: (error: HeadwaterError) => void;
}

/** Numbers of events. */
export interface Counts {
  /** Queued or in flight. */
  pending: number;
  /** Accepted and stored durably, including duplicates. */
  delivered: number;
  /** Rejected by the server, each with its own reason. */
  rejected: number;
  /** Dropped: the queue was full, retries were used up, the whole request was refused, or the shutdown timed out. */
  dropped: number;
}

/** Longest backoff in milliseconds during shutdown. */
const WIDEST_AT_THE_END = 1000;

/** Milliseconds over which drops of a full queue are collected into one report. */
const DROP_REPORTS = 1000;

/** Sends queued events: one request at a time, which keeps their order. */
export class Delivery {
  readonly #transport: Transport;
  readonly #settings: DeliverySettings;
  readonly #queue: Queue;
  readonly #counts = { delivered: 0, rejected: 0, dropped: 0 };
  #running = false;
  #timer: NodeJS.Timeout | undefined;
  /** Events are sent until this many have left the queue, even in small batches. */
  #wanted = 0;
  #flushes: { until: number; done: () => void }[] = [];
  #pause: { timer: NodeJS.Timeout; end: () => void; asked: boolean } | undefined;
  #ending = 0;
  #abandoned: AbortController | undefined;
  #untold = 0;
  #teller: NodeJS.Timeout | undefined;

  constructor(transport: Transport, settings: DeliverySettings) {
    this.#transport = transport;
    this.#settings = settings;
    this.#queue = new Queue(settings.maxQueue, settings.maxQueueBytes);
  }

  get counts(): Counts {
    return { pending: this.#queue.size, ...this.#counts };
  }

  push(entry: Entry): void {
    const dropped = this.#queue.push(entry);
    if (dropped > 0) this.#overflow(dropped);
    if (this.#queue.size === 0) return;
    onBeforeExit.add(this);
    if (this.#queue.size >= this.#settings.flushAt) this.#start();
    else this.#schedule();
  }

  /** Resolves once all events that are in the queue now are delivered or dropped. */
  flush(): Promise<void> {
    if (this.#queue.size === 0) return Promise.resolve();
    const until = this.#queue.gone + this.#queue.size;
    this.#wanted = until;
    // The caller waits, so the process must not exit before the next attempt.
    this.#pause?.timer.ref();
    return new Promise((done) => {
      this.#flushes.push({ until, done });
      this.#start();
    });
  }

  /** The same with a limit: events not delivered within `timeout` milliseconds are dropped. */
  async drain(timeout: number): Promise<void> {
    this.#ending += 1;
    const timer = setTimeout(() => this.#abandon(), timeout);
    const flushed = this.flush();
    if (!this.#pause?.asked) this.#pause?.end();
    await flushed;
    clearTimeout(timer);
    this.#ending -= 1;
    this.#tell();
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // In a microtask, so that events of one burst are sent together.
    queueMicrotask(() => void this.#run());
  }

  #schedule(): void {
    if (this.#running || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#wanted = this.#queue.gone + this.#queue.size;
      this.#start();
    }, this.#settings.flushInterval).unref();
  }

  async #run(): Promise<void> {
    const { flushAt } = this.#settings;
    while (this.#queue.size > 0 && (this.#queue.size >= flushAt || this.#queue.gone < this.#wanted)) {
      await this.#deliver(this.#queue.lease());
      this.#queue.settle();
      this.#abandoned = undefined;
      this.#flushed();
    }
    this.#running = false;
    // In case the last events were dropped before they were sent.
    this.#flushed();
    if (this.#queue.size > 0) this.#schedule();
    else onBeforeExit.delete(this);
  }

  #flushed(): void {
    const { gone } = this.#queue;
    for (const flush of this.#flushes) if (flush.until <= gone) flush.done();
    this.#flushes = this.#flushes.filter((flush) => flush.until > gone);
  }

  /** Sends a batch, with retries, until it is answered or dropped. */
  async #deliver(batch: readonly Entry[]): Promise<void> {
    const body = `[${batch.map((entry) => entry.json).join(",")}]`;
    const abandoned = new AbortController();
    this.#abandoned = abandoned;
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await this.#transport.json("POST /v1/batch", { body, signal: abandoned.signal });
        if (!Array.isArray(answer.results)) {
          throw new HeadwaterError({ code: "invalid_answer", detail: "the response to a batch has no `results`" });
        }
        const refused = answer.results.filter((verdict) => verdict.status === "rejected");
        this.#counts.delivered += batch.length - refused.length;
        this.#counts.rejected += refused.length;
        for (const { code, detail, index } of refused) {
          this.#settings.report(new HeadwaterError({ code: code as "invalid_payload", detail }, events(batch, index)));
        }
        return;
      } catch (error) {
        const failure = error instanceof HeadwaterError ? error : unexpected(error);
        if (!failure.retryable || attempt >= this.#settings.maxRetries) return this.#lose(failure, batch);
        await this.#wait(attempt, failure.retryAfter);
        if (abandoned.signal.aborted) return this.#lose(failure, batch);
      }
    }
  }

  #wait(attempt: number, retryAfter: number | undefined): Promise<void> {
    const widest = this.#ending > 0 ? WIDEST_AT_THE_END : WIDEST;
    return new Promise((done) => {
      const end = () => {
        clearTimeout(timer);
        this.#pause = undefined;
        done();
      };
      const timer = setTimeout(end, delay(attempt, retryAfter, Math.random(), widest));
      // The process may exit if it has nothing else to do: `beforeExit` sends the rest.
      if (this.#flushes.length === 0) timer.unref();
      this.#pause = { timer, end, asked: retryAfter !== undefined };
    });
  }

  #abandon(): void {
    const left = this.#queue.clear();
    if (left.length > 0) {
      this.#lose(
        new HeadwaterError({
          code: "shut_down",
          detail: "the events were not delivered before the shutdown timed out",
        }),
        left,
      );
    }
    this.#abandoned?.abort();
    this.#pause?.end();
  }

  #lose(failure: HeadwaterError, batch: readonly Entry[]): void {
    this.#counts.dropped += batch.length;
    this.#settings.report(new HeadwaterError(failure, events(batch)));
  }

  #overflow(dropped: number): void {
    this.#counts.dropped += dropped;
    this.#untold += dropped;
    this.#teller ??= setTimeout(() => this.#tell(), DROP_REPORTS).unref();
  }

  #tell(): void {
    clearTimeout(this.#teller);
    this.#teller = undefined;
    const lost = this.#untold;
    if (lost === 0) return;
    this.#untold = 0;
    const { maxQueue } = this.#settings;
    const detail = `the queue was full (maxQueue ${maxQueue}): the ${lost} oldest events were dropped`;
    this.#settings.report(new HeadwaterError({ code: "queue_full", detail }, [], lost));
  }
}

/** The events of a batch; only the one at `index`, if given. */
function events(batch: readonly Entry[], index?: number): Record<string, unknown>[] {
  const chosen = index === undefined ? batch : batch.slice(index, index + 1);
  return chosen.map((entry) => JSON.parse(entry.json));
}

function unexpected(error: unknown): HeadwaterError {
  return new HeadwaterError({ code: "invalid_answer", detail: (error as Error).message, cause: error });
}
