//! Rollups under fire: while the outages go on, what the cron does is done every few seconds; in the end what is
//! left is computed, and days whose marks were lost must be found by the comparison of counts.

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

/// Between two runs.
const PERIOD: Duration = Duration::from_secs(5);
/// Most days of one run.
const DAYS: u32 = 200;

/// Days from the first whose events there are to the last.
const ALL_DAYS: (Day, Day) = (Day(0), Day(60_000));

/// By day: events that count, and what the newest finished generation says.
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

/// Computes rollups of one store.
pub(super) struct Upkeep {
    store: EventStore,
    /// How long an insert may take (`docs/rollups.md`).
    margin: Duration,
}

/// What was computed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Computed {
    /// Runs while the outages went on.
    pub(super) runs: u64,
    /// Of them those that an outage broke off.
    pub(super) broken: u64,
    /// Days whose marks were lost, found by comparing counts.
    pub(super) found: u64,
}

impl Upkeep {
    pub(super) fn new(store: EventStore, margin: Duration) -> Self {
        Self { store, margin }
    }

    /// Runs until the progress says that the outages are over; counts the runs.
    pub(super) fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        progress: &'scope Progress,
    ) -> ScopedJoinHandle<'scope, Computed> {
        scope.spawn(move || {
            let mut computed = Computed::default();
            while !progress.is_over() && !stop::requested() {
                computed.runs += 1;
                // The store may be away; what stays undone is still due.
                computed.broken += u64::from(self.compute_due().is_err());
                let until = Instant::now() + PERIOD;
                while Instant::now() < until && !progress.is_over() && !stop::requested() {
                    std::thread::sleep(stop::TICK);
                }
            }
            computed
        })
    }

    /// Computes what is left once nothing is written any more, and compares every day.
    pub(super) fn finish(&self, project: &str, computed: &mut Computed) -> Result<Count> {
        // Until the last marks are older than the margin.
        let until = Instant::now() + self.margin + Duration::from_secs(1);
        while Instant::now() < until {
            stop::pause()?;
        }
        while self.compute_due()? > 0 {}
        let answer = self.run(&rollup::differing(ALL_DAYS.0, ALL_DAYS.1))?;
        let lost = rollup::due_rows(&answer).map_err(|error| anyhow!(error))?;
        computed.found = lost.len() as u64;
        let today = ProjectDay { project_id: project.to_owned(), env: Env::Live, day: self.clock()?.day() };
        // Today is never due: the cron leaves it to the events.
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
        getrandom::fill(&mut random).map_err(|error| anyhow!("no randomness: {error}"))?;
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
        rollup::clock_time(&self.run(&rollup::clock())?).context("the store tells no time")
    }

    fn run(&self, statement: &Statement) -> Result<Vec<u8>> {
        self.store.run(statement, SETTINGS)
    }
}
