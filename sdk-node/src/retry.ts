/** Width of the first wait in milliseconds; each further one is twice as wide. */
const FIRST = 500;

/** No wait is wider than this. */
export const WIDEST = 30_000;

/** A server that asks for more patience than this is asked again all the same. */
const LONGEST_ASKED_FOR = 300_000;

/**
 * Milliseconds to wait before the attempt after `attempt` (from 0): backoff with full jitter, so that clients
 * that failed together do not come back together. What the server asked for is waited in any case.
 * `random` is in 0..1.
 */
export function delay(attempt: number, retryAfter: number | undefined, random: number, widest = WIDEST): number {
  const width = Math.min(widest, FIRST * 2 ** attempt);
  return retryAfter === undefined ? random * width : retryAfter + random * Math.min(width, 1000);
}

/** `Retry-After` (seconds or a date) in milliseconds from `now`. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (!header) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_ASKED_FOR);
}
