//! The report at the end of a run.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::screen::grouped;

use super::ledger::{Ledger, Outcome, Try};
use super::outage::Outages;
use super::schedule::{KINDS, Victim};
use super::upkeep::Computed;
use super::verdict::{Count, Stored, Verdict};

/// The results of a run.
pub(super) struct Report {
    pub(super) sink: &'static str,
    /// Number of events to send.
    pub(super) events: u64,
    pub(super) ledger: Ledger,
    /// Outages by kind.
    pub(super) outages: Vec<Outages>,
    pub(super) stored: Stored,
    pub(super) computed: Computed,
    pub(super) verdict: Verdict,
    /// Time until the last event was acknowledged.
    pub(super) sent: Duration,
}

/// A line of the table.
#[derive(Default)]
struct Phase {
    tries: u64,
    accepted: u64,
    unavailable: u64,
    other: u64,
    nothing: u64,
    /// Durations of accepted requests, sorted.
    took: Vec<Duration>,
}

impl Phase {
    fn of<'a>(tries: impl Iterator<Item = &'a Try>) -> Self {
        let mut phase = Self::default();
        for one in tries {
            phase.tries += 1;
            match one.outcome {
                Outcome::Accepted => {
                    phase.accepted += 1;
                    phase.took.push(one.took);
                }
                Outcome::Unavailable => phase.unavailable += 1,
                Outcome::Other => phase.other += 1,
                Outcome::Nothing => phase.nothing += 1,
            }
        }
        phase.took.sort_unstable();
        phase
    }

    /// A percentile of the durations of accepted requests, in milliseconds.
    fn percentile(&self, percent: usize) -> Option<f64> {
        let at = (self.took.len() * percent).div_ceil(100).checked_sub(1)?;
        Some(self.took.get(at)?.as_secs_f64() * 1e3)
    }

    fn row(&self, title: &str, outages: &str) -> String {
        let time = |percent| self.percentile(percent).map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0}"));
        format!(
            "  {title:<24}{outages:>14}{:>10}{:>10}{:>8}{:>8}{:>11}{:>8}{:>8}\n",
            grouped(self.tries),
            grouped(self.accepted),
            grouped(self.unavailable),
            grouped(self.other),
            grouped(self.nothing),
            time(50),
            time(99)
        )
    }
}

impl Report {
    /// Whether every event was acknowledged, stored and counted exactly once.
    pub(super) fn passed(&self) -> bool {
        let kept = |count: &Count| count.lost == 0 && count.duplicated == 0;
        self.ledger.acknowledged.len() as u64 == self.events
            && self.stored.dead == 0
            && kept(&self.verdict.raw)
            && kept(&self.verdict.rollup)
    }

    /// The report as a table.
    pub(super) fn table(&self) -> String {
        let mut text = format!(
            "\n  {:<24}{:>14}{:>10}{:>10}{:>8}{:>8}{:>11}{:>8}{:>8}\n",
            "outage", "times × s", "requests", "2xx", "503", "429/5xx", "no answer", "p50 ms", "p99 ms"
        );
        for (kind, (victims, outages)) in KINDS.iter().zip(&self.outages).enumerate() {
            let title = victims.iter().map(|victim| victim.title()).collect::<Vec<_>>().join(" + ");
            let times =
                format!("{} × {:.1}", outages.times, outages.down.as_secs_f64() / f64::from(outages.times.max(1)));
            text += &Phase::of(self.ledger.tries.iter().filter(|one| one.phase == kind)).row(&title, &times);
        }
        text += &Phase::of(self.ledger.tries.iter().filter(|one| one.phase == KINDS.len())).row("none", "");
        text += &Phase::of(self.ledger.tries.iter()).row("total", "");
        let kills: Vec<String> = self.kills().map(|(victim, times)| format!("{} {times}", victim.title())).collect();
        let ledger = &self.ledger;
        let _ = writeln!(text, "\n  killed with SIGKILL: {}", kills.join(", "));
        let _ = writeln!(
            text,
            "  repeated requests: {} after a failure, {} without waiting, {} at the same time, {} after a 2xx",
            grouped(ledger.retries),
            grouped(ledger.impatient),
            grouped(ledger.twice),
            grouped(ledger.repeated)
        );
        let _ = writeln!(
            text,
            "  rollup runs during the outages: {}, failed: {}; days found by comparing counts: {}",
            self.computed.runs, self.computed.broken, self.computed.found
        );
        let _ = writeln!(
            text,
            "  acknowledged: {} of {} events in {:.0} s; rows written: {}, dead letters: {}",
            grouped(ledger.acknowledged.len() as u64),
            grouped(self.events),
            self.sent.as_secs_f64(),
            grouped(self.stored.written),
            self.stored.dead
        );
        for (name, count) in [("raw", &self.verdict.raw), ("rollup", &self.verdict.rollup)] {
            let stored = grouped(count.stored);
            let _ = writeln!(
                text,
                "  {name:<8}stored: {stored}, lost: {}, counted twice: {}",
                count.lost, count.duplicated
            );
        }
        text
    }

    fn kills(&self) -> impl Iterator<Item = (Victim, u32)> {
        [Victim::ClickHouse, Victim::PostgRest, Victim::Postgres, Victim::Worker].into_iter().map(|victim| {
            let of_kind = KINDS.iter().zip(&self.outages).filter(|(victims, _)| victims.contains(&victim));
            (victim, of_kind.map(|(_, outages)| outages.times).sum())
        })
    }

    /// The report as JSON, for scripts.
    pub(super) fn to_json(&self) -> Value {
        let count =
            |count: &Count| json!({ "stored": count.stored, "lost": count.lost, "duplicated": count.duplicated });
        let all = Phase::of(self.ledger.tries.iter());
        let kills: serde_json::Map<String, Value> =
            self.kills().map(|(victim, times)| (victim.title().to_lowercase(), times.into())).collect();
        json!({
            "sink": self.sink, "events": self.events, "acknowledged": self.ledger.acknowledged.len(),
            "raw": count(&self.verdict.raw),
            "rollup": count(&self.verdict.rollup), "rollup_runs": self.computed.runs,
            "rollup_runs_broken": self.computed.broken, "marks_lost": self.computed.found,
            "extra": self.verdict.extra, "written": self.stored.written, "dead_letters": self.stored.dead,
            "kills": kills, "requests": all.tries, "accepted": all.accepted, "unavailable": all.unavailable,
            "no_answer": all.nothing, "retries": self.ledger.retries,
            "p50_ms": all.percentile(50).map(f64::round), "p99_ms": all.percentile(99).map(f64::round),
            "seconds": self.sent.as_secs_f64().round(),
        })
    }
}
