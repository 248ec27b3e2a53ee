//! What the cron keeps up to date, and what the event store refused.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, anyhow};
use intake::time::Timestamp;
use serde::Deserialize;
use upkeep::rollup::{self, Due, Kind};

use super::deployment::{Deployment, Role};
use super::report::Finding;
use crate::event_store::EventStore;
use crate::rollup::{clock, execute};

const DIRTY: &str = "dirty_days";
const DEAD: &str = "dead_letters";

/// The cron runs every five minutes: a day that was marked this long ago should have been computed, in milliseconds.
const OVERDUE_MS: i64 = 3_600_000;
/// Days counted at most.
const DAYS: u32 = 10_000;

/// Days of a kind that are to be computed.
type Waiting = (Kind, Vec<Due>);

/// All checks of the upkeep.
pub(super) fn all(deployment: &Deployment) -> Vec<Finding> {
    let Some(Ok(store)) = deployment.event_store(Role::Maintain) else {
        return [DIRTY, DEAD].map(|check| Finding::skipped(check, "CLICKHOUSE_MAINTAIN_USER is not set")).to_vec();
    };
    let unknown = |check, error: anyhow::Error| Finding::skipped(check, format!("not checked: {error:#}"));
    vec![
        overdue(&store).map_or_else(|error| unknown(DIRTY, error), |(kinds, now)| dirty(&kinds, now)),
        dead(&store).map_or_else(|error| unknown(DEAD, error), dead_letters),
    ]
}

/// Days of each kind that are due for longer than they should be, and the store's time.
fn overdue(store: &EventStore) -> Result<(Vec<Waiting>, Timestamp)> {
    let now = clock(store)?;
    let kinds = Kind::ALL.into_iter().map(|kind| {
        let answer = execute(store, &rollup::due(kind, now.plus(-OVERDUE_MS), now.day(), 0, DAYS))?;
        Ok((kind, rollup::due_rows(&answer).map_err(|error| anyhow!(error))?))
    });
    Ok((kinds.collect::<Result<_>>()?, now))
}

fn dirty(kinds: &[Waiting], now: Timestamp) -> Finding {
    let mut message = String::new();
    for (kind, days) in kinds.iter().filter(|(_, days)| !days.is_empty()) {
        let oldest = days.iter().map(|due| due.day.day).min().unwrap_or(now.day());
        let separator = if message.is_empty() { "" } else { "; " };
        let _ = write!(message, "{separator}{}: {} days, the oldest {}", kind.as_str(), days.len(), oldest.to_iso());
    }
    if message.is_empty() {
        return Finding::ok(DIRTY, "no day waits for more than an hour to be computed");
    }
    Finding::failed(
        DIRTY,
        format!("waiting for more than an hour to be computed: {message}"),
        "check that the Worker's cron trigger runs and that CLICKHOUSE_MAINTAIN_USER is set there; \
         to compute now: headwater rollup rebuild --all",
    )
}

fn dead(store: &EventStore) -> Result<u64> {
    #[derive(Deserialize)]
    struct Row {
        count: String,
    }
    let sql = "SELECT toString(count()) AS count FROM dead_letters FINAL FORMAT JSONEachRow";
    let rows: Vec<Row> = store.select(sql, &[])?;
    rows.first().and_then(|row| row.count.parse().ok()).context("a count is not a number")
}

fn dead_letters(count: u64) -> Finding {
    if count == 0 {
        return Finding::ok(DEAD, "none");
    }
    Finding::failed(
        DEAD,
        format!("the event store refused {count} rows; they are kept for 14 days"),
        "see why: headwater dead-letters list; once the cause is repaired: headwater dead-letters replay",
    )
}

#[cfg(test)]
mod tests {
    use intake::key::Env;
    use intake::time::Day;
    use upkeep::rollup::ProjectDay;

    use super::super::report::Status;
    use super::*;

    #[test]
    fn overdue_days_are_counted_by_kind() {
        let now = Timestamp::parse_iso("2026-12-01").unwrap();
        let due = |day: &str| Due {
            day: ProjectDay { project_id: "p".to_owned(), env: Env::Live, day: Day::parse(day).unwrap() },
            rows: 1,
        };
        let [first, second, ..] = Kind::ALL;
        assert_eq!(dirty(&[(first, vec![]), (second, vec![])], now).status, Status::Ok);
        let finding = dirty(&[(first, vec![]), (second, vec![due("2026-11-20"), due("2026-11-19")])], now);
        assert_eq!(finding.status, Status::Failed);
        assert!(finding.message.ends_with("2 days, the oldest 2026-11-19"), "{}", finding.message);
    }

    #[test]
    fn dead_letters_are_a_failure() {
        assert_eq!(dead_letters(0).status, Status::Ok);
        assert_eq!(dead_letters(2).status, Status::Failed);
    }
}
