//! The schedule: which processes are killed, when, and for how long.

use std::time::Duration;

use crate::random::Seed;

/// A process that can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Victim {
    /// The event store.
    ClickHouse,
    /// The control plane's API, PostgREST.
    PostgRest,
    /// The control plane's database, PostgreSQL.
    Postgres,
    /// The Worker with its Durable Objects.
    Worker,
}

impl Victim {
    /// Product name.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::ClickHouse => "ClickHouse",
            Self::PostgRest => "PostgREST",
            Self::Postgres => "PostgreSQL",
            Self::Worker => "Worker",
        }
    }
}

/// The kinds of outages: which processes are killed together. A Worker that keeps running has its keys cached and works
/// without the control plane for a while; one that is killed too must look them up again.
pub(super) const KINDS: &[&[Victim]] = &[
    &[Victim::ClickHouse],
    &[Victim::Worker],
    &[Victim::PostgRest],
    &[Victim::ClickHouse, Victim::Worker],
    &[Victim::Postgres],
    &[Victim::PostgRest, Victim::Worker],
];

/// A planned outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Planned {
    /// Index into [`KINDS`].
    pub(super) kind: usize,
    /// Pause before the outage.
    pub(super) after: Duration,
    /// Time between kill and restart.
    pub(super) down: Duration,
}

/// All outages, in order.
#[derive(Debug)]
pub(super) struct Schedule {
    pub(super) outages: Vec<Planned>,
}

impl Schedule {
    /// Plans `rounds` outages of each kind.
    pub(super) fn new(rounds: u32, max_down: Duration, seed: &Seed) -> Self {
        let mut random = seed.stream("schedule", [0, 0]);
        let mut between = |from: u64, to: u64| Duration::from_millis(from + random.below(to.saturating_sub(from) + 1));
        let longest = u64::try_from(max_down.as_millis()).unwrap_or(u64::MAX);
        let outages = (0..rounds)
            .flat_map(|_| 0..KINDS.len())
            .map(|kind| Planned { kind, after: between(800, 2_500), down: between(500, longest) })
            .collect();
        Self { outages }
    }

    /// Total time without restarts.
    pub(super) fn span(&self) -> Duration {
        self.outages.iter().map(|outage| outage.after + outage.down).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_killed_in_every_round() {
        let schedule = Schedule::new(3, Duration::from_secs(5), &Seed::of("1"));
        for victim in [Victim::ClickHouse, Victim::PostgRest, Victim::Postgres, Victim::Worker] {
            let kills = schedule.outages.iter().filter(|outage| KINDS[outage.kind].contains(&victim)).count();
            assert!(kills >= 3, "{victim:?}");
        }
        let range = Duration::from_millis(500)..=Duration::from_secs(5);
        assert!(schedule.outages.iter().all(|outage| range.contains(&outage.down)));
        assert_eq!(schedule.outages, Schedule::new(3, Duration::from_secs(5), &Seed::of("1")).outages);
    }
}
