//! ClickHouse: reachable, migrated, and whether its clock agrees with this machine's.

use std::time::{Duration, Instant};

use upkeep::rollup::MARGIN_MS;

use super::control_plane::migrated;
use super::deployment::{Deployment, Role};
use super::report::Finding;
use crate::event_store::EventStore;
use crate::format::now;
use crate::migrate;
use crate::rollup::clock;

const REACHABLE: &str = "clickhouse";
const MIGRATIONS: &str = "clickhouse_migrations";
const CLOCK: &str = "clock";

const LIMIT: Duration = Duration::from_secs(10);
/// Difference of the clocks from which it is reported, in milliseconds.
const NOTABLE_MS: i64 = 2_000;
/// Half of the margin that the upkeep allows for inserts under way: beyond it, events could be missed.
const WRONG_MS: i64 = MARGIN_MS / 2;

/// All checks of ClickHouse, except for those of its users.
pub(super) fn all(deployment: &Deployment) -> Vec<Finding> {
    let store = match deployment.event_store(Role::Read) {
        Some(Ok(store)) => store,
        Some(Err(error)) => {
            return vec![Finding::failed(REACHABLE, format!("{error:#}"), "correct CLICKHOUSE_URL")];
        }
        None => return vec![Finding::skipped(REACHABLE, "CLICKHOUSE_URL or CLICKHOUSE_READ_USER is not set")],
    };
    if let Err(error) = store.alive(LIMIT) {
        let fix = "check CLICKHOUSE_URL, the network, and whether the server runs or its service is paused";
        return vec![Finding::failed(REACHABLE, format!("{error:#}"), fix)];
    }
    vec![Finding::ok(REACHABLE, "reachable"), migrations(deployment, &store), clocks(&store)]
}

fn migrations(deployment: &Deployment, reader: &EventStore) -> Finding {
    // The ledger belongs to the user that migrates; the reader need not see it.
    let maintainer = deployment.event_store(Role::Maintain).and_then(Result::ok);
    match migrate::missing_in_clickhouse(maintainer.as_ref().unwrap_or(reader)) {
        Ok(missing) => migrated(MIGRATIONS, &missing, "headwater migrate --clickhouse-url … --clickhouse-user …"),
        Err(error) => Finding::failed(
            MIGRATIONS,
            format!("{error:#}"),
            "apply the migrations (headwater migrate), and check the users' passwords and CLICKHOUSE_DATABASE",
        ),
    }
}

fn clocks(store: &EventStore) -> Finding {
    let (began, before) = (Instant::now(), now());
    match clock(store) {
        Ok(theirs) => {
            let half = i64::try_from(began.elapsed().as_millis() / 2).unwrap_or(0);
            compare(theirs.0 - before.plus(half).0)
        }
        Err(error) => Finding::skipped(CLOCK, format!("not checked: {error:#}")),
    }
}

/// `ahead_ms`: how far ClickHouse's clock is ahead of this machine's.
fn compare(ahead_ms: i64) -> Finding {
    let seconds = format!("{}.{:03} s", ahead_ms.abs() / 1000, ahead_ms.abs() % 1000);
    let side = if ahead_ms < 0 { "behind" } else { "ahead of" };
    let message = format!("ClickHouse's clock is {seconds} {side} this machine's");
    let fix = "synchronize the clock of the ClickHouse server and of this machine (NTP); see which one is wrong";
    match ahead_ms.abs() {
        WRONG_MS.. => Finding::failed(CLOCK, message, fix),
        NOTABLE_MS.. => Finding::warning(CLOCK, message, fix),
        _ => Finding::ok(CLOCK, message),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Status;
    use super::compare;

    #[test]
    fn a_small_difference_is_fine_and_a_large_one_is_not() {
        for (ahead, status) in [
            (0, Status::Ok),
            (-1999, Status::Ok),
            (2000, Status::Warning),
            (-29_999, Status::Warning),
            (30_000, Status::Failed),
            (-30_000, Status::Failed),
        ] {
            assert_eq!(compare(ahead).status, status, "{ahead}");
        }
        assert!(compare(-1500).message.contains("1.500 s behind"));
    }
}
