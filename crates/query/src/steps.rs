//! The names of the steps on the time axis.

use super::dimension::Interval;
use super::range::{first_of_month, next_month, shifted};
use super::zone::Zone;
use intake::time::{Day, Timestamp};
use statement::Range;

/// The names of all steps that overlap a period, in order.
pub(super) fn steps(interval: Interval, range: Range, zone: &Zone) -> Vec<String> {
    let last = range.to.plus(-1);
    let mut names = Vec::new();
    match interval {
        Interval::Minute | Interval::Hour => {
            let width = if interval == Interval::Minute { 60_000 } else { 3_600_000 };
            let mut at = range.from;
            loop {
                // The start of the local step that contains `at`.
                let offset = zone.local(at).0 - at.0;
                let begin = (at.0 + offset).div_euclid(width) * width - offset;
                names.push(instant_name(Timestamp(begin), zone));
                at = Timestamp(begin + width);
                if at > last {
                    break;
                }
            }
            names.dedup();
        }
        Interval::Day | Interval::Week | Interval::Month => {
            let (mut day, end) = (first_of(interval, zone.day(range.from)), zone.day(last));
            while day <= end {
                names.push(day.to_iso());
                day = match interval {
                    Interval::Week => shifted(day, 7),
                    Interval::Month => next_month(day),
                    _ => shifted(day, 1),
                };
            }
        }
    }
    names
}

fn first_of(interval: Interval, day: Day) -> Day {
    match interval {
        // 1970-01-01 was a Thursday; weeks begin on Monday.
        Interval::Week => shifted(day, -(i64::from(day.0) + 3).rem_euclid(7)),
        Interval::Month => first_of_month(day),
        _ => day,
    }
}

/// `2026-10-25T02:00:00+02:00`: with the offset, because an hour can occur twice.
pub(super) fn instant_name(at: Timestamp, zone: &Zone) -> String {
    let local = zone.local(at);
    let mut text = local.to_iso();
    text.truncate(19);
    if zone.is_utc() {
        text.push('Z');
        return text;
    }
    let minutes = (local.0 - at.0) / 60_000;
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    format!("{text}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::host_offset;

    fn ask(interval: Interval, from: &str, to: &str, zone: &str) -> Vec<String> {
        let instant = |text: &str| Timestamp::parse_iso(text).unwrap();
        let range = Range { from: instant(from), to: instant(to) };
        steps(interval, range, &Zone::learn(zone, range.from, range.to, host_offset).unwrap())
    }

    #[test]
    fn a_day_has_as_many_hours_as_its_zone_gives_it() {
        let spring = ask(Interval::Hour, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "Europe/Berlin");
        assert_eq!((spring.len(), spring[2].as_str()), (23, "2026-03-29T03:00:00+02:00"));
        let autumn = ask(Interval::Hour, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "Europe/Berlin");
        assert_eq!(autumn.len(), 25);
        assert_eq!(autumn[2..4], ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]);
        let half = ask(Interval::Hour, "2026-10-24T00:10:00Z", "2026-10-24T02:00:00Z", "Asia/Kolkata");
        assert_eq!(half, ["2026-10-24T05:00:00+05:30", "2026-10-24T06:00:00+05:30", "2026-10-24T07:00:00+05:30"]);
    }

    #[test]
    fn dates_begin_where_weeks_and_months_do() {
        let (from, to) = ("2026-09-30T12:00:00Z", "2026-10-13T00:00:00Z");
        assert_eq!(ask(Interval::Week, from, to, "UTC"), ["2026-09-28", "2026-10-05", "2026-10-12"]);
        assert_eq!(ask(Interval::Month, from, to, "UTC"), ["2026-09-01", "2026-10-01"]);
        assert_eq!(ask(Interval::Day, from, to, "UTC").len(), 13);
        assert_eq!(ask(Interval::Minute, from, "2026-09-30T12:05:00Z", "UTC").len(), 5);
    }
}
