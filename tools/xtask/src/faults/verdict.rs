//! Compares acknowledged events with stored ones.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::event_store::EventStore;

use super::ledger::Ledger;

/// Grouped by id only, so that an event whose day was changed counts as two.
const STORED: &str = "SELECT event_id, toString(count()) AS times FROM events FINAL WHERE project_id = {project:UUID} \
    GROUP BY event_id FORMAT JSONEachRow";
const WRITTEN: &str =
    "SELECT toString(count()) AS times FROM events WHERE project_id = {project:UUID} FORMAT JSONEachRow";
const DEAD: &str = "SELECT toString(count()) AS times FROM dead_letters FORMAT JSONEachRow";

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    event_id: String,
    times: String,
}

/// The contents of the store.
#[derive(Debug)]
pub(super) struct Stored {
    /// Count of each event by id.
    pub(super) events: HashMap<String, u64>,
    /// Number of rows, including repeated ones that `FINAL` removes.
    pub(super) written: u64,
    /// Rows that the store refused (dead letters).
    pub(super) dead: u64,
}

impl Stored {
    /// Reads everything.
    pub(super) fn read(store: &EventStore, project: &str) -> Result<Self> {
        let rows: Vec<Row> = store.select(STORED, &[("project", project)])?;
        let one = |sql, parameters: &[(&str, &str)]| {
            let rows: Vec<Row> = store.select(sql, parameters)?;
            rows.first().and_then(|row| row.times.parse().ok()).context("a count is not a number")
        };
        let written = one(WRITTEN, &[("project", project)])?;
        let dead = one(DEAD, &[])?;
        let events = rows.into_iter().map(|row| Ok((row.event_id, row.times.parse()?))).collect::<Result<_>>()?;
        Ok(Self { events, written, dead })
    }
}

/// The result of one comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    /// Number of events counted.
    pub(super) stored: u64,
    /// Acknowledged but not stored.
    pub(super) lost: u64,
    /// Counted more than once.
    pub(super) duplicated: u64,
}

/// The results.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) raw: Count,
    /// Compared with the distinct stored events of each day.
    pub(super) rollup: Count,
    /// Stored but never acknowledged, which is allowed.
    pub(super) extra: u64,
}

impl Verdict {
    pub(super) fn of(ledger: &Ledger, stored: &Stored, rollup: Count) -> Self {
        let (raw, extra) = compare(&ledger.acknowledged, &stored.events);
        Self { raw, rollup, extra }
    }
}

fn compare(acknowledged: &[String], stored: &HashMap<String, u64>) -> (Count, u64) {
    let found = acknowledged.iter().filter(|id| stored.contains_key(*id)).count() as u64;
    let count = Count {
        stored: stored.values().sum(),
        lost: acknowledged.len() as u64 - found,
        duplicated: stored.values().map(|times| times.saturating_sub(1)).sum(),
    };
    (count, stored.len() as u64 - found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_doubled_or_extra_is_seen() {
        let acknowledged = ["a", "b", "c"].map(str::to_owned);
        let stored = |events: &[(&str, u64)]| events.iter().map(|(id, times)| ((*id).to_owned(), *times)).collect();
        let all = compare(&acknowledged, &stored(&[("a", 1), ("b", 1), ("c", 1)]));
        assert_eq!(all, (Count { stored: 3, lost: 0, duplicated: 0 }, 0));
        let bad = compare(&acknowledged, &stored(&[("a", 3), ("c", 1), ("x", 1)]));
        assert_eq!(bad, (Count { stored: 5, lost: 1, duplicated: 2 }, 1));
    }
}
