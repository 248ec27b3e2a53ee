//! What is killed, when, and for how long.

use std::time::Duration;

use crate::random::Seed;

/// What can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Victim {
    /// The event store.
    ClickHouse,
    /// The control plane's front.
    PostgRest,
    /// The control plane's database.
    Postgres,
    /// The Worker, its Durable Objects with it.
    Worker,
}

impl Victim {
    /// As people call it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::ClickHouse => "ClickHouse",
            Self::PostgRest => "PostgREST",
            Self::Postgres => "PostgreSQL",
            Self::Worker => "Worker",
        }
    }
}

/// What an outage takes away. The Worker alone knows keys by heart and goes on without the control plane for a while;
/// killed together with it, it must ask.
pub(super) const KINDS: &[&[Victim]] = &[
    &[Victim::ClickHouse],
    &[Victim::Worker],
    &[Victim::PostgRest],
    &[Victim::ClickHouse, Victim::Worker],
    &[Victim::Postgres],
    &[Victim::PostgRest, Victim::Worker],
];

/// One outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Planned {
    /// Index into [`KINDS`].
    pub(super) kind: usize,
    /// Pause before it.
    pub(super) after: Duration,
    /// From the kill to the start.
    pub(super) down: Duration,
}

/// All outages, one after the other.
#[derive(Debug)]
pub(super) struct Schedule {
    pub(super) outages: Vec<Planned>,
}

impl Schedule {
    /// Every kind of outage, `rounds` times.
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

    /// How long it lasts, starts not counted.
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
