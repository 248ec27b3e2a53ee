//! Retention: who comes back, how much later (`docs/funnels-and-retention.md`).

mod build;
mod shape;

use serde_json::Value;

pub use build::build;
pub use shape::answer;

use super::dimension::Interval;
use super::fault::Fault;
use super::filter::{self, Filter};
use super::frame::{self, Frame, flag, word};
use super::range::{first_of_month, month_of, next_month, shifted};
use super::read::{Members as _, World, whole};
use intake::time::{DAY_MS, Day, Timestamp};
use statement::Range;

/// Members of a question about retention besides those of every question.
const MEMBERS: &[&str] = &["cohort_by", "return", "interval", "periods", "unbounded", "breakdown"];
const MAX_PERIODS: u32 = 60;
const DEFAULT_PERIODS: u32 = 8;
/// Most cohorts times periods.
const MAX_CELLS: usize = 10_000;

/// A question about who comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct Retention {
    /// Which events.
    pub frame: Frame,
    /// The first event in the period that fits puts a person into a cohort; an empty `And` is any.
    pub cohort: Filter,
    /// What a return is; an empty `And` is any event.
    pub back: Filter,
    /// Width of cohorts and periods: days, weeks or months.
    pub interval: Interval,
    /// How many periods, the cohort's own among them, 1 to 60.
    pub periods: u32,
    /// A later return counts for all periods before it too.
    pub unbounded: bool,
    /// When it is asked.
    pub now: Timestamp,
}

impl Retention {
    /// Reads a question from a JSON body.
    ///
    /// # Errors
    /// What is wrong, with its path and what is allowed.
    pub fn from_json(body: &Value, world: World<'_>) -> Result<Self, Fault> {
        let members = frame::members(body)?;
        let words = [("day", Interval::Day), ("week", Interval::Week), ("month", Interval::Month)];
        let interval = word(members, "interval", &words, Interval::Week)?;
        let (value, path) = members.member("periods");
        let periods = value.map_or(Ok(DEFAULT_PERIODS), |value| whole(value, MAX_PERIODS, &path))?;
        let unbounded = flag(members, "unbounded", &super::Path::new(""))?;
        let days = match interval {
            Interval::Week => 7,
            Interval::Month => 31,
            _ => 1,
        };
        // Later returns may come until now.
        let ahead = if unbounded { world.now.0 } else { i64::from(periods) * days * DAY_MS };
        let frame = Frame::read(members, MEMBERS, world, ahead)?;
        let everything = || Ok(Filter::And(Vec::new()));
        let (value, path) = members.member("cohort_by");
        let cohort = match value {
            None => everything(),
            Some(Value::String(first)) if first == "first" => everything(),
            Some(value @ Value::Array(_)) => filter::read_event(value, &path, world.segments),
            Some(_) => Err(path.fault("must be first, or a condition such as [\"is\",\"event\",[\"signup\"]]")),
        }?;
        let (value, path) = members.member("return");
        let back = value.map_or_else(everything, |value| filter::read_event(value, &path, world.segments))?;
        let retention = Self { frame, cohort, back, interval, periods, unbounded, now: world.now };
        if retention.cells() > MAX_CELLS {
            let message = format!("cohorts times periods must be {MAX_CELLS} at most; take fewer, or a wider interval");
            return Err(members.member("periods").1.fault(message));
        }
        Ok(retention)
    }

    /// The number of the step of the time axis that a local date lies in; steps have consecutive ones.
    fn number(&self, day: Day) -> i64 {
        match self.interval {
            // 1970-01-01 was a Thursday; weeks begin on Monday.
            Interval::Week => (i64::from(day.0) + 3).div_euclid(7),
            Interval::Month => month_of(day),
            _ => i64::from(day.0),
        }
    }

    /// The cohorts of the period: the local date that each begins on, in order.
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

    /// Cohorts times periods.
    fn cells(&self) -> usize {
        self.cohorts().count().saturating_mul(usize::try_from(self.periods).unwrap_or(usize::MAX))
    }

    /// The step after the one that begins on a date.
    fn next(&self, day: Day) -> Day {
        match self.interval {
            Interval::Week => shifted(day, 7),
            Interval::Month => next_month(day),
            _ => shifted(day, 1),
        }
    }

    /// The time in which cohort events and returns lie.
    fn whole(&self) -> Range {
        let Range { from, to } = self.frame.range;
        let end = if self.unbounded {
            // Clocks may go ahead by a day.
            self.now.plus(DAY_MS)
        } else {
            let last = self.cohorts().last().unwrap_or(to.day());
            self.frame.zone.start_of((0..self.periods).fold(last, |day, _| self.next(day)))
        };
        Range { from, to: to.max(end) }
    }
}

/// The members of a question about retention, in no order.
pub fn members() -> impl Iterator<Item = &'static str> {
    MEMBERS.iter().chain(frame::MEMBERS).copied()
}

#[cfg(test)]
mod tests;
