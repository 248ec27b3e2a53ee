// Reproducible random numbers. A failure prints its seed; repeat it with `SEED=… cargo xtask test`.

/** The seed of this run: `SEED`, or else `usual`, by default a different one in each run. */
export const seeded = (usual = Date.now() & 0x7fffffff) => Number(process.env.SEED ?? usual) || 1;

/** Returns numbers from 0 to below a limit, by xorshift32. */
export function below(seed) {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
