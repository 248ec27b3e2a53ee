//! A fast hash for short texts.

use std::hash::{BuildHasherDefault, Hasher};

/// Hashes eight bytes at a time. Collisions can be made on purpose, so use it only for the small, short-lived sets of
/// one request.
pub type Words = BuildHasherDefault<WordHasher>;

/// See [`Words`].
#[derive(Debug, Clone, Default)]
pub struct WordHasher(u64);

impl WordHasher {
    fn add(&mut self, word: u64) {
        // A multiplication mixes into higher bits only; the shift mixes those into the lower ones.
        let mixed = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.add(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.add(number.into());
    }

    fn write_i32(&mut self, number: i32) {
        self.add(u64::from(number.cast_unsigned()));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher as _;

    use super::Words;

    #[test]
    fn texts_that_differ_a_little_spread() {
        let hashes: HashSet<u64> =
            (0..10_000).map(|number| Words::default().hash_one(format!("event-{number}")) & 0xFFFF).collect();
        // 10,000 balls in 65,536 boxes fill 9,274 of them on average.
        assert!(hashes.len() > 8_500, "{}", hashes.len());
    }
}
