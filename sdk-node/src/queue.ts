/** An event as it will be sent. */
export interface Entry {
  json: string;
  /** Of the JSON as UTF-8. */
  bytes: number;
}

/** What the API takes at most in one request. */
const BATCH_EVENTS = 1000;
const BATCH_BYTES = 1_048_576;

/** The largest event that fits into a request of its own: two brackets go with it. */
export const EVENT_BYTES = BATCH_BYTES - 2;

/**
 * What waits to be sent, in the order of the calls, bounded in events and bytes.
 *
 * The events at its head may be on their way: they stay in the queue until it is known what became of them, so
 * that a failed batch is back whole, in its place, by doing nothing. When the queue is full the oldest event that
 * is not on its way is dropped.
 */
export class Queue {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #leased: Entry[] = [];
  #leasedBytes = 0;
  #waiting: (Entry | undefined)[] = [];
  /** Where `#waiting` begins: cutting off its head for each event would move all the others. */
  #head = 0;
  #waitingBytes = 0;
  #gone = 0;

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  /** Events here, those on their way included. */
  get size(): number {
    return this.#leased.length + this.#waiting.length - this.#head;
  }

  get bytes(): number {
    return this.#leasedBytes + this.#waitingBytes;
  }

  /** How many have ever left, in whichever way; with `size` it tells when an event has: they leave by age. */
  get gone(): number {
    return this.#gone;
  }

  /** Adds an event at the end; how many were dropped for it, itself perhaps. */
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

  /** The events of the next request. They stay until `settle`. */
  lease(): readonly Entry[] {
    // Commas and brackets count, too.
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

  /** Removes the events of the request. */
  settle(): void {
    this.#gone += this.#leased.length;
    this.#leased = [];
    this.#leasedBytes = 0;
  }

  /** Removes all that is not on its way. */
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
