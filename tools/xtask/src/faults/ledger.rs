//! The ledger: what clients record about their requests.

use std::fmt;
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use anyhow::{Error, Result, anyhow};

/// Another thread has failed. Its own error is the one to report.
#[derive(Debug)]
pub(super) struct Abandoned;

impl fmt::Display for Abandoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another thread has failed")
    }
}

impl std::error::Error for Abandoned {}

/// Result of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// 2xx.
    Accepted,
    /// 503.
    Unavailable,
    /// 429, or another 5xx.
    Other,
    /// No answer, or an incomplete one.
    Nothing,
}

/// One attempt of one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Try {
    /// The outage when it began: an index of a kind of outage, or the number of kinds if there was none.
    pub(super) phase: usize,
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
}

/// The records of one client, or of all.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Ids of acknowledged events, each once.
    pub(super) acknowledged: Vec<String>,
    pub(super) tries: Vec<Try>,
    /// Attempts after the first one.
    pub(super) retries: u64,
    /// Requests whose first answer the client did not wait for.
    pub(super) impatient: u64,
    /// Requests that were sent twice at once.
    pub(super) twice: u64,
    /// Requests with events that had already been acknowledged.
    pub(super) repeated: u64,
}

impl Ledger {
    /// Waits for the clients and merges their ledgers.
    pub(super) fn of(clients: Vec<ScopedJoinHandle<'_, Result<Self>>>) -> Result<Self> {
        let ledgers: Vec<Result<Self>> = clients
            .into_iter()
            .map(|client| client.join().unwrap_or_else(|_| Err(anyhow!("a client thread panicked"))))
            .collect();
        let mut all = Self::default();
        // The original error, not an [`Abandoned`] that it caused in another client.
        let mut reason: Option<Error> = None;
        for ledger in ledgers {
            match ledger {
                Ok(ledger) => all.add(ledger),
                Err(error) if reason.is_none() || !error.is::<Abandoned>() => {
                    reason = Some(error);
                }
                Err(_) => {}
            }
        }
        reason.map_or(Ok(all), Err)
    }

    /// Adds another ledger.
    pub(super) fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.tries.extend(other.tries);
        self.retries += other.retries;
        self.impatient += other.impatient;
        self.twice += other.twice;
        self.repeated += other.repeated;
    }
}
