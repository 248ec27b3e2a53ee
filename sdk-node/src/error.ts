import type { ErrorCode, FieldError } from "./api.js";

/**
 * The code of an error: a code of the API, or one of this package's own:
 *
 * - `network_error`: the connection failed
 * - `timeout`: no response in time
 * - `invalid_answer`: the response is not Headwater's (a proxy's page, a redirect) or is incomplete
 * - `invalid_event`: the event cannot be written as JSON, or an id is missing
 * - `queue_full`: events were dropped because the queue was full
 * - `shut_down`: the event came after `shutdown()`, or was not delivered before it timed out
 */
export type Code =
  | ErrorCode
  | "network_error"
  | "timeout"
  | "invalid_answer"
  | "invalid_event"
  | "queue_full"
  | "shut_down";

/** The data of an error. */
export interface Failure {
  code: Code;
  /** What went wrong, for people. */
  detail: string;
  /** HTTP status of the response, if there was one. */
  status?: number | undefined;
  requestId?: string | undefined;
  fields?: readonly FieldError[];
  /** Milliseconds to wait, as the server requested (`Retry-After`). */
  retryAfter?: number | undefined;
  cause?: unknown;
}

/** Every error of this package. Its message never contains the key. */
export class HeadwaterError extends Error {
  override readonly name = "HeadwaterError";
  readonly code: Code;
  readonly detail: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly fields: readonly FieldError[];
  readonly retryAfter: number | undefined;
  /** Number of events that were dropped or rejected; 0 for queries. */
  readonly lost: number;
  /** These events; empty for `queue_full`. */
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

  /** Whether the same request may succeed later: no response, 408, 429, 5xx, or a 2xx that is not Headwater's. */
  get retryable(): boolean {
    if (this.code === "network_error" || this.code === "timeout") return true;
    const { status = 0 } = this;
    return status === 408 || status === 429 || status >= 500 || (this.code === "invalid_answer" && status < 300);
  }
}
