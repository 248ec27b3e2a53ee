//! What the build and the crate must do alike: hashes of names.
//!
//! FNV-1a, 32 bits, from a name's end to its beginning, so that one walk over a host passes the hashes of
//! all its endings. No security is asked of it: the tables are ours.

/// The hash of nothing.
pub(crate) const START: u32 = 0x811c_9dc5;

/// Set beside a kind where hosts below the key are other people's.
pub(crate) const EXACT: u8 = 0x80;

/// The hash of a name with `byte` before it.
pub(crate) const fn before(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

/// The hash of a name.
pub(crate) fn of(name: &str) -> u32 {
    name.bytes().rev().fold(START, before)
}

/// The bucket of a hash among `count`, a power of two.
pub(crate) const fn bucket(hash: u32, count: usize) -> usize {
    (hash ^ (hash >> 15)) as usize & (count - 1)
}
