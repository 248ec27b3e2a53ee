//! Computes rollups during the outages, as the cron trigger does but every few seconds, and the rest at the end. Days
//! whose marks were lost must be found by comparing counts.

use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use intake::key::Env;
use intake::time::{Day, Timestamp};
use serde::Deserialize;
use statement::Statement;
use upkeep::rollup::{self, Due, Generation, Kind, ProjectDay, SETTINGS};

use crate::event_store::EventStore;
use crate::stop;

use super::clients::Progress;
use super::verdict::Count;

/// Pause between two runs.
const PERIOD: Duration = Duration::from_secs(5);
/// Maximum number of days per run.
const DAYS: u32 = 200;

/// A range that contains the days of all events.
const ALL_DAYS: (Day, Day) = (Day(0), Day(60_000));

/// For each day: distinct events, and the count in the newest finished generation of the rollup.
const COMPARED: &str = "SELECT toString(sum(raw)) AS raw, toString(sum(rolled)) AS rolled FROM ( \
    SELECT toDate(timestamp) AS target, count() AS raw, toUInt64(0) AS rolled FROM events FINAL \
    WHERE project_id = {project:UUID} GROUP BY target UNION ALL \
    SELECT day AS target, toUInt64(0) AS raw, sum(events) AS rolled FROM daily_rollup \
    WHERE project_id = {project:UUID} AND dimension = 'total' AND grain = 'day' AND (day, generation) IN ( \
    SELECT day, max(generation) FROM computed WHERE project_id = {project:UUID} AND kind = 'rollup' GROUP BY day) \
    GROUP BY target) GROUP BY target FORMAT JSONEachRow";

#[derive(Deserialize)]
struct Compared {
    raw: String,
    rolled: String,
}

/// Computes the rollups of one store.
pub(super) struct Upkeep {
    store: EventStore,
    /// Longest assumed duration of an insert (`docs/rollups.md`).
    margin: Duration,
}

/// Counts of the computed rollups.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Computed {
    /// Runs during the outages.
    pub(super) runs: u64,
    /// Runs that failed because of an outage.
    pub(super) broken: u64,
    /// Days with lost marks, found by comparing counts.
    pub(super) found: u64,
}

impl Upkeep {
    pub(super) fn new(store: EventStore, margin: Duration) -> Self {
        Self { store, margin }
    }

    /// Starts a thread that computes due days until the outages are over.
    pub(super) fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        progress: &'scope Progress,
    ) -> ScopedJoinHandle<'scope, Computed> {
        scope.spawn(move || {
            let mut computed = Computed::default();
            while !progress.is_over() && !stop::requested() {
                computed.runs += 1;
                // The store may be down. Days that were not computed stay due.
                computed.broken += u64::from(self.compute_due().is_err());
                let until = Instant::now() + PERIOD;
                while Instant::now() < until && !progress.is_over() && !stop::requested() {
                    std::thread::sleep(stop::TICK);
                }
            }
            computed
        })
    }

    /// Computes the remaining days after the last write, and compares every day.
    pub(super) fn finish(&self, project: &str, computed: &mut Computed) -> Result<Count> {
        // Wait until the last marks are older than the margin.
        let until = Instant::now() + self.margin + Duration::from_secs(1);
        while Instant::now() < until {
            stop::pause()?;
        }
        while self.compute_due()? > 0 {}
        let answer = self.run(&rollup::differing(ALL_DAYS.0, ALL_DAYS.1))?;
        let lost = rollup::due_rows(&answer).map_err(|error| anyhow!(error))?;
        computed.found = lost.len() as u64;
        let today = ProjectDay { project_id: project.to_owned(), env: Env::Live, day: self.clock()?.day() };
        // Today is never due, because answers about today come from the events.
        let days: Vec<ProjectDay> = lost.into_iter().map(|due| due.day).chain([today]).collect();
        for kind in Kind::ALL {
            self.compute(kind, &days)?;
        }
        self.compare(project)
    }

    fn compute_due(&self) -> Result<usize> {
        let clock = self.clock()?;
        let mut done = 0;
        for kind in Kind::ALL {
            let answer = self.run(&rollup::due(kind, self.covers(clock), clock.day(), 0, DAYS))?;
            let due: Vec<Due> = rollup::due_rows(&answer).map_err(|error| anyhow!(error))?;
            for days in rollup::batches(due) {
                self.compute(kind, &days)?;
                done += days.len();
            }
        }
        Ok(done)
    }

    fn compute(&self, kind: Kind, days: &[ProjectDay]) -> Result<()> {
        let clock = self.clock()?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| anyhow!("cannot read random bytes: {error}"))?;
        let generation = Generation::new(clock, u64::from_le_bytes(random));
        let statements = rollup::recompute(kind, days, generation, self.covers(clock));
        statements.iter().try_for_each(|statement| self.run(statement).map(|_| ()))
    }

    fn compare(&self, project: &str) -> Result<Count> {
        let days: Vec<Compared> = self.store.select(COMPARED, &[("project", project)])?;
        let mut count = Count { stored: 0, lost: 0, duplicated: 0 };
        for day in days {
            let (raw, rolled): (u64, u64) = (day.raw.parse()?, day.rolled.parse()?);
            count.stored += rolled;
            count.lost += raw.saturating_sub(rolled);
            count.duplicated += rolled.saturating_sub(raw);
        }
        Ok(count)
    }

    fn covers(&self, clock: Timestamp) -> Timestamp {
        clock.plus(-i64::try_from(self.margin.as_millis()).unwrap_or(i64::MAX))
    }

    fn clock(&self) -> Result<Timestamp> {
        rollup::clock_time(&self.run(&rollup::clock())?).context("the store returned no time")
    }

    fn run(&self, statement: &Statement) -> Result<Vec<u8>> {
        self.store.run(statement, SETTINGS)
    }
}
