//! Periods: parses what a question asks for, and resolves it to instants in a time zone.

use chrono::{Datelike as _, Months, NaiveDate};
use serde_json::Value;

use super::fault::{Fault, Path};
use super::nearest::unknown;
use super::zone::Zone;
use intake::time::{DAY_MS, Day, LAST_MS, Timestamp};
use statement::Range;

/// Longest period of one question: five years (`docs/concepts.md`, "Limits").
pub const MAX_DAYS: i64 = 5 * 366;

/// Periods in one word. `day` is `today`.
pub(crate) const WORDS: &[&str] = &["today", "day", "yesterday", "week", "month", "last_month", "year"];
/// Words for a period to compare with.
pub const COMPARE_WORDS: &[&str] = &["previous_period", "year_over_year"];

/// The message for a value that is not a period.
fn unknown_period(value: &Value) -> String {
    let words = unknown(value, WORDS.iter().copied());
    format!(
        "{words}, Nh, Nd or Nmo (the last N hours, days or months, including the current one), or a pair of dates (both \
         included) or of instants (the second excluded)"
    )
}

/// A period as a question gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// The last n hours, up to now.
    Hours(i64),
    /// The last n local days, including today.
    Days(i64),
    /// The last n calendar months, including the current one.
    Months(u32),
    /// The day before today.
    Yesterday,
    /// The previous calendar month.
    LastMonth,
    /// From Monday up to now.
    Week,
    /// From the first of January up to now.
    Year,
    /// From the first edge to the second. If the second is a date, that day is included.
    Between(Edge, Edge),
    /// From the first edge to the second, which is excluded even if it is a date. By default the second is now, and the
    /// first 30 days before it.
    Since(Option<Edge>, Option<Edge>),
}

/// One edge of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// An instant.
    At(Timestamp),
    /// A local date.
    On(Day),
}

impl Period {
    /// Parses a word or a pair.
    ///
    /// # Errors
    /// It is not a period; the message says what is allowed.
    pub fn parse(value: &Value, path: &Path<'_>) -> Result<Self, Fault> {
        match value {
            Value::String(word) => Self::word(word).ok_or_else(|| path.fault(unknown_period(value))),
            Value::Array(pair) => match pair.as_slice() {
                [from, to] => {
                    let edge = |value: &Value, index| {
                        let edge = value.as_str().and_then(Edge::parse).or_else(|| Edge::milliseconds(value.as_i64()?));
                        edge.ok_or_else(|| path.index(index).fault(Edge::FORM))
                    };
                    Ok(Self::Between(edge(from, 0)?, edge(to, 1)?))
                }
                _ => Err(path.fault(unknown_period(value))),
            },
            _ => Err(path.fault(unknown_period(value))),
        }
    }

    /// Parses a word.
    pub(super) fn word(word: &str) -> Option<Self> {
        match word {
            "today" | "day" => return Some(Self::Days(1)),
            "yesterday" => return Some(Self::Yesterday),
            "week" => return Some(Self::Week),
            "month" => return Some(Self::Months(1)),
            "last_month" => return Some(Self::LastMonth),
            "year" => return Some(Self::Year),
            _ => {}
        }
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = word.split_at_checked(digits)?;
        let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
        match unit {
            "h" if number <= 24 * 31 => Some(Self::Hours(i64::from(number))),
            "d" if i64::from(number) <= MAX_DAYS => Some(Self::Days(i64::from(number))),
            "mo" if number <= 60 => Some(Self::Months(number)),
            _ => None,
        }
    }

    /// A span that contains the period and the one before it, whatever the time zone.
    pub fn around(&self, now: Timestamp) -> Range {
        let days = match self {
            Self::Hours(hours) => hours / 24 + 1,
            Self::Days(days) => *days,
            Self::Months(months) => i64::from(*months) * 31,
            Self::Yesterday => 2,
            Self::Week => 7,
            Self::LastMonth => 62,
            Self::Year => 366,
            Self::Since(None, to) => {
                let to = to.map_or(now, Edge::roughly);
                return Range { from: to.plus(-470 * DAY_MS), to: to.plus(3 * DAY_MS) };
            }
            Self::Between(..) | Self::Since(..) => {
                let (from, to) = match *self {
                    Self::Between(from, to) => (from.roughly(), to.roughly()),
                    Self::Since(from, to) => (from.map_or(now, Edge::roughly), to.map_or(now, Edge::roughly)),
                    _ => (now, now),
                };
                // The length is checked later, so it is limited here.
                let length = (to.0 - from.0).clamp(0, MAX_DAYS * DAY_MS);
                return Range { from: from.plus(-length - 370 * DAY_MS), to: from.plus(length + 3 * DAY_MS) };
            }
        };
        Range { from: now.plus(-(2 * days + 370) * DAY_MS), to: now.plus(3 * DAY_MS) }
    }

