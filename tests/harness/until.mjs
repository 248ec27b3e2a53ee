// Waiting for what is to happen, never for a time in which it probably will have happened.

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * Waits until `condition` gives something true, and returns that. The limit says "never" and nothing about speed:
 * it is far above what a busy machine needs.
 * @template T
 * @param {() => T | Promise<T>} condition
 * @param {string} what is waited for, for the failure
 * @param {{limit?: number, pause?: number}} [options] `limit` in seconds; `pause` between two looks in milliseconds
 * @returns {Promise<T>}
 */
export async function until(condition, what, { limit = 150, pause = 20 } = {}) {
  for (const end = performance.now() + limit * 1000; ; await sleep(pause)) {
    const found = await condition();
    if (found) return found;
    if (performance.now() > end) throw new Error(`this did not happen in ${limit} s: ${what}`);
  }
}
