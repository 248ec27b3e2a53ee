//! What clients wrote down.

use std::thread::ScopedJoinHandle;
use std::time::Duration;

use anyhow::{Error, Result, anyhow};

use super::clients::Abandoned;

/// What a try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// 2xx.
    Accepted,
    /// 503.
    Unavailable,
    /// 429, or another 5xx.
    Other,
    /// No answer.
    Nothing,
}

/// One try of one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Try {
    /// What was down when it began: an index of a kind of outage, or their number for nothing.
    pub(super) phase: usize,
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
}

/// One client's notes, or those of all.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Ids of acknowledged events, each once.
    pub(super) acknowledged: Vec<String>,
    pub(super) tries: Vec<Try>,
    /// Tries after a first one.
    pub(super) retries: u64,
    /// Requests whose first answer nobody waited for.
    pub(super) impatient: u64,
    /// Requests that were sent twice at once.
    pub(super) twice: u64,
    /// Requests with events that had been acknowledged before.
    pub(super) repeated: u64,
}

impl Ledger {
    /// Waits for the clients and puts their notes together.
    pub(super) fn of(clients: Vec<ScopedJoinHandle<'_, Result<Self>>>) -> Result<Self> {
        let ledgers: Vec<Result<Self>> = clients
            .into_iter()
            .map(|client| client.join().unwrap_or_else(|_| Err(anyhow!("a client broke off"))))
            .collect();
        let mut all = Self::default();
        // The first reason, not the word of those that stopped because of it.
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

    /// Adds another one's notes.
    pub(super) fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.tries.extend(other.tries);
        self.retries += other.retries;
        self.impatient += other.impatient;
        self.twice += other.twice;
        self.repeated += other.repeated;
    }
}
