//! A time zone over the span of a question, as a table of UTC offsets.
//!
//! The time zone database is the host's (`Intl` on Workers), because a crate with the database would be larger than the
//! rest of the bundle. The host gives the offset at single instants; the changes between them are found by bisection.

use intake::time::{DAY_MS, Day, Timestamp};
use statement::Binder;

/// Distance between two looked-up offsets, in milliseconds. In this century no zone changes its clock and back within
/// ten days; the shortest such time is Morocco's Ramadan.
const STEP: i64 = 10 * DAY_MS;
/// Offsets change at whole minutes.
const MINUTE: i64 = 60_000;

/// Offsets from UTC over a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// IANA name, e.g. `Europe/Berlin`.
    pub name: String,
    /// Start of each offset and the offset, in milliseconds, ascending. The first offset also applies before its start.
    offsets: Vec<(i64, i64)>,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), offsets: vec![(i64::MIN, 0)] }
    }

    /// Builds the table for the time between two instants and a little around them. `offset_at` gives the offset in
    /// minutes at an instant, and `None` if the host does not know the zone.
    pub fn learn(
        name: &str,
        from: Timestamp,
        to: Timestamp,
        offset_at: impl Fn(&str, Timestamp) -> Option<i32>,
    ) -> Option<Self> {
        let offset = |at: i64| offset_at(name, Timestamp(at)).map(|minutes| i64::from(minutes) * MINUTE);
        let (mut at, end) = (from.0 - 2 * DAY_MS, to.0 + 32 * DAY_MS);
        let mut current = offset(at)?;
        let mut offsets = vec![(i64::MIN, current)];
        while at < end {
            let next = (at + STEP).min(end);
            let later = offset(next)?;
            if later != current {
                // The change lies in (low, high].
                let (mut low, mut high) = (at.div_euclid(MINUTE), next.div_euclid(MINUTE) + 1);
                while high - low > 1 {
                    let middle = low.midpoint(high);
                    if offset(middle * MINUTE)? == current { low = middle } else { high = middle }
                }
                offsets.push((high * MINUTE, later));
                current = later;
            }
            at = next;
        }
        Some(Self { name: name.to_owned(), offsets })
    }

    fn offset(&self, at: Timestamp) -> i64 {
        let after = self.offsets.partition_point(|(from, _)| *from <= at.0);
        self.offsets.get(after.saturating_sub(1)).map_or(0, |(_, offset)| *offset)
    }

    /// Whether all offsets between two instants are whole hours, so that local days consist of UTC hours.
    pub fn has_whole_hours(&self, from: Timestamp, to: Timestamp) -> bool {
        const HOUR: i64 = 60 * MINUTE;
        let inside = self.offsets.iter().filter(|(begin, _)| (from.0..to.0).contains(begin)).map(|(_, offset)| *offset);
        inside.chain([self.offset(from)]).all(|offset| offset % HOUR == 0)
    }

    /// Whether it is UTC throughout.
    pub fn is_utc(&self) -> bool {
        self.offsets.iter().all(|(_, offset)| *offset == 0)
    }

    /// The local date of an instant.
    pub fn day(&self, at: Timestamp) -> Day {
        at.plus(self.offset(at)).day()
    }

    /// The instant at which a local date begins. If midnight does not exist, the first instant after it; if it occurs
    /// twice, the first.
    pub fn start_of(&self, day: Day) -> Timestamp {
        let midnight = day.start();
        // The offset at the answer is one of the offsets around it.
        let candidates = [-DAY_MS, 0, DAY_MS].map(|around| midnight.plus(-self.offset(midnight.plus(around))));
        let exact = candidates.into_iter().filter(|at| at.plus(self.offset(*at)) == midnight).min();
        exact.unwrap_or_else(|| {
            // Midnight is skipped: the change itself.
            let first = candidates.into_iter().min().unwrap_or(midnight);
            let change = self.offsets.iter().map(|(from, _)| Timestamp(*from)).find(|from| *from >= first);
            change.unwrap_or(first)
        })
    }

    /// The SQL expression of the offset in milliseconds at a column's instant. A period has few changes, so they are
    /// written out.
    pub(super) fn sql(&self, time: &str, bind: &mut Binder) -> String {
        let number = |value: i64, bind: &mut Binder| bind.value("Int64", &value.to_string());
        let Some((_, last)) = self.offsets.last() else { return "0".to_owned() };
        if self.offsets.len() == 1 {
            return number(*last, bind);
        }
        let mut parts = Vec::new();
        for pair in self.offsets.windows(2) {
            if let [(_, offset), (until, _)] = pair {
                let until = number(*until, bind);
                parts.push(format!("toUnixTimestamp64Milli({time}) < {until}, {}", number(*offset, bind)));
            }
        }
        format!("multiIf({}, {})", parts.join(", "), number(*last, bind))
    }

    /// The local wall clock of an instant as if it were UTC.
    pub fn local(&self, at: Timestamp) -> Timestamp {
        at.plus(self.offset(at))
    }
}

