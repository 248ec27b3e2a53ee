// The long form of tests that repeat something: `cargo xtask test --long`.

/** Whether the long form is wanted. */
export const LONG = Boolean(process.env.HEADWATER_LONG);

/**
 * How often something is repeated: the same kinds of cases in both forms, more of them in the long one.
 * @template T
 * @param {T} short
 * @param {T} long
 */
export const often = (short, long) => (LONG ? long : short);
