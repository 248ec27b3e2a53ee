//! How long a request may still take: an answer, if only a 503, comes within three seconds.

use std::cell::Cell;
use std::time::Duration;

use intake::time::Timestamp;

/// All calls of one ingest request together, in milliseconds; the rest of the three seconds is for the
/// way and our own work.
const TOTAL_MS: i64 = 2_600;

/// The end of a request's time.
pub(super) struct Deadline {
    now: fn() -> Timestamp,
    begin: Cell<Timestamp>,
    /// When the request was received.
    pub(super) received_at: Timestamp,
}

impl Deadline {
    pub(super) fn start(now: fn() -> Timestamp) -> Self {
        let received_at = now();
        Self { now, begin: Cell::new(received_at), received_at }
    }

    /// Begins anew, once the body is there: a client that sends slowly uses up its own time.
    pub(super) fn restart(&self) {
        self.begin.set((self.now)());
    }

    /// What is left, at least a moment, so that a call fails by its own time limit.
    pub(super) fn left(&self) -> Duration {
        let spent = (self.now)().0 - self.begin.get().0;
        Duration::from_millis(u64::try_from(TOTAL_MS - spent).unwrap_or(0).max(50))
    }

    /// What is left, but no more than `milliseconds`.
    pub(super) fn left_at_most(&self, milliseconds: u64) -> Duration {
        self.left().min(Duration::from_millis(milliseconds))
    }
}
