//! Converts days to dates and back, in the proleptic Gregorian calendar.
//!
//! The algorithms are Howard Hinnant's, "chrono-Compatible Low-Level Date Algorithms"
//! (<https://howardhinnant.github.io/date_algorithms.html>): a year begins in March, so that the leap day is its last; an
//! era has 400 years or 146,097 days.

const DAYS_OF_ERA: i64 = 146_097;
/// 1970-01-01 counted from 0000-03-01.
const EPOCH: i64 = 719_468;

/// A date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: u32,
    /// From 1.
    pub(super) day: u32,
}

impl Civil {
    /// The date a number of days after 1970-01-01.
    pub(super) fn of(days: i64) -> Self {
        let days = days + EPOCH;
        let (era, of_era) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let small = |number: i64| u32::try_from(number).unwrap_or(0);
        Self { year: year_of_era + era * 400 + i64::from(month <= 2), month: small(month), day: small(day) }
    }

    /// Days since 1970-01-01; `None` if there is no such date.
    pub(super) fn days(self) -> Option<i64> {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let last = match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if !(1..=last).contains(&self.day) {
            return None;
        }
        let year = self.year - i64::from(self.month <= 2);
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let from_march = i64::from((self.month + 9) % 12);
        let of_year = (153 * from_march + 2) / 5 + i64::from(self.day) - 1;
        Some(era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::Civil;
    use chrono::{Datelike as _, NaiveDate};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn days_and_dates_are_those_of_chrono(days in -719_528_i64..2_932_897) {
            let ours = Civil::of(days);
            let theirs = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::TimeDelta::days(days);
            prop_assert_eq!((ours.year, ours.month, ours.day), (theirs.year().into(), theirs.month(), theirs.day()));
            prop_assert_eq!(ours.days(), Some(days));
        }

        #[test]
        fn there_is_a_date_where_chrono_has_one(year in 0_i32..10_000, month in 0_u32..14, day in 0_u32..33) {
            let ours = Civil { year: year.into(), month, day }.days().is_some();
            prop_assert_eq!(ours, NaiveDate::from_ymd_opt(year, month, day).is_some());
        }
    }
}
