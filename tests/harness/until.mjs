// Waits for conditions, never for a fixed time.

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * Waits until `condition` returns a truthy value, and returns it. The limit is far above what a busy machine needs, so
 * it says nothing about speed.
 * @template T
 * @param {() => T | Promise<T>} condition
 * @param {string} what condition, for the error message
 * @param {{limit?: number, pause?: number}} [options] `limit` in seconds; `pause` between checks in milliseconds
 * @returns {Promise<T>}
 */
export async function until(condition, what, { limit = 150, pause = 20 } = {}) {
  for (const end = performance.now() + limit * 1000; ; await sleep(pause)) {
    const found = await condition();
    if (found) return found;
    if (performance.now() > end) throw new Error(`this did not happen in ${limit} s: ${what}`);
  }
}
