// Tests that repeat something have a long form: `cargo xtask test --long`.

/** True in the long form. */
export const LONG = Boolean(process.env.HEADWATER_LONG);

/**
 * Number of repetitions. Both forms test the same kinds of cases; the long one tests more of each.
 * @template T
 * @param {T} short
 * @param {T} long
 */
export const often = (short, long) => (LONG ? long : short);
