//! The wait before the next attempt.

use std::time::Duration;

/// Attempts per batch, including the first: about two minutes in total.
const TRIES: u32 = 9;
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// Longest wait that the server may ask for.
const LONGEST_ASKED: Duration = Duration::from_mins(5);

/// The waits of one batch.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failed: u32,
}

impl Backoff {
    /// The wait after a failure: what the server `asked` for, else twice the previous one. `None` after the last
    /// attempt.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.failed += 1;
        if self.failed >= TRIES {
            return None;
        }
        let wait = match asked {
            Some(asked) => asked.clamp(FIRST, LONGEST_ASKED),
            None => (FIRST * 2_u32.saturating_pow(self.failed - 1)).min(LONGEST),
        };
        // Up to a quarter more, so that clients that failed together do not retry together.
        Some(wait + wait.mul_f64(0.25 * random_share()))
    }

    /// How many attempts there were.
    pub(super) fn tries(&self) -> u32 {
        self.failed
    }
}

/// 0 to 1; without randomness, no jitter.
fn random_share() -> f64 {
    let mut byte = [0];
    let _ = getrandom::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_bounded_and_end() {
        let mut backoff = Backoff::default();
        let waits: Vec<f64> = std::iter::from_fn(|| backoff.next(None)).map(|wait| wait.as_secs_f64()).collect();
        assert_eq!(waits.len(), 8);
        for (wait, least) in waits.iter().zip([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]) {
            assert!((least..=least * 1.25).contains(wait), "{wait} instead of {least}");
        }
        assert_eq!(backoff.tries(), 9);
    }

    #[test]
    fn the_server_may_ask_for_more() {
        let asked = |seconds| Backoff::default().next(Some(Duration::from_secs(seconds))).unwrap().as_secs_f64();
        assert!((7.0..=8.75).contains(&asked(7)));
        assert!(asked(0) >= 0.5);
        assert!(asked(100_000) <= 375.0);
    }
}
