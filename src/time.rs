//! Instants and days as plain values. The clock itself is read by the shell alone.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeZone as _, Utc};

/// Milliseconds in a day.
pub const DAY_MS: i64 = 86_400_000;
/// 2000-01-01T00:00:00Z, the earliest time of an event (contract, "Event").
pub const YEAR_2000_MS: i64 = 946_684_800_000;
/// The last instant that is taken anywhere: 2099-12-31T23:59:59.999Z, well inside what the store's types hold.
pub const LAST_MS: i64 = 4_102_444_799_999;

/// An instant in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A UTC day as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Timestamp {
    /// Reads ISO 8601: `2026-11-21`, `2026-11-21T10:00:00[.123][Z|+01:00]`; without a zone it is UTC.
    /// `None` where it is not one or lies outside 1900..2100.
    pub fn parse_iso(text: &str) -> Option<Self> {
        if text.len() > 40 {
            return None;
        }
        let parsed = DateTime::parse_from_rfc3339(text)
            .map(|time| time.timestamp_millis())
            .or_else(|_| {
                ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
                    .iter()
                    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
                    .map(|time| time.and_utc().timestamp_millis())
                    .ok_or(())
            })
            .or_else(|()| Day::parse(text).map(|day| day.start().0).ok_or(()))
            .ok()?;
        (-2_208_988_800_000..=LAST_MS).contains(&parsed).then_some(Self(parsed))
    }

    /// The UTC day this instant lies in.
    pub fn day(self) -> Day {
        Day(i32::try_from(self.0.div_euclid(DAY_MS)).unwrap_or(i32::MAX))
    }

    /// The UTC month this instant lies in, as `YYYYMM`: the partition of the store's tables.
    pub fn month(self) -> u32 {
        let date = Utc.timestamp_millis_opt(self.0).single().map(|time| time.date_naive());
        date.map_or(0, |date| u32::try_from(date.year()).unwrap_or(0) * 100 + date.month())
    }

    /// `2026-11-21 10:00:00.123`, as the store takes it (UTC).
    pub fn to_store(self) -> String {
        let mut text = self.format("%Y-%m-%d %H:%M:%S%.3f");
        text.truncate(23);
        text
    }

    /// `2026-11-21T10:00:00.123Z`.
    pub fn to_iso(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%S%.3fZ")
    }

    fn format(self, format: &str) -> String {
        Utc.timestamp_millis_opt(self.0).single().map(|time| time.format(format).to_string()).unwrap_or_default()
    }

    /// This instant moved by a number of milliseconds.
    #[must_use]
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

impl Day {
    /// Reads `2026-11-21`.
    pub fn parse(text: &str) -> Option<Self> {
        // chrono would take `+2026-1-2` as well.
        if text.len() != 10 || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            return None;
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(Timestamp(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis()).day())
    }

    /// Midnight UTC at which the day begins.
    pub fn start(self) -> Timestamp {
        Timestamp(i64::from(self.0) * DAY_MS)
    }

    /// `2026-11-21`.
    pub fn to_iso(self) -> String {
        self.start().format("%Y-%m-%d")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn iso_forms_that_clients_send() {
        let expected = Some(Timestamp(1_795_255_200_000));
        for text in [
            "2026-11-21T10:00:00Z",
            "2026-11-21T10:00:00.000Z",
            "2026-11-21T11:00:00+01:00",
            "2026-11-21T10:00:00",
            "2026-11-21 10:00:00",
            "2026-11-21T10:00",
        ] {
            assert_eq!(Timestamp::parse_iso(text), expected, "{text}");
        }
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-21T25:00:00Z", "+2026-1-1", "99999-01-01"] {
            assert_eq!(Timestamp::parse_iso(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(ms in YEAR_2000_MS..LAST_MS) {
            let time = Timestamp(ms);
            prop_assert_eq!(Timestamp::parse_iso(&time.to_iso()), Some(time));
            prop_assert_eq!(Timestamp::parse_iso(&time.to_store()), Some(time));
            prop_assert_eq!(Day::parse(&time.day().to_iso()), Some(time.day()));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = Timestamp::parse_iso(&text);
            let _ = Day::parse(&text);
        }
    }
}
