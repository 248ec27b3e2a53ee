//! Deterministic random numbers: the same on every platform and in every version. PCG64, whose output its crate keeps
//! stable, and integer arithmetic only. Logarithms differ between platforms in the last digit, and the distributions of
//! other crates may change between versions.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;
use sha2::{Digest as _, Sha256};

/// The seed of a run.
#[derive(Debug, Clone)]
pub(crate) struct Seed([u64; 2]);

/// A stream of random numbers.
pub(crate) struct Random(Pcg64);

impl Seed {
    /// Derives a seed from a text. Different texts give unrelated streams.
    pub(crate) fn of(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        let half = |from: usize| digest.iter().skip(from).take(8).fold(0, |all, byte| all << 8 | u64::from(*byte));
        Self([half(0), half(8)])
    }

    /// Returns an independent stream for each `about` and `path`, so that the order of draws elsewhere does not matter.
    pub(crate) fn stream(&self, about: &str, path: [u64; 2]) -> Random {
        let mut mixed = self.0[0];
        for part in about.bytes().map(u64::from).chain(path) {
            mixed = mix(mixed ^ part);
        }
        let state = u128::from(mixed) << 64 | u128::from(mix(mixed ^ self.0[1]));
        Random(Pcg64::new(state, u128::from(self.0[1])))
    }
}

/// The output function of `SplitMix64`: each bit of the input changes about half of the output bits.
pub(crate) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

impl Random {
    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 to `limit` - 1. Returns 0 if `limit` is 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(limit);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// A number from `from` to `to` - 1.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(to - from).unwrap_or_default())).unwrap_or_default()
    }

    /// True with a probability of `per_mille` / 1000.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// An item of `list`, all equally likely. `list` must not be empty.
    pub(crate) fn one_of<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        let at = self.below(list.len() as u64);
        &list[usize::try_from(at).unwrap_or_default()]
    }
}

/// A list of items with weights.
#[derive(Debug)]
pub(crate) struct Weighted<T> {
    items: Vec<T>,
    /// Cumulative weights.
    sums: Vec<u64>,
}

impl<T> Weighted<T> {
    /// Builds the list. At least one weight must be positive.
    pub(crate) fn new(items: impl IntoIterator<Item = (u64, T)>) -> Self {
        let mut sum = 0;
        let (sums, items) = items
            .into_iter()
            .map(|(weight, item)| {
                sum += weight;
                (sum, item)
            })
            .unzip();
        Self { items, sums }
    }

    /// Draws an item with a probability proportional to its weight.
    pub(crate) fn draw(&self, random: &mut Random) -> &T {
        let at = random.below(self.sums.last().copied().unwrap_or_default());
        &self.items[self.sums.partition_point(|sum| *sum <= at)]
    }

    /// All items.
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_never_change() {
        let mut stream = Seed::of("1").stream("test", [2, 3]);
        let drawn = [stream.bits(), stream.bits()];
        assert_eq!(drawn, [16_264_755_163_583_248_901, 4_530_548_038_588_893_039]);
        assert_eq!(Seed::of("1").stream("test", [2, 3]).bits(), drawn[0]);
        for other in [Seed::of("2").stream("test", [2, 3]), Seed::of("1").stream("text", [2, 3])] {
            let mut other = other;
            assert_ne!(other.bits(), drawn[0]);
        }
    }

    #[test]
    fn weights_hold() {
        let list = Weighted::new([(0, 'a'), (1, 'b'), (0, 'c'), (3, 'd')]);
        let mut random = Seed::of("1").stream("weights", [0, 0]);
        let drawn: Vec<char> = (0..4000).map(|_| *list.draw(&mut random)).collect();
        let count = |wanted| drawn.iter().filter(|item| **item == wanted).count();
        assert_eq!((count('a'), count('c')), (0, 0));
        assert!((2850..3150).contains(&count('d')), "{}", count('d'));
    }
}
