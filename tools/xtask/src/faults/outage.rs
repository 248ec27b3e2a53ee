//! Kills and restarts processes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::process::Supervised;
use crate::stack::Stack;
use crate::stop;

use super::clients::Progress;
use super::schedule::{KINDS, Planned, Schedule, Victim};
use super::worker::Worker;

/// Start limit. Recovery after a crash takes longest.
const START: Duration = Duration::from_secs(90);

/// The processes that can be killed.
pub(super) struct Victims<'a> {
    pub(super) stack: &'a mut Stack,
    pub(super) worker: &'a mut Worker,
}

/// Outages of one kind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outages {
    pub(super) times: u32,
    /// Total time from the kill until all processes were ready again.
    pub(super) down: Duration,
}

impl Victims<'_> {
    /// Runs the schedule. Returns the outages by kind. `watch` is called regularly with the time since the start.
    pub(super) fn go_through(
        &mut self,
        schedule: &Schedule,
        progress: &Progress,
        mut watch: impl FnMut(Duration),
    ) -> Result<Vec<Outages>> {
        let mut happened = vec![Outages::default(); KINDS.len()];
        for outage in &schedule.outages {
            wait(outage.after, progress, &mut watch)?;
            progress.begin(outage.kind);
            let begun = Instant::now();
            self.go_through_one(outage, progress, &mut watch)?;
            progress.end();
            if let Some(happened) = happened.get_mut(outage.kind) {
                happened.times += 1;
                happened.down += begun.elapsed();
            }
        }
        Ok(happened)
    }

    fn go_through_one(
        &mut self,
        outage: &Planned,
        progress: &Progress,
        watch: &mut impl FnMut(Duration),
    ) -> Result<()> {
        let victims = KINDS.get(outage.kind).copied().unwrap_or_default();
        for victim in victims {
            self.kill(*victim)?;
        }
        if victims.len() > 1 && victims.contains(&Victim::Worker) {
            // The Worker starts first and must run without the store.
            wait(outage.down / 3, progress, watch)?;
            self.restart(Victim::Worker)?;
            wait(outage.down * 2 / 3, progress, watch)?;
            victims.iter().filter(|victim| **victim != Victim::Worker).try_for_each(|victim| self.restart(*victim))
        } else {
            wait(outage.down, progress, watch)?;
            victims.iter().try_for_each(|victim| self.restart(*victim))
        }
    }

    fn kill(&mut self, victim: Victim) -> Result<()> {
        match victim {
            Victim::Worker => kill(&mut self.worker.child),
            store => kill(self.store(store)?),
        }
    }

    fn restart(&mut self, victim: Victim) -> Result<()> {
        let restarted = match victim {
            Victim::Worker => self.worker.restart(),
            store => {
                let process = self.store(store)?;
                process.restart()?;
                process.wait_for_ready_line(START).map(|_| ())
            }
        };
        restarted.with_context(|| format!("{} does not restart", victim.title()))
    }

    fn store(&mut self, victim: Victim) -> Result<&mut Supervised> {
        let name = match victim {
            Victim::ClickHouse => "clickhouse",
            Victim::PostgRest => "postgrest",
            Victim::Postgres => "postgres",
            Victim::Worker => "worker",
        };
        self.stack.process(name).with_context(|| format!("{} is not running", victim.title()))
    }
}

/// Kills a running process. If it has already stopped by itself, that is an error: a restart would hide it.
fn kill(process: &mut Supervised) -> Result<()> {
    match process.ended()? {
        Some(status) => Err(process.obituary(status)),
        None => process.kill(),
    }
}

fn wait(time: Duration, progress: &Progress, watch: &mut impl FnMut(Duration)) -> Result<()> {
    let until = Instant::now() + time;
    loop {
        stop::check()?;
        progress.check()?;
        watch(progress.elapsed());
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(stop::TICK));
    }
}
