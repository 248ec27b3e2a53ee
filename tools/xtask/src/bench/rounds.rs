//! Rounds: each round measures every contestant once, in alternating order and in a fresh process.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::state::State;
use crate::step::step;
use crate::stop;

use super::contestant::{Contestant, Request};
use super::load::Load;
use super::workerd::Workerd;

/// Number of rounds and load per round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// Number of rounds.
    pub(super) rounds: u32,
    /// Load of each contestant per round.
    pub(super) load: Load,
}

impl Plan {
    /// The load before the measurement: V8 optimizes hot functions during the first thousands of requests.
    fn warm_up(self) -> Load {
        Load { requests: (self.load.requests / 4).max(1), ..self.load }
    }
}

/// Figures of one contestant in one round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Requests per second.
    pub(super) requests_per_second: f64,
    /// CPU time of the whole process per request, in microseconds.
    pub(super) cpu_us_per_request: f64,
    /// CPU time of the whole process from its start to its first response, in milliseconds.
    pub(super) first_answer_ms: f64,
}

impl Sample {
    fn of(requests: u32, elapsed: Duration, cpu: Duration, first_answer: Duration) -> Self {
        let requests = f64::from(requests);
        Self {
            requests_per_second: requests / elapsed.as_secs_f64(),
            cpu_us_per_request: cpu.as_secs_f64() * 1e6 / requests,
            first_answer_ms: first_answer.as_secs_f64() * 1e3,
        }
    }
}

/// Runs all rounds. Returns the samples of each contestant, in the order of the contestants.
///
/// The order is reversed every round, so that a machine that slows down or speeds up favours no contestant. Each sample
/// has its own process, because two processes of one binary differ too.
pub(super) fn run(contestants: &[Contestant], plan: Plan, state: &State) -> Result<Vec<Vec<Sample>>> {
    let mut samples = vec![Vec::new(); contestants.len()];
    for round in 0..plan.rounds {
        step(&format!("round {} of {}", round + 1, plan.rounds), || {
            let mut order: Vec<usize> = (0..contestants.len()).collect();
            if round % 2 == 1 {
                order.reverse();
            }
            for index in order {
                let (Some(contestant), Some(samples)) = (contestants.get(index), samples.get_mut(index)) else {
                    continue;
                };
                samples.push(sample(contestant, plan, state).with_context(|| contestant.title)?);
            }
            Ok(())
        })?;
    }
    Ok(samples)
}

fn sample(contestant: &Contestant, plan: Plan, state: &State) -> Result<Sample> {
    stop::check()?;
    let requests: Vec<Vec<u8>> = contestant.requests.iter().map(Request::bytes).collect();
    let workerd = Workerd::start(contestant, &[], state)?;
    Load { connections: 1, requests: 1 }.run(workerd.address, &requests)?;
    let first_answer = workerd.cpu()?;
    plan.warm_up().run(workerd.address, &requests)?;
    let before = workerd.cpu()?;
    let elapsed = plan.load.run(workerd.address, &requests)?;
    let cpu = workerd.cpu()?.saturating_sub(before);
    Ok(Sample::of(plan.load.requests, elapsed, cpu, first_answer))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Sample;

    #[test]
    fn a_sample_is_per_second_and_per_request() {
        let sample = Sample::of(1000, Duration::from_secs(2), Duration::from_millis(150), Duration::from_millis(40));
        assert!((sample.requests_per_second - 500.0).abs() < 1e-9);
        assert!((sample.cpu_us_per_request - 150.0).abs() < 1e-9);
        assert!((sample.first_answer_ms - 40.0).abs() < 1e-9);
    }
}
