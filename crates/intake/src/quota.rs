//! Enforces monthly quotas, as far as this instance can tell. Usage itself is metered by the cron, which counts the
//! events in the store.

use std::collections::HashMap;

use crate::time::Timestamp;

/// Most counters kept, one per project and env.
const MAX_COUNTERS: usize = 20_000;

/// What happens once a quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Events are stored; the project's owner is notified.
    #[default]
    Soft,
    /// Events are rejected with 402 until the month ends (UTC) or the quota is raised.
    Block,
}

/// A project's quota and usage as the control plane stores them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// Events per month; `None`: unlimited.
    pub events: Option<u64>,
    /// What happens once it is used up.
    pub mode: Mode,
    /// Events metered this month.
    pub used: u64,
}

#[derive(Debug, Clone, Copy)]
struct Counter {
    month: u32,
    used: u64,
    /// The metered usage at the moment when the month changed: it is last month's until it changes.
    stale_meter: Option<u64>,
}

/// Counters by project and env.
#[derive(Debug, Default)]
pub struct Counters {
    counters: HashMap<(String, &'static str), Counter>,
}

impl Counters {
    /// Whether `count` more events are within the quota. If so, they are counted.
    ///
    /// The count is the larger of the metered usage and what this instance has accepted, so that a meter that lags
    /// behind does not let more events in.
    pub fn take(&mut self, project: &str, env: &'static str, quota: &Quota, count: u64, now: Timestamp) -> bool {
        let Some(limit) = quota.events.filter(|_| quota.mode == Mode::Block) else { return true };
        if self.counters.len() >= MAX_COUNTERS {
            self.counters.clear();
        }
        let month = month_of(now);
        let counter = self.counters.entry((project.to_owned(), env)).or_insert(Counter {
            month,
            used: quota.used,
            stale_meter: None,
        });
        if counter.month == month {
            if counter.stale_meter != Some(quota.used) {
                counter.stale_meter = None;
                counter.used = counter.used.max(quota.used);
            }
        } else {
            // The key's record was fetched last month and still contains that month's usage.
            *counter = Counter { month, used: 0, stale_meter: Some(quota.used) };
        }
        if counter.used.saturating_add(count) > limit {
            return false;
        }
        counter.used += count;
        true
    }
}

impl Counters {
    /// Subtracts events that were counted but then not stored.
    pub fn give_back(&mut self, project: &str, env: &'static str, count: u64) {
        if let Some(counter) = self.counters.get_mut(&(project.to_owned(), env)) {
            counter.used = counter.used.saturating_sub(count);
        }
    }
}

/// Months since year 0, UTC.
fn month_of(now: Timestamp) -> u32 {
    let iso = now.to_iso();
    let number = |from: usize, to: usize| iso.get(from..to).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    number(0, 4) * 12 + number(5, 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_255_200_000);

    #[test]
    fn block_refuses_at_the_end_and_soft_does_not() {
        let mut counters = Counters::default();
        let block = Quota { events: Some(10), mode: Mode::Block, used: 7 };
        assert!(counters.take("p", "live", &block, 3, NOW));
        assert!(!counters.take("p", "live", &block, 1, NOW));
        assert!(counters.take("p", "test", &block, 1, NOW), "another data set");
        assert!(counters.take("p", "live", &Quota { mode: Mode::Soft, ..block }, 1000, NOW));
        assert!(counters.take("p", "live", &Quota { events: None, ..block }, 1000, NOW));
        assert!(
            !counters.take("p", "live", &Quota { used: 0, ..block }, 1, NOW),
            "a meter that lags behind lets nothing in"
        );
        assert!(counters.take("p", "live", &Quota { events: Some(20), ..block }, 1, NOW), "a raised quota does");
    }

    #[test]
    fn an_outage_uses_up_nothing() {
        let mut counters = Counters::default();
        let quota = Quota { events: Some(10), mode: Mode::Block, used: 7 };
        for _ in 0..100 {
            assert!(counters.take("p", "live", &quota, 3, NOW));
            counters.give_back("p", "live", 3);
        }
        assert!(!counters.take("p", "live", &quota, 4, NOW));
    }

    #[test]
    fn a_new_month_begins_at_zero() {
        let mut counters = Counters::default();
        let quota = Quota { events: Some(10), mode: Mode::Block, used: 10 };
        assert!(!counters.take("p", "live", &quota, 1, NOW));
        // The record still contains last month's usage; it is refreshed within minutes.
        let december = NOW.plus(11 * crate::time::DAY_MS);
        for _ in 0..5 {
            assert!(counters.take("p", "live", &quota, 1, december));
        }
        assert!(counters.take("p", "live", &Quota { used: 9, ..quota }, 1, december));
        assert!(!counters.take("p", "live", &Quota { used: 9, ..quota }, 1, december));
    }
}
