//! Distributes events over projects and days, and visits over hours.

use intake::time::Day;

/// Weights from Monday to Sunday.
const WEEKDAYS: [u64; 7] = [104, 108, 107, 105, 96, 62, 58];
/// Weights of the hours of the visitor's local time.
pub(super) const HOURS: [u64; 24] =
    [4, 2, 1, 1, 1, 2, 5, 10, 15, 18, 18, 17, 14, 16, 17, 16, 15, 14, 13, 14, 15, 14, 11, 7];
/// Factor of the traffic on the launch day.
const LAUNCH: u64 = 10;
/// Minimum number of days for a launch, which would dominate a shorter period.
const DAYS_FOR_LAUNCH: u32 = 7;

/// What to generate.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Total events of all projects.
    pub(super) events: u64,
    /// Number of projects, all of the same size.
    pub(super) projects: u32,
    first: Day,
    /// Cumulative weights of the days, starting with 0.
    sums: Vec<u64>,
}

impl Plan {
    /// Plans `days` days. The last one is the day before `until`.
    pub(super) fn new(events: u64, projects: u32, days: u32, until: Day) -> Self {
        let first = Day(until.0.saturating_sub_unsigned(days));
        let mut plan = Self { events, projects, first, sums: vec![0] };
        let mut sum = 0;
        for index in 0..days {
            sum += plan.weight(index, days);
            plan.sums.push(sum);
        }
        plan
    }

    /// Weight of a day. Traffic grows by half over the period.
    fn weight(&self, index: u32, days: u32) -> u64 {
        let weekday = WEEKDAYS[usize::try_from((self.day(index).0 + 3).rem_euclid(7)).unwrap_or_default()];
        let growth = 1000 + 500 * u64::from(index) / u64::from(days);
        weekday * growth * if launch(days) == Some(index) { LAUNCH } else { 1 }
    }

    /// Number of days.
    pub(super) fn days(&self) -> u32 {
        u32::try_from(self.sums.len() - 1).unwrap_or(u32::MAX)
    }

    /// The day with this index.
    pub(super) fn day(&self, index: u32) -> Day {
        Day(self.first.0.saturating_add_unsigned(index))
    }

    /// Whether this day is the launch day.
    pub(super) fn is_launch(&self, index: u32) -> bool {
        launch(self.days()) == Some(index)
    }

    /// Events of a project.
    pub(super) fn events_of(&self, project: u32) -> u64 {
        let projects = u64::from(self.projects);
        self.events / projects + u64::from(u64::from(project) < self.events % projects)
    }

    /// Events of a project on a day. Over all days they add up to [`Self::events_of`].
    pub(super) fn events_on(&self, project: u32, day: u32) -> u64 {
        let up_to = |index: usize| {
            let (part, all) = (self.sums.get(index).copied().unwrap_or_default(), self.sums.last().copied());
            let wide = u128::from(self.events_of(project)) * u128::from(part) / u128::from(all.unwrap_or(1).max(1));
            u64::try_from(wide).unwrap_or(u64::MAX)
        };
        let index = day as usize;
        up_to(index + 1) - up_to(index)
    }
}

fn launch(days: u32) -> Option<u32> {
    (days >= DAYS_FOR_LAUNCH).then_some(days * 2 / 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_its_day_and_its_project() {
        for (events, projects, days) in [(0, 1, 1), (1, 3, 1), (1000, 3, 10), (999_983, 7, 365)] {
            let plan = Plan::new(events, projects, days, Day(20_000));
            let of = |project| (0..days).map(|day| plan.events_on(project, day)).sum::<u64>();
            assert_eq!((0..projects).map(of).sum::<u64>(), events);
            assert!((0..projects).all(|project| of(project) == plan.events_of(project)));
            assert_eq!((plan.days(), plan.day(days)), (days, Day(20_000)));
        }
    }

    #[test]
    fn a_launch_has_ten_times_the_traffic_and_a_sunday_half() {
        let plan = Plan::new(1_000_000, 1, 30, Day::parse("2026-11-21").unwrap());
        let launch = (0..30).find(|day| plan.is_launch(*day)).unwrap();
        let (on, week_before) = (plan.events_on(0, launch), plan.events_on(0, launch - 7));
        assert!((10 * week_before..12 * week_before).contains(&on), "{on} {week_before}");
        let index = |day: &str| u32::try_from(Day::parse(day).unwrap().0 - plan.day(0).0).unwrap();
        let (friday, sunday) = (index("2026-11-06"), index("2026-11-08"));
        assert!(plan.events_on(0, sunday) * 3 < plan.events_on(0, friday) * 2);
        assert!(!(0..6).any(|day| Plan::new(1, 1, 6, Day(1)).is_launch(day)));
    }
}
