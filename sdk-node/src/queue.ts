/** A serialized event. */
export interface Entry {
  json: string;
  /** Length of the JSON in UTF-8. */
  bytes: number;
}

/** The API's limits for one batch. */
const BATCH_EVENTS = 1000;
const BATCH_BYTES = 1_048_576;

/** Most bytes of one event: alone in a batch it is enclosed by two brackets. */
export const EVENT_BYTES = BATCH_BYTES - 2;

/**
 * The queue of events, in the order of the calls, limited in events and bytes.
 *
 * Events in flight stay at its head until the response is known, so that nothing needs to be done to requeue a failed
 * batch. If the queue is full, the oldest event not in flight is dropped.
 */
export class Queue {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #leased: Entry[] = [];
  #leasedBytes = 0;
  #waiting: (Entry | undefined)[] = [];
  /** Index of the first event in `#waiting`: removing it with `shift` would move all others. */
  #head = 0;
  #waitingBytes = 0;
  #gone = 0;

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  /** Number of events, including those in flight. */
  get size(): number {
    return this.#leased.length + this.#waiting.length - this.#head;
  }

  get bytes(): number {
    return this.#leasedBytes + this.#waitingBytes;
  }

  /** Number of events that have ever left the queue. They leave in order, so `gone + size` says when the last one has. */
  get gone(): number {
    return this.#gone;
  }

  /** Adds an event. Returns how many were dropped to make room; it may be dropped itself. */
  push(entry: Entry): number {
    this.#waiting.push(entry);
    this.#waitingBytes += entry.bytes;
    let dropped = 0;
    while (this.size > this.#maxEvents || this.bytes > this.#maxBytes) {
      if (!this.#shift()) break;
      dropped += 1;
    }
    this.#gone += dropped;
    return dropped;
  }

  /** The events of the next request. They stay in the queue until `settle`. */
  lease(): readonly Entry[] {
    // Includes commas and brackets.
    let bytes = 2;
    while (this.#leased.length < BATCH_EVENTS) {
      const next = this.#waiting[this.#head];
      if (!next || bytes + next.bytes > BATCH_BYTES) break;
      bytes += next.bytes + 1;
      this.#shift();
      this.#leased.push(next);
      this.#leasedBytes += next.bytes;
    }
    return this.#leased;
  }

  /** Removes the events in flight. */
  settle(): void {
    this.#gone += this.#leased.length;
    this.#leased = [];
    this.#leasedBytes = 0;
  }

  /** Removes and returns all events that are not in flight. */
  clear(): readonly Entry[] {
    const left = this.#waiting.filter((entry) => entry !== undefined);
    this.#waiting = [];
    this.#head = this.#waitingBytes = 0;
    this.#gone += left.length;
    return left;
  }

  #shift(): boolean {
    const entry = this.#waiting[this.#head];
    if (!entry) return false;
    this.#waitingBytes -= entry.bytes;
    this.#waiting[this.#head++] = undefined;
    if (this.#head > 1024 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return true;
  }
}
