/** Longest first backoff in milliseconds; it doubles with each attempt. */
const FIRST = 500;

/** Longest backoff in milliseconds. */
export const WIDEST = 30_000;

/** Longest `Retry-After` that is respected, in milliseconds. */
const LONGEST_ASKED_FOR = 300_000;

/**
 * Milliseconds to wait after the failed attempt number `attempt` (from 0): exponential backoff with full jitter, so that
 * clients that failed together do not retry together; after a `Retry-After`, that time and up to a second of jitter.
 * `random` is from 0 to 1.
 */
export function delay(attempt: number, retryAfter: number | undefined, random: number, widest = WIDEST): number {
  const width = Math.min(widest, FIRST * 2 ** attempt);
  return retryAfter === undefined ? random * width : retryAfter + random * Math.min(width, 1000);
}

/** Parses `Retry-After` (seconds or a date) into milliseconds from `now`. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (!header) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_ASKED_FOR);
}
