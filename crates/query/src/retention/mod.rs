//! The report retention: how many persons come back, and how much later (`docs/funnels-and-retention.md`).

mod build;
mod shape;

use serde_json::Value;

pub use build::build;
pub use shape::{Cohort, RetentionAnswer};

use super::dimension::Interval;
use super::fault::{Fault, Path};
use super::filter::{self, Filter};
use super::frame::{Frame, members};
use super::member::{Breakdown, Condition, Member, Members as _, Whole, question, words};
use super::range::{first_of_month, month_of, next_month, shifted};
use super::report::{Found, Report};
use super::world::World;
use intake::time::{DAY_MS, Day, Timestamp};
use statement::{Range, Scope, Statement};

/// Maximum number of periods of a cohort.
pub const MAX_PERIODS: u32 = 60;
/// Default number of periods of a cohort.
pub(crate) const DEFAULT_PERIODS: u32 = 8;
/// Maximum of cohorts times periods.
const MAX_CELLS: usize = 10_000;

/// A parsed question for retention.
#[derive(Debug, Clone, PartialEq)]
pub struct Retention {
    /// Period, filters and breakdown.
    pub frame: Frame,
    /// A person's cohort is that of their first event in the period that meets this condition. An empty `And` means any
    /// event.
    pub cohort: Filter,
    /// The condition of a return. An empty `And` means any event.
    pub back: Filter,
    /// Width of cohorts and periods: days, weeks or months.
    pub interval: Interval,
    /// Number of periods including the cohort's own, 1 to 60.
    pub periods: u32,
    /// Whether a return also counts for all earlier periods.
    pub unbounded: bool,
    /// The time of the question.
    pub now: Timestamp,
}

words! {
    /// Width of cohorts and periods.
    pub enum Width {
        /// Calendar days.
        Day = "day",
        /// Weeks from Monday.
        Week = "week",
        /// Calendar months.
        Month = "month",
    }
}

question! {
    /// How many persons of each cohort come back in later periods.
    pub struct RetentionQuestion in people {
        /// The first event in the period that matches puts a person into a cohort; by default any event.
        cohort_by: CohortBy,
        /// What a return is; by default any event.
        r#return: Condition,
        /// Width of cohorts and periods; `week` by default.
        interval: Width,
        /// How many periods, including the cohort's own. Cohorts times periods are at most 10,000.
        #[cfg_attr(feature = "documented", schemars(extend("default" = DEFAULT_PERIODS)))]
        periods: Whole<MAX_PERIODS>,
        /// A return also counts for all earlier periods.
        unbounded: bool,
        /// A column or property of the cohort event to break the answer down by.
        breakdown: Breakdown,
    }
}

/// What puts a person into a cohort: `first`, or a condition on single events.
#[derive(Debug)]
pub struct CohortBy(Filter);

impl Member for CohortBy {
    fn read(value: &Value, path: &Path<'_>, world: World<'_>) -> Result<Self, Fault> {
        match value {
            Value::String(first) if first == "first" => Ok(Self(Filter::everything())),
            Value::Array(_) => filter::read_event(value, path, world.segments).map(Self),
            _ => Err(path.fault("must be first, or a condition such as [\"is\",\"event\",[\"signup\"]]")),
        }
    }
}

impl Report for Retention {
    type Answer = RetentionAnswer;

    fn project(&self) -> Option<&str> {
        self.frame.project.as_deref()
    }

    fn statements(&mut self, scope: &Scope<'_>, _: &[Found]) -> Result<Vec<Statement>, String> {
        Ok(vec![build(self, scope)])
    }

    fn answer(&self, _: &Scope<'_>, found: &[Found], elapsed_ms: i64) -> Result<RetentionAnswer, String> {
        shape::answer(self, found, elapsed_ms)
    }
}

impl Retention {
    /// Parses a question from a JSON body.
    ///
    /// # Errors
    /// What is wrong, with its path and what is allowed.
    pub fn from_json(body: &Value, world: World<'_>) -> Result<Self, Fault> {
        let members = members(body, RetentionQuestion::MEMBERS)?;
        let asked = RetentionQuestion::of(members, world)?;
        let interval = match asked.interval.unwrap_or(Width::Week) {
            Width::Day => Interval::Day,
            Width::Week => Interval::Week,
            Width::Month => Interval::Month,
        };
        let periods = asked.periods.map_or(DEFAULT_PERIODS, |periods| periods.0);
        let unbounded = asked.unbounded.unwrap_or(false);
        let days = match interval {
            Interval::Week => 7,
            Interval::Month => 31,
            _ => 1,
        };
        // Returns are read up to now.
        let ahead = if unbounded { world.now.0 } else { i64::from(periods) * days * DAY_MS };
        let frame = Frame::of(members, (asked.filters, asked.include, asked.breakdown), world, ahead)?;
        let cohort = asked.cohort_by.map_or_else(Filter::everything, |cohort| cohort.0);
        let back = asked.r#return.map_or_else(Filter::everything, |back| back.0);
        let retention = Self { frame, cohort, back, interval, periods, unbounded, now: world.now };
        if retention.cells() > MAX_CELLS {
            let message = format!(
                "cohorts times periods must be at most {MAX_CELLS}; use fewer periods, a shorter date_range or a wider interval"
            );
            return Err(members.member("periods").1.fault(message));
        }
        Ok(retention)
    }

    /// The number of the step that contains a local date. Steps are numbered consecutively.
    fn number(&self, day: Day) -> i64 {
        match self.interval {
            // 1970-01-01 was a Thursday; weeks begin on Monday.
            Interval::Week => (i64::from(day.0) + 3).div_euclid(7),
            Interval::Month => month_of(day),
            _ => i64::from(day.0),
        }
    }

    /// The cohorts of the period as the local dates on which they begin, in order.
    fn cohorts(&self) -> impl Iterator<Item = Day> {
        let zone = &self.frame.zone;
        let (first, last) = (zone.day(self.frame.range.from), zone.day(self.frame.range.to.plus(-1)));
        let begin = match self.interval {
            Interval::Week => shifted(first, -(i64::from(first.0) + 3).rem_euclid(7)),
            Interval::Month => first_of_month(first),
            _ => first,
        };
        std::iter::successors(Some(begin), |day| Some(self.next(*day))).take_while(move |day| *day <= last)
    }

    /// The number of cells: cohorts times periods.
    fn cells(&self) -> usize {
        self.cohorts().count().saturating_mul(usize::try_from(self.periods).unwrap_or(usize::MAX))
    }

    /// The start of the next step.
    fn next(&self, day: Day) -> Day {
        match self.interval {
            Interval::Week => shifted(day, 7),
            Interval::Month => next_month(day),
            _ => shifted(day, 1),
        }
    }

    /// The period of cohort events and returns.
    fn whole(&self) -> Range {
        let Range { from, to } = self.frame.range;
        let end = if self.unbounded {
            // Timestamps can be up to a day in the future (`docs/concepts.md`, "Time").
            self.now.plus(DAY_MS)
        } else {
            let last = self.cohorts().last().unwrap_or(to.day());
            self.frame.zone.start_of((0..self.periods).fold(last, |day, _| self.next(day)))
        };
        Range { from, to: to.max(end) }
    }
}

#[cfg(test)]
mod tests;
