//! The report: a table for people, JSON for programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::Race;
use super::goal::{Figure, Goal};
use super::rounds::{Plan, Sample};

/// The report of a race. Ratios are relative to the first contestant.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    bench: &'static str,
    rounds: u32,
    requests: u32,
    connections: u32,
    /// Events per request.
    events: u32,
    environment: Environment,
    contestants: Vec<Line>,
    goals: Vec<Outcome>,
}

/// The machine and the runtime.
#[derive(Debug, Serialize)]
pub(super) struct Environment {
    /// Number of cores available to this process.
    pub(super) cores: usize,
    /// Model name of the processor.
    pub(super) processor: String,
    /// Version of workerd.
    pub(super) workerd: String,
}

#[derive(Debug, Serialize)]
struct Line {
    title: &'static str,
    name: &'static str,
    requests_per_second: Spread,
    cpu_us_per_request: Spread,
    /// CPU time relative to the first contestant, within each round.
    cpu_ratio: Spread,
    /// CPU time relative to the rival. `None` if the rival was not measured.
    cpu_ratio_to_rival: Option<Spread>,
    /// CPU time of the whole process up to its first response.
    first_answer_cpu_ms: Spread,
    bundle_bytes: u64,
    bundle_gzip_bytes: u64,
}

/// A goal and its result.
#[derive(Debug, Serialize)]
struct Outcome {
    goal: &'static str,
    sign: &'static str,
    limit: f64,
    /// `None` if it could not be measured.
    measured: Option<f64>,
    met: Option<bool>,
}

/// The figures of all rounds, and their median, lowest and highest.
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

    fn whole(&self) -> String {
        format!("{:.0} ({:.0}–{:.0})", self.median, self.min, self.max)
    }

    fn ratio(&self) -> String {
        format!("{:.2} ({:.2}–{:.2})", self.median, self.min, self.max)
    }
}

impl Report {
    /// Brings contestants and samples together.
    pub(super) fn new(race: &Race, plan: Plan, environment: Environment, samples: &[Vec<Sample>]) -> Self {
        let of = |name: &str| {
            let at = race.contestants.iter().position(|contestant| contestant.name == name)?;
            Some((race.contestants.get(at)?, samples.get(at)?.as_slice()))
        };
        let floor = samples.first().map_or(&[][..], Vec::as_slice);
        let lines = race.contestants.iter().zip(samples).map(|(contestant, samples)| {
            let (raw, gzip) = contestant.size();
            Line {
                title: contestant.title,
                name: contestant.name,
                requests_per_second: Spread::of(samples.iter().map(|sample| sample.requests_per_second).collect()),
                cpu_us_per_request: Spread::of(samples.iter().map(|sample| sample.cpu_us_per_request).collect()),
                cpu_ratio: ratios(samples, floor, |sample| sample.cpu_us_per_request),
                cpu_ratio_to_rival: contestant
                    .rival
                    .and_then(of)
                    .map(|(_, rival)| ratios(samples, rival, |sample| sample.cpu_us_per_request)),
                first_answer_cpu_ms: Spread::of(samples.iter().map(|sample| sample.first_answer_ms).collect()),
                bundle_bytes: raw,
                bundle_gzip_bytes: gzip,
            }
        });
        let lines = lines.collect();
        let outcome = |goal: &Goal| {
            let measured = of(goal.of).and_then(|(contestant, own)| match goal.figure {
                Figure::CpuTo(other) => Some(ratios(own, of(other)?.1, |sample| sample.cpu_us_per_request).median),
                Figure::FirstAnswerTo(other) => Some(ratios(own, of(other)?.1, |sample| sample.first_answer_ms).median),
                Figure::EventsPerCpuSecond => {
                    let cpu = Spread::of(own.iter().map(|sample| sample.cpu_us_per_request).collect());
                    Some(f64::from(race.events) * 1e6 / cpu.median)
                }
                #[expect(clippy::cast_precision_loss, reason = "a bundle is far below 2^52 bytes")]
                Figure::BundleKb => Some(contestant.size().1 as f64 / 1000.0),
            });
            let (sign, limit) = goal.bound.parts();
            let met = measured.map(|measured| goal.bound.is_met(measured));
            Outcome { goal: goal.title, sign, limit, measured, met }
        };
        Self {
            bench: race.name,
            rounds: plan.rounds,
            requests: plan.load.requests,
            connections: plan.load.connections,
            events: race.events,
            environment,
            contestants: lines,
            goals: race.goals.iter().map(outcome).collect(),
        }
    }

    /// Medians over the rounds with the lowest and the highest value, then the goals.
    pub(super) fn table(&self) -> String {
        let Environment { cores, processor, workerd } = &self.environment;
        let mut table = format!(
            "\nbench {}: {} rounds of {} requests over {} connections\n{workerd}, {cores} cores, {processor}\n\n",
            self.bench, self.rounds, self.requests, self.connections
        );
        let _ = writeln!(
            table,
            "{:<28}{:>10}{:>23}{:>21}{:>21}{:>17}{:>16}",
            "median (lowest–highest)",
            "requests/s",
            "CPU µs/request",
            "× empty Worker",
            "× peer",
            "first answer ms",
            "KB, gzip"
        );
        for line in &self.contestants {
            let rival = line.cpu_ratio_to_rival.as_ref().map_or_else(String::new, Spread::ratio);
            let _ = writeln!(
                table,
                "{:<28}{:>10.0}{:>23}{:>21}{:>21}{:>17.0}{:>16}",
                line.title,
                line.requests_per_second.median,
                line.cpu_us_per_request.whole(),
                line.cpu_ratio.ratio(),
                rival,
                line.first_answer_cpu_ms.median,
                format!("{} {}", line.bundle_bytes / 1000, line.bundle_gzip_bytes / 1000)
            );
        }
        for Outcome { goal, sign, limit, measured, met } in &self.goals {
            let digits = if *limit < 100.0 { 2 } else { 0 };
            let measured =
                measured.map_or_else(|| "not measured".to_owned(), |measured| format!("{measured:.digits$}"));
            let verdict = met.map_or("", |met| if met { "met" } else { "missed" });
            let _ = writeln!(table, "goal: {goal:<36}{sign} {limit:<10.digits$}{measured:>14}  {verdict}");
        }
        table
    }
}

/// Ratios are taken within each round, because the state of the machine differs between rounds.
fn ratios(own: &[Sample], other: &[Sample], figure: impl Fn(&Sample) -> f64) -> Spread {
    Spread::of(own.iter().zip(other).map(|(own, other)| figure(own) / figure(other)).collect())
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
