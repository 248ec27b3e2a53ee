//! The part of the cron that computes rollups, sessions and identities of the days that are due
//! (`docs/rollups.md`).

use std::collections::VecDeque;
use std::time::Duration;

use super::App;
use crate::store::{ClickHouse, StoreError};
use intake::time::{Day, Timestamp};
use statement::Statement;
use upkeep::rollup::{self, Chores, Generation, Kind, MARGIN_MS, ProjectDay, SETTINGS};

/// How often the cron runs (`wrangler.toml`).
const PERIOD_MS: i64 = 300_000;
/// Most days of each kind that one run takes on.
const DAYS: u32 = 200;
/// No statement is begun this long after the run's beginning, in milliseconds.
const TIME_MS: i64 = 20_000;
/// Longest that one statement may take; a cron may wait for minutes.
const LIMIT: Duration = Duration::from_mins(1);

impl App {
    /// Computes what is due, oldest days of each project first, as far as the time goes. Whatever stays undone
    /// or fails is still due at the next run.
    pub(super) async fn roll_up(&self) {
        let Ok(config) = &self.config else { return };
        if !config.clickhouse.is_maintained() {
            (self.runtime.log)("rollups are not computed: CLICKHOUSE_MAINTAIN_USER is not set");
            return;
        }
        if let Err(reason) = self.compute_and_tidy(&config.clickhouse).await {
            (self.runtime.log)(&format!("rollups were not computed: {reason}"));
        }
    }

    async fn compute_and_tidy(&self, store: &ClickHouse) -> Result<(), String> {
        let answer = maintain(store, rollup::clock()).await?;
        let clock = rollup::clock_time(&answer).ok_or("the store tells no time")?;
        self.compute_due(store, clock).await?;
        let chores = Chores::of(clock, PERIOD_MS);
        for (from, to) in chores.compare {
            self.compare(store, from, to).await?;
        }
        if chores.cleanup {
            let answer = maintain(store, rollup::outdated(clock)).await?;
            if rollup::outdated_rows(&answer).ok_or("no number of rows")? > 0 {
                for statement in rollup::cleanup(clock) {
                    maintain(store, statement).await?;
                }
            }
        }
        Ok(())
    }

    async fn compute_due(&self, store: &ClickHouse, clock: Timestamp) -> Result<(), String> {
        let began = (self.runtime.now)();
        let elapsed = || (self.runtime.now)().0 - began.0;
        let covers = clock.plus(-MARGIN_MS);
        let mut portions: Vec<(usize, Kind, Vec<ProjectDay>)> = Vec::new();
        for kind in Kind::ALL {
            let statement = rollup::due(kind, covers, clock.day(), self.random_bits()?, DAYS);
            let due = rollup::due_rows(&maintain(store, statement).await?)?;
            // One portion of each kind after the other, so that none waits for all of another's.
            for (turn, days) in rollup::batches(due).into_iter().enumerate() {
                let place = portions.partition_point(|(other, ..)| *other <= turn);
                portions.insert(place, (turn, kind, days));
            }
        }
        let mut portions: VecDeque<(Kind, Vec<ProjectDay>)> =
            portions.into_iter().map(|(_, kind, days)| (kind, days)).collect();
        while let Some((kind, days)) = portions.pop_front() {
            if elapsed() > TIME_MS {
                break;
            }
            // A new one for each attempt: rows that a failed one left behind must not count to this one's.
            let generation = Generation::new(clock.plus(elapsed()), self.random_bits()?);
            let Err(error) = compute(store, kind, &days, generation, covers).await else { continue };
            if !concerns_the_statement(&error) {
                return Err(format!("{error:?}"));
            }
            match rollup::halves(&days) {
                Some(halves) => portions.extend(halves.map(|half| (kind, half))),
                None => self.tell(kind, &days, &error),
            }
        }
        Ok(())
    }

    /// Marks the days whose rollup counts other than their events.
    async fn compare(&self, store: &ClickHouse, from: Day, to: Day) -> Result<(), String> {
        let differing = rollup::due_rows(&maintain(store, rollup::differing(from, to)).await?)?;
        for days in rollup::batches(differing) {
            (self.runtime.log)(&format!("{} days differ from their rollup and are marked again", days.len()));
            maintain(store, rollup::mark(&days)).await?;
        }
        Ok(())
    }

    fn tell(&self, kind: Kind, days: &[ProjectDay], error: &StoreError) {
        for ProjectDay { project_id, env, day } in days {
            let (kind, env, day) = (kind.as_str(), env.as_str(), day.to_iso());
            (self.runtime.log)(&format!("{kind} of {project_id} {env} {day} was not computed: {error:?}"));
        }
    }

    fn random_bits(&self) -> Result<u64, String> {
        let random = (self.runtime.random)().ok_or("the system has no randomness to give")?;
        Ok(u64::from_le_bytes(random.first_chunk().copied().unwrap_or_default()))
    }
}

async fn compute(
    store: &ClickHouse,
    kind: Kind,
    days: &[ProjectDay],
    generation: Generation,
    covers: Timestamp,
) -> Result<(), StoreError> {
    for Statement { sql, parameters } in rollup::recompute(kind, days, generation, covers) {
        store.execute(sql, &parameters, SETTINGS, LIMIT).await?;
    }
    Ok(())
}

async fn maintain(store: &ClickHouse, statement: Statement) -> Result<Vec<u8>, String> {
    let Statement { sql, parameters } = statement;
    store.execute(sql, &parameters, SETTINGS, LIMIT).await.map_err(|error| format!("{error:?}"))
}

/// Whether fewer days at a time may fare better. The others tell that the store cannot be used now.
pub(super) fn concerns_the_statement(error: &StoreError) -> bool {
    matches!(error, StoreError::LimitReached(_) | StoreError::TimedOut | StoreError::Refused { .. })
}
