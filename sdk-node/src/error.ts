import type { ErrorCode, FieldError } from "./api.js";

/**
 * What went wrong: a code of the API, or one of this package's own.
 *
 * - `network_error`: no answer came · `timeout`: it did not come in time
 * - `invalid_answer`: it was none of Headwater's (a proxy's page, a redirect, a stream that broke off)
 * - `invalid_event`: the event cannot be written as JSON, or an id is missing
 * - `queue_full`: events were dropped because too many waited · `shut_down`: it came after `shutdown()`,
 *   or had not been sent when its time was up
 */
export type Code =
  | ErrorCode
  | "network_error"
  | "timeout"
  | "invalid_answer"
  | "invalid_event"
  | "queue_full"
  | "shut_down";

/** What is known of a failure. */
export interface Failure {
  code: Code;
  /** For people. */
  detail: string;
  /** Of the answer, where there was one. */
  status?: number | undefined;
  requestId?: string | undefined;
  fields?: readonly FieldError[];
  /** Milliseconds that the server asks to wait. */
  retryAfter?: number | undefined;
  cause?: unknown;
}

/** Any failure of this package. Its message never holds the key. */
export class HeadwaterError extends Error {
  override readonly name = "HeadwaterError";
  readonly code: Code;
  readonly detail: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly fields: readonly FieldError[];
  readonly retryAfter: number | undefined;
  /** How many events are lost by this: 0 for questions. */
  readonly lost: number;
  /** Those events as they were to be sent, where they are still at hand: not for `queue_full`. */
  readonly events: readonly Record<string, unknown>[];

  constructor(failure: Failure, events: readonly Record<string, unknown>[] = [], lost = events.length) {
    super(`${failure.code}: ${failure.detail}`, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.code = failure.code;
    this.detail = failure.detail;
    this.status = failure.status;
    this.requestId = failure.requestId;
    this.fields = failure.fields ?? [];
    this.retryAfter = failure.retryAfter;
    this.events = events;
    this.lost = lost;
  }

  /** Whether the same request may succeed later: no answer, 408, 429, 5xx, or a "success" that is not Headwater's. */
  get retryable(): boolean {
    if (this.code === "network_error" || this.code === "timeout") return true;
    const { status = 0 } = this;
    return status === 408 || status === 429 || status >= 500 || (this.code === "invalid_answer" && status < 300);
  }
}
