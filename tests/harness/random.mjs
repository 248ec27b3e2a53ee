// Random choices that can be made again: a failure names its seed, `SEED=… cargo xtask test` repeats it.

/** The seed of this run: `usual`, by default another one each time, unless `SEED` names one. */
export const seeded = (usual = Date.now() & 0x7fffffff) => Number(process.env.SEED ?? usual) || 1;

/** Numbers from 0 to below a limit, by xorshift32. */
export function below(seed) {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