    /// The period as instants.
    ///
    /// # Errors
    /// It is empty or longer than five years.
    pub fn resolve(&self, now: Timestamp, zone: &Zone, path: &Path<'_>) -> Result<Range, Fault> {
        let today = zone.day(now);
        let since = |day: Day| Range { from: zone.start_of(day), to: now };
        let range = match *self {
            Self::Hours(hours) => Range { from: now.plus(-hours * 3_600_000), to: now },
            Self::Days(days) => since(shifted(today, 1 - days)),
            Self::Months(months) => since(months_before(first_of_month(today), months - 1)),
            Self::Yesterday => Range { from: zone.start_of(shifted(today, -1)), to: zone.start_of(today) },
            Self::LastMonth => {
                let this = first_of_month(today);
                Range { from: zone.start_of(months_before(this, 1)), to: zone.start_of(this) }
            }
            Self::Week => since(shifted(today, -((i64::from(today.0) + 3).rem_euclid(7)))),
            Self::Year => since(first_of_year(today)),
            Self::Between(from, to) => {
                let to = match to {
                    Edge::At(at) => at,
                    Edge::On(day) => zone.start_of(shifted(day, 1)),
                };
                Range { from: from.begin(zone), to }
            }
            Self::Since(from, to) => {
                let to = to.map_or(now, |to| to.begin(zone));
                let from = from.map_or_else(|| zone.start_of(shifted(zone.day(to), -29)), |from| from.begin(zone));
                Range { from, to }
            }
        };
        // A question asked at the exact start of a day is valid; its answer is empty.
        let range = if range.from == range.to && !matches!(self, Self::Between(..) | Self::Since(..)) {
            Range { to: range.to.plus(1), ..range }
        } else {
            range
        };
        if range.from >= range.to {
            return Err(path.fault("the period must begin before it ends"));
        }
        if range.to.0 - range.from.0 > MAX_DAYS * DAY_MS {
            return Err(path.fault(format!("the period must be at most five years ({MAX_DAYS} days)")));
        }
        Ok(range)
    }
}

impl Edge {
    /// The message for a text that is not an edge.
    pub const FORM: &'static str = "must be ISO 8601 (2026-11-21 or 2026-11-21T10:00:00Z) or milliseconds since 1970";

    /// Parses a date or an instant.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(day) = Day::parse(text) {
            return Some(Self::On(day));
        }
        Timestamp::parse_iso(text).map(Self::At).or_else(|| Self::milliseconds(text.parse().ok()?))
    }

    fn milliseconds(ms: i64) -> Option<Self> {
        (0..=LAST_MS).contains(&ms).then_some(Self::At(Timestamp(ms)))
    }

    fn begin(self, zone: &Zone) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::On(day) => zone.start_of(day),
        }
    }

    fn roughly(self) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::On(day) => day.start(),
        }
    }
}

/// The period to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// The period of the same length directly before.
    PreviousPeriod,
    /// The same dates a year earlier.
    YearOverYear,
    /// Another period.
    With(Period),
}

impl Compare {
    /// Parses a word or a pair.
    ///
    /// # Errors
    /// It is neither; the message says what is allowed.
    pub fn parse(value: &Value, path: &Path<'_>) -> Result<Self, Fault> {
        match value.as_str() {
            Some("previous_period") => Ok(Self::PreviousPeriod),
            Some("year_over_year") => Ok(Self::YearOverYear),
            Some(_) => Err(path
                .fault(format!("{}, or a pair of dates or instants", unknown(value, COMPARE_WORDS.iter().copied())))),
            None => Period::parse(value, path).map(Self::With),
        }
    }

    /// Resolves the period to compare `range` with.
    ///
    /// # Errors
    /// As [`Period::resolve`].
    pub fn resolve(&self, range: Range, now: Timestamp, zone: &Zone, path: &Path<'_>) -> Result<Range, Fault> {
        match self {
            Self::With(period) => period.resolve(now, zone, path),
            Self::PreviousPeriod => {
                let first = zone.day(range.from);
                // Whole local days are moved by days, so that a clock change does not cut them.
                if zone.start_of(first) == range.from {
                    let last = zone.day(range.to.plus(-1));
                    let days = i64::from(last.0 - first.0) + 1;
                    return Ok(moved(range, zone, |day| shifted(day, -days)));
                }
                let length = range.to.0 - range.from.0;
                Ok(Range { from: range.from.plus(-length), to: range.from })
            }
            Self::YearOverYear => Ok(moved(range, zone, |day| months_before(day, 12))),
        }
    }
}

/// Both edges moved to other dates, at the same local times.
fn moved(range: Range, zone: &Zone, to: impl Fn(Day) -> Day) -> Range {
    let edge = |at: Timestamp| {
        let day = zone.day(at);
        let since_midnight = at.0 - zone.start_of(day).0;
        zone.start_of(to(day)).plus(since_midnight)
    };
    Range { from: edge(range.from), to: edge(range.to) }
}

