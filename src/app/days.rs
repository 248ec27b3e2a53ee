//! Day keys known to this instance.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use super::{App, Deadline, lock};
use crate::store::StoreError;
use intake::control::{DayRows, read_day_rows};
use intake::set;
use intake::time::{Day, Timestamp};
use intake::visitor::{DayKey, VisitorSecrets};

/// Day keys kept at most: a year of imported days and some.
const MAX_DAYS: usize = 400;
/// How long the key of an imported day is used without asking again: its row is handed out for 23 hours and
/// must be of no use after 24 (`migrations/postgres/0009_day_keys_and_jobs.sql`).
const KEEP_MS: i64 = 60 * 60_000;
/// Longest that fetching day keys may take, in milliseconds.
const FETCH_MS: u64 = 1_500;
/// Longest that making and destroying them may take: it may have to wait for others.
const TURN: Duration = Duration::from_secs(5);

/// Day keys by day.
#[derive(Default)]
pub(super) struct Days {
    keys: HashMap<Day, (DayKey, Timestamp)>,
}

impl Days {
    /// Keeps the keys made from rows of the control plane. Where there are too many, the imported day that
    /// was learnt first goes: it can be asked for again, and a long import must not shut out today.
    pub(super) fn learn(&mut self, secrets: &VisitorSecrets, rows: DayRows, now: Timestamp) {
        self.forget_old(now);
        for (day, row) in rows {
            let Some(key) = DayKey::derive(secrets.of(day), &row) else { continue };
            if self.keys.len() >= MAX_DAYS && !self.keys.contains_key(&day) {
                let imported = self.keys.iter().filter(|(day, _)| !lives(**day, now));
                if let Some(first) = imported.min_by_key(|(_, (_, learnt_at))| *learnt_at).map(|(day, _)| *day) {
                    self.keys.remove(&first);
                }
            }
            self.keys.insert(day, (key, now));
        }
    }

    fn forget_old(&mut self, now: Timestamp) {
        self.keys.retain(|day, (_, learnt_at)| lives(*day, now) || now.0 - learnt_at.0 < KEEP_MS);
    }

    /// The keys of these days, as far as they are at hand.
    fn known(&mut self, days: &[Day], now: Timestamp) -> HashMap<Day, DayKey> {
        self.forget_old(now);
        days.iter().filter_map(|day| self.keys.get(day).map(|(key, _)| (*day, key.clone()))).collect()
    }
}

/// A day's row is destroyed 24 h after the day ends (docs/concepts.md, "Privacy").
fn lives(day: Day, now: Timestamp) -> bool {
    Day(day.0 + 2).start() > now
}

impl App {
    /// The keys of `days` at hand, after asking for those of `wanted` (some of them) that are not. Where the
    /// control plane does not answer, what is at hand must do: an event is never lost for its visitor hash.
    pub(super) async fn day_keys(&self, days: &[Day], wanted: &[Day], deadline: &Deadline) -> HashMap<Day, DayKey> {
        let now = (self.runtime.now)();
        let known = lock(&self.days).known(days, now);
        let missing = set::of(wanted.iter().filter(|day| !known.contains_key(day)).map(|day| day.to_iso()));
        let missing: Vec<String> = missing.into_iter().take(MAX_DAYS).collect();
        let Ok(config) = &self.config else { return known };
        if missing.is_empty() {
            return known;
        }
        let body = json!({ "days": missing }).to_string();
        let limit = deadline.left_at_most(FETCH_MS);
        match config.control_plane.call("day_keys", body, limit).await.map(|json| read_day_rows(&json)) {
            Ok(Ok(rows)) => {
                let mut learnt = lock(&self.days);
                learnt.learn(&config.visitor_secrets, rows, now);
                learnt.known(days, now)
            }
            Ok(Err(reason)) => {
                (self.runtime.log)(&format!("day keys unusable: {reason}"));
                known
            }
            Err(error) => {
                (self.runtime.log)(&format!("no day keys: {error:?}"));
                known
            }
        }
    }

    /// Has the keys of today and tomorrow made, and those destroyed whose time is over; the number of the latter.
    pub(super) async fn turn_day_keys(&self) -> Result<u64, StoreError> {
        let config = self.config.as_ref().map_err(|_| StoreError::Busy("not configured".to_owned()))?;
        let answer = config.control_plane.call("day_keys_turn", "{}".to_owned(), TURN).await?;
        intake::json::read(&answer).map_err(|error| StoreError::Unusable(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> VisitorSecrets {
        VisitorSecrets { current: "secret".to_owned(), previous: None }
    }

    #[test]
    fn a_long_import_shuts_out_neither_its_own_days_nor_today() {
        let mut days = Days::default();
        let now = Timestamp(1_795_255_200_000);
        let row = |day: Day| vec![(day, day.0.to_be_bytes().repeat(8))];
        days.learn(&secrets(), row(now.day()), now);
        for back in 0..1000 {
            let day = Day(now.day().0 - 2000 + back);
            days.learn(&secrets(), row(day), now.plus(i64::from(back)));
            assert_eq!(days.known(&[day, now.day()], now).len(), 2, "{back} days in");
        }
        assert!(days.keys.len() <= MAX_DAYS);
        let tomorrow = Day(now.day().0 + 1);
        days.learn(&secrets(), row(tomorrow), now);
        assert_eq!(days.known(&[tomorrow], now).len(), 1);
    }

    #[test]
    fn a_key_ends_with_its_row() {
        let mut days = Days::default();
        let start = Timestamp(1_795_255_200_000).day().start();
        days.learn(&secrets(), vec![(start.day(), vec![1; 32])], start);
        let end = Day(start.day().0 + 2).start();
        assert_eq!(days.known(&[start.day()], end.plus(-1)).len(), 1);
        assert!(days.known(&[start.day()], end).is_empty());
    }
}
