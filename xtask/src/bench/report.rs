//! The result: a table for a reader, JSON for a program.

use std::fmt::Write as _;

use serde::Serialize;

use super::contestant::Contestant;
use super::rounds::{Plan, Sample};

/// A whole bench. The first contestant is the one that others are measured against.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    bench: &'static str,
    rounds: u32,
    requests: u32,
    connections: u32,
    environment: Environment,
    contestants: Vec<Line>,
}

/// What the figures depend on besides the code.
#[derive(Debug, Serialize)]
pub(super) struct Environment {
    /// Cores that this process may use.
    pub(super) cores: usize,
    /// The processor's name for itself.
    pub(super) processor: String,
    /// The runtime.
    pub(super) workerd: String,
}

#[derive(Debug, Serialize)]
struct Line {
    title: &'static str,
    requests_per_second: Spread,
    cpu_us_per_request: Spread,
    /// Processor time against the first contestant's of the same round.
    cpu_ratio: Spread,
}

/// Figures of all rounds and what to read from them.
#[derive(Debug, Serialize)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
    rounds: Vec<f64>,
}

impl Spread {
    fn of(rounds: Vec<f64>) -> Self {
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let (middle, last) = (sorted.len() / 2, sorted.len().saturating_sub(1));
        let median = if sorted.len().is_multiple_of(2) {
            f64::midpoint(at(middle.saturating_sub(1)), at(middle))
        } else {
            at(middle)
        };
        Self { median, min: at(0), max: at(last), rounds }
    }
}

impl Report {
    /// Brings contestants and samples together.
    pub(super) fn new(
        bench: &'static str,
        plan: Plan,
        environment: Environment,
        contestants: &[Contestant],
        samples: &[Vec<Sample>],
    ) -> Self {
        let floor = samples.first().map_or(&[][..], Vec::as_slice);
        let lines = contestants.iter().zip(samples).map(|(contestant, samples)| {
            // Within a round the machine was in about the same state, so rounds are compared, not medians.
            let ratios =
                samples.iter().zip(floor).map(|(own, floor)| own.cpu_us_per_request / floor.cpu_us_per_request);
            Line {
                title: contestant.title,
                requests_per_second: Spread::of(samples.iter().map(|sample| sample.requests_per_second).collect()),
                cpu_us_per_request: Spread::of(samples.iter().map(|sample| sample.cpu_us_per_request).collect()),
                cpu_ratio: Spread::of(ratios.collect()),
            }
        });
        Self {
            bench,
            rounds: plan.rounds,
            requests: plan.load.requests,
            connections: plan.load.connections,
            environment,
            contestants: lines.collect(),
        }
    }

    /// Medians over the rounds, with the lowest and the highest.
    pub(super) fn table(&self) -> String {
        let Environment { cores, processor, workerd } = &self.environment;
        let mut table = format!(
            "\nbench {}: {} rounds of {} requests over {} connections\n{workerd}, {cores} cores, {processor}\n\n",
            self.bench, self.rounds, self.requests, self.connections
        );
        let _ = writeln!(
            table,
            "{:<24}{:>12}{:>18}{:>26}",
            "median (lowest–highest)", "requests/s", "CPU µs/request", "ratio of CPU"
        );
        for line in &self.contestants {
            let (cpu, ratio) = (&line.cpu_us_per_request, &line.cpu_ratio);
            let _ = writeln!(
                table,
                "{:<24}{:>12.0}{:>8.0} ({:>3.0}–{:>3.0}){:>13.2} ({:.2}–{:.2})",
                line.title,
                line.requests_per_second.median,
                cpu.median,
                cpu.min,
                cpu.max,
                ratio.median,
                ratio.min,
                ratio.max
            );
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn the_median_is_the_middle_or_between_the_middle_two() {
        let odd = Spread::of(vec![3.0, 1.0, 2.0]);
        assert_eq!((odd.median, odd.min, odd.max, odd.rounds), (2.0, 1.0, 3.0, vec![3.0, 1.0, 2.0]));
        assert!((Spread::of(vec![4.0, 1.0, 2.0, 3.0]).median - 2.5).abs() < 1e-9);
    }
}