/// For tests: the offset from the database of `chrono-tz`.
#[cfg(test)]
pub(crate) fn host_offset(name: &str, at: Timestamp) -> Option<i32> {
    use chrono::{Offset as _, TimeZone as _};
    let zone: chrono_tz::Tz = name.parse().ok()?;
    let time = zone.timestamp_millis_opt(at.0).single()?;
    Some(time.offset().fix().local_minus_utc() / 60)
}

#[cfg(test)]
mod tests {
    use super::host_offset as offset;
    use super::*;

    fn zone(name: &str) -> Zone {
        let day = |text: &str| Day::parse(text).unwrap().start();
        Zone::learn(name, day("2020-01-01"), day("2030-01-01"), offset).unwrap()
    }

    #[test]
    fn offsets_are_those_of_the_database() {
        for name in [
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
            "Africa/Casablanca",
            "America/Sao_Paulo",
            "Asia/Kathmandu",
            "Pacific/Apia",
            "Asia/Tehran",
            "Asia/Beirut",
        ] {
            let learnt = zone(name);
            for step in 0..40_000 {
                let at = Timestamp(1_577_836_800_000 + step * 7_654_321);
                assert_eq!(
                    Some(i32::try_from(learnt.offset(at) / MINUTE).unwrap()),
                    offset(name, at),
                    "{name} {}",
                    at.to_iso()
                );
            }
        }
        assert!(Zone::learn("Europe/Atlantis", Timestamp(0), Timestamp(1), offset).is_none());
    }

    #[test]
    fn days_begin_where_the_zone_says() {
        let start = |zone: &Zone, day: &str| zone.start_of(Day::parse(day).unwrap()).to_iso();
        let berlin = zone("Europe/Berlin");
        assert_eq!(start(&berlin, "2026-03-29"), "2026-03-28T23:00:00.000Z");
        assert_eq!(start(&berlin, "2026-03-30"), "2026-03-29T22:00:00.000Z");
        assert_eq!(start(&berlin, "2026-10-26"), "2026-10-25T23:00:00.000Z");
        // Midnight does not exist: clocks go from 23:59 to 01:00.
        let beirut = zone("Asia/Beirut");
        assert_eq!(start(&beirut, "2026-03-29"), "2026-03-28T22:00:00.000Z");
        for name in ["Europe/Berlin", "Asia/Beirut", "America/New_York", "Asia/Kolkata"] {
            let zone = zone(name);
            for day in 18_300..21_800 {
                let start = zone.start_of(Day(day));
                assert_eq!((zone.day(start), zone.day(start.plus(-1))), (Day(day), Day(day - 1)), "{name} {day}");
            }
        }
    }

    #[test]
    fn zones_with_whole_hours_are_found() {
        let (from, to) = (Timestamp(1_780_000_000_000), Timestamp(1_795_000_000_000));
        assert!(zone("Europe/Berlin").has_whole_hours(from, to));
        assert!(!zone("Asia/Kolkata").has_whole_hours(from, to));
        assert!(!zone("Australia/Lord_Howe").has_whole_hours(from, to));
        assert!(Zone::utc().is_utc());
    }
}
