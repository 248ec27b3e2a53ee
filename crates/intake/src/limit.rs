//! Rate limits by token buckets, kept in the memory of one instance; IP addresses of clients are never stored.
//! Pure: the clock comes in as a value.

use std::collections::HashMap;
use std::hash::Hash;

use crate::time::Timestamp;

/// A rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Tokens added per second.
    pub per_second: u32,
    /// Tokens in a full bucket.
    pub burst: u32,
}

/// Events per project and env (`docs/concepts.md`, "Limits").
pub const INGEST: Rate = Rate { per_second: 5_000, burst: 20_000 };
/// Requests per publishable key and client address.
pub const CLIENT: Rate = Rate { per_second: 20, burst: 100 };
/// Queries per project and env.
pub const READ: Rate = Rate { per_second: 10, burst: 40 };
/// Buckets kept per limiter; about 100 bytes each.
const MAX_BUCKETS: usize = 20_000;

/// The state of a limit, for the response's headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The limit.
    pub rate: Rate,
    /// Whole tokens left.
    pub remaining: u32,
    /// Seconds until the bucket is full again, rounded up.
    pub full_in_s: u32,
}

/// A limit was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// The state of the limit.
    pub left: Left,
    /// Seconds until the same request would pass, at least 1.
    pub retry_after_s: u32,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

/// Buckets by key.
#[derive(Debug)]
pub struct Limiter<K> {
    buckets: HashMap<K, Bucket>,
}

impl<K> Default for Limiter<K> {
    fn default() -> Self {
        Self { buckets: HashMap::new() }
    }
}

impl<K: Eq + Hash> Limiter<K> {
    /// Takes `cost` tokens. A request that costs more than a full bucket passes if the bucket is full, otherwise it
    /// could never pass; it leaves the bucket in debt.
    ///
    /// # Errors
    /// [`Exceeded`] if there are too few tokens. None are taken then.
    pub fn take(&mut self, key: K, cost: u32, rate: Rate, now: Timestamp) -> Result<Left, Exceeded> {
        self.make_room(now, rate);
        let full = f64::from(rate.burst.max(1));
        let per_ms = f64::from(rate.per_second.max(1)) / 1000.0;
        let bucket = self.buckets.entry(key).or_insert(Bucket { tokens: full, at: now });
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since the last request are exact in a double")]
        let elapsed = (now.0 - bucket.at.0).max(0) as f64;
        bucket.tokens = full.min(bucket.tokens + elapsed * per_ms);
        bucket.at = now.max(bucket.at);
        let wanted = f64::from(cost).min(full);
        let passed = bucket.tokens >= wanted;
        if passed {
            bucket.tokens -= f64::from(cost);
        }
        let seconds = |missing: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the type's range")]
            let whole = (missing / per_ms / 1000.0).ceil().clamp(0.0, 86_400.0) as u32;
            whole
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the type's range")]
        let remaining = bucket.tokens.clamp(0.0, f64::from(u32::MAX)) as u32;
        let left = Left { rate, remaining, full_in_s: seconds(full - bucket.tokens) };
        if passed { Ok(left) } else { Err(Exceeded { left, retry_after_s: seconds(wanted - bucket.tokens).max(1) }) }
    }

    /// Drops buckets that are full again, which equal new ones. If there are still too many, drops all of them: it is
    /// better to forget limits once in a while than to run out of memory.
    fn make_room(&mut self, now: Timestamp, rate: Rate) {
        if self.buckets.len() < MAX_BUCKETS {
            return;
        }
        let refill_ms = i64::from(rate.burst) * 1000 / i64::from(rate.per_second.max(1));
        self.buckets.retain(|_, bucket| now.0 - bucket.at.0 < refill_ms);
        if self.buckets.len() >= MAX_BUCKETS {
            self.buckets.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: Rate = Rate { per_second: 10, burst: 40 };
    const START: Timestamp = Timestamp(1_000_000);

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let mut limiter = Limiter::default();
        for index in 0..40 {
            let left = limiter.take("a", 1, RATE, START).unwrap();
            assert_eq!(left.remaining, 39 - index);
        }
        let refused = limiter.take("a", 1, RATE, START).unwrap_err();
        assert_eq!((refused.retry_after_s, refused.left.remaining, refused.left.full_in_s), (1, 0, 4));
        assert!(limiter.take("b", 1, RATE, START).is_ok(), "another key has a bucket of its own");
        assert!(limiter.take("a", 1, RATE, START.plus(100)).is_ok());
        assert!(limiter.take("a", 1, RATE, START.plus(100)).is_err());
        assert!(limiter.take("a", 40, RATE, START.plus(10_000)).is_ok());
    }

    #[test]
    fn more_than_a_bucket_passes_once_it_is_full_and_is_paid_for_later() {
        let mut limiter = Limiter::default();
        assert!(limiter.take("a", 100, RATE, START).is_ok());
        let refused = limiter.take("a", 1, RATE, START.plus(1000)).unwrap_err();
        assert_eq!(refused.retry_after_s, 6, "a debt of 60 tokens, less the second that passed, plus one token");
        assert!(limiter.take("a", 1, RATE, START.plus(6100)).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let mut limiter = Limiter::default();
        for index in 0..100_000 {
            let _ = limiter.take(index, 1, RATE, START);
        }
        assert!(limiter.buckets.len() <= MAX_BUCKETS);
    }

    proptest! {
        #[test]
        fn never_more_than_burst_plus_rate(steps in prop::collection::vec((0..500_i64, 1..20_u32), 1..200)) {
            let mut limiter = Limiter::default();
            let (mut now, mut passed) = (START, 0_u32);
            for (pause, cost) in steps {
                now = now.plus(pause);
                if limiter.take("a", cost, RATE, now).is_ok() {
                    passed += cost;
                }
                let seconds = f64::from(u32::try_from(now.0 - START.0).unwrap()) / 1000.0;
                prop_assert!(f64::from(passed) <= 40.0 + seconds * 10.0 + 1e-6);
            }
        }
    }
}
