//! Hashes of names, shared by the build script and the crate.
//!
//! FNV-1a, 32 bits, from a name's end to its beginning, so that one pass over a host computes the hashes of all its
//! suffixes. It need not resist attacks: the tables are fixed.

/// The hash of the empty name.
pub(crate) const START: u32 = 0x811c_9dc5;

/// Flag in a kind: the key matches only itself, because its subdomains belong to others (it is a public suffix).
pub(crate) const EXACT: u8 = 0x80;

/// The hash of a name to which `byte` is prepended.
pub(crate) const fn before(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

/// The hash of a name.
pub(crate) fn of(name: &str) -> u32 {
    name.bytes().rev().fold(START, before)
}

/// The bucket of a hash; `count` is the number of buckets, a power of two.
pub(crate) const fn bucket(hash: u32, count: usize) -> usize {
    (hash ^ (hash >> 15)) as usize & (count - 1)
}
