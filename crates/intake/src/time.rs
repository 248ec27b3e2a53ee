//! Instants and days as plain values. Only `src/shell` reads the clock.

mod civil;
mod iso;

use civil::Civil;

/// Milliseconds in a day.
pub const DAY_MS: i64 = 86_400_000;
/// 2000-01-01T00:00:00Z, the earliest timestamp of an event (`docs/concepts.md`, "Time").
pub const YEAR_2000_MS: i64 = 946_684_800_000;
/// 2099-12-31T23:59:59.999Z, the latest timestamp accepted anywhere; the store's `DateTime64(3)` ends in 2299.
pub const LAST_MS: i64 = 4_102_444_799_999;

/// An instant in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A UTC day as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Timestamp {
    /// Parses ISO 8601: `2026-11-21` or `2026-11-21T10:00[:00[.123]][Z|+01:00]`; UTC if no offset is given.
    /// `None` if it is anything else or outside of the years 1900 to 2099.
    pub fn parse_iso(text: &str) -> Option<Self> {
        iso::instant(text.as_bytes()).filter(|ms| (-2_208_988_800_000..=LAST_MS).contains(ms)).map(Self)
    }

    /// The UTC day of this instant.
    pub fn day(self) -> Day {
        Day(i32::try_from(self.0.div_euclid(DAY_MS)).unwrap_or(i32::MAX))
    }

    /// The UTC month of this instant as `YYYYMM`, which is the partition of the store's tables.
    pub fn month(self) -> u32 {
        let date = Civil::of(i64::from(self.day().0));
        u32::try_from(date.year).unwrap_or(0) * 100 + date.month
    }

    /// `2026-11-21 10:00:00.123` (UTC), ClickHouse's format.
    pub fn to_store(self) -> String {
        text(&self.store_bytes())
    }

    /// [`Self::to_store`] without an allocation.
    pub fn store_bytes(self) -> [u8; 23] {
        iso::written(self.0, b' ')
    }

    /// `2026-11-21T10:00:00.123Z`.
    pub fn to_iso(self) -> String {
        text(&iso::written(self.0, b'T')) + "Z"
    }

    /// This instant moved by a number of milliseconds.
    #[must_use]
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

impl Day {
    /// Parses `2026-11-21`.
    pub fn parse(text: &str) -> Option<Self> {
        let (days, rest) = iso::date(text.as_bytes())?;
        rest.is_empty().then(|| i32::try_from(days).ok().map(Self))?
    }

    /// Midnight UTC at the beginning of the day.
    pub fn start(self) -> Timestamp {
        Timestamp(i64::from(self.0) * DAY_MS)
    }

    /// `2026-11-21`.
    pub fn to_iso(self) -> String {
        text(iso::written(self.start().0, b' ').get(..10).unwrap_or_default())
    }
}

fn text(ascii: &[u8]) -> String {
    ascii.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests;