/// The date `days` later.
pub(super) fn shifted(day: Day, days: i64) -> Day {
    Day(i32::try_from(i64::from(day.0) + days).unwrap_or(day.0))
}

fn date(day: Day) -> NaiveDate {
    NaiveDate::from_epoch_days(day.0).unwrap_or_default()
}

fn day(date: NaiveDate) -> Day {
    Day(date.to_epoch_days())
}

/// The first of the date's month.
pub(super) fn first_of_month(of: Day) -> Day {
    day(date(of).with_day(1).unwrap_or_default())
}

fn first_of_year(of: Day) -> Day {
    day(NaiveDate::from_yo_opt(date(of).year(), 1).unwrap_or_default())
}

/// The same date `months` earlier, or the last of that month if it is shorter.
pub(super) fn months_before(of: Day, months: u32) -> Day {
    day(date(of).checked_sub_months(Months::new(months)).unwrap_or_default())
}

/// Number of months from year 0 to the date's month.
pub(super) fn month_of(of: Day) -> i64 {
    i64::from(date(of).year()) * 12 + i64::from(date(of).month0())
}

/// The first of the next month.
pub(super) fn next_month(of: Day) -> Day {
    day(date(first_of_month(of)).checked_add_months(Months::new(1)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A Saturday.
    const NOW: Timestamp = Timestamp(1_795_255_200_000);

    fn ask(period: &Value, zone: &str) -> (String, String) {
        let path = Path::new("/date_range");
        let period = Period::parse(period, &path).unwrap();
        let around = period.around(NOW);
        let zone = Zone::learn(zone, around.from, around.to, crate::zone::host_offset).unwrap();
        let range = period.resolve(NOW, &zone, &path).unwrap();
        (range.from.to_iso(), range.to.to_iso())
    }

    #[test]
    fn periods_become_instants_in_their_zone() {
        let now = NOW.to_iso();
        for (period, zone, from, to) in [
            (json!("today"), "UTC", "2026-11-21T00:00:00.000Z", now.as_str()),
            (json!("30d"), "UTC", "2026-10-23T00:00:00.000Z", &now),
            (json!("30d"), "Europe/Berlin", "2026-10-22T22:00:00.000Z", &now),
            (json!("week"), "UTC", "2026-11-16T00:00:00.000Z", &now),
            (json!("month"), "America/New_York", "2026-11-01T04:00:00.000Z", &now),
            (json!("3mo"), "UTC", "2026-09-01T00:00:00.000Z", &now),
            (json!("last_month"), "Europe/Berlin", "2026-09-30T22:00:00.000Z", "2026-10-31T23:00:00.000Z"),
            (json!("year"), "UTC", "2026-01-01T00:00:00.000Z", &now),
            (json!("yesterday"), "Asia/Kolkata", "2026-11-19T18:30:00.000Z", "2026-11-20T18:30:00.000Z"),
            (json!(["2026-10-01", "2026-10-31"]), "UTC", "2026-10-01T00:00:00.000Z", "2026-11-01T00:00:00.000Z"),
            (
                json!(["2026-10-01T12:00:00Z", "2026-10-31"]),
                "Europe/Berlin",
                "2026-10-01T12:00:00.000Z",
                "2026-10-31T23:00:00.000Z",
            ),
        ] {
            assert_eq!(ask(&period, zone), (from.to_owned(), to.to_owned()), "{period} {zone}");
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        let path = Path::new("/date_range");
        for wrong in
            [json!("0d"), json!("9999d"), json!("soon"), json!(7), json!(["2026-10-01"]), json!(["a", "b"]), json!("")]
        {
            assert!(Period::parse(&wrong, &path).is_err(), "{wrong}");
        }
        for wrong in [json!(["2026-10-02", "2026-10-01"]), json!(["1926-01-01", "2026-01-01"])] {
            let period = Period::parse(&wrong, &path).unwrap();
            assert!(period.resolve(NOW, &Zone::utc(), &path).is_err(), "{wrong}");
        }
    }

    #[test]
    fn comparisons_keep_local_days_whole() {
        let path = Path::new("/compare");
        let day = |text: &str| Day::parse(text).unwrap();
        let zone = Zone::learn("Europe/Berlin", day("2020-01-01").start(), NOW, crate::zone::host_offset).unwrap();
        // The week of the autumn change has 169 hours, the one before it 168.
        let week = Range { from: zone.start_of(day("2026-10-19")), to: zone.start_of(day("2026-10-26")) };
        let before = Compare::PreviousPeriod.resolve(week, NOW, &zone, &path).unwrap();
        assert_eq!(before, Range { from: zone.start_of(day("2026-10-12")), to: zone.start_of(day("2026-10-19")) });
        let year = Compare::YearOverYear.resolve(week, NOW, &zone, &path).unwrap();
        assert_eq!(year, Range { from: zone.start_of(day("2025-10-19")), to: zone.start_of(day("2025-10-26")) });
    }
}
