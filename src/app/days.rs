//! Day keys known to this instance.

use std::collections::HashMap;

use serde_json::json;

use super::{App, Deadline, lock};
use crate::control::{DayRows, read_day_rows};
use crate::time::{Day, Timestamp};
use crate::visitor::DayKey;

/// Day keys kept at most: a year of imported days and some.
const MAX_DAYS: usize = 400;
/// How long a key is used without asking again: a destroyed row must not live on in an instance.
const KEEP_MS: i64 = 60 * 60_000;
/// Longest that fetching day keys may take, in milliseconds.
const FETCH_MS: u64 = 1_500;

/// Day keys by day.
#[derive(Default)]
pub(super) struct Days {
    keys: HashMap<Day, (DayKey, Timestamp)>,
}

impl Days {
    /// Keeps the keys made from rows of the control plane.
    pub(super) fn learn(&mut self, worker_secret: &str, rows: DayRows, now: Timestamp) {
        self.forget_old(now);
        for (day, row) in rows {
            if let Some(key) = DayKey::derive(worker_secret, &row)
                && (self.keys.len() < MAX_DAYS || self.keys.contains_key(&day))
            {
                self.keys.insert(day, (key, now));
            }
        }
    }

    fn forget_old(&mut self, now: Timestamp) {
        self.keys.retain(|day, (_, learnt_at)| {
            let lives = Day(day.0 + 2).start() > now;
            lives || now.0 - learnt_at.0 < KEEP_MS
        });
    }

    fn known(&mut self, now: Timestamp) -> HashMap<Day, DayKey> {
        self.forget_old(now);
        self.keys.iter().map(|(day, (key, _))| (*day, key.clone())).collect()
    }
}

impl App {
    /// The day keys at hand, after asking for those of `wanted` that are not. Where the control plane does
    /// not answer, what is at hand must do: an event is never lost for its visitor hash.
    pub(super) async fn day_keys(&self, wanted: &[Day], deadline: &Deadline) -> HashMap<Day, DayKey> {
        let now = (self.runtime.now)();
        let known = lock(&self.days).known(now);
        let mut missing: Vec<String> =
            wanted.iter().filter(|day| !known.contains_key(day)).map(|day| day.to_iso()).collect();
        missing.sort_unstable();
        missing.dedup();
        missing.truncate(MAX_DAYS);
        let Ok(config) = &self.config else { return known };
        if missing.is_empty() {
            return known;
        }
        let body = json!({ "days": missing }).to_string();
        let limit = deadline.left_at_most(FETCH_MS);
        match config.control_plane.call("day_keys", body, limit).await.map(|json| read_day_rows(&json)) {
            Ok(Ok(rows)) => {
                let mut days = lock(&self.days);
                days.learn(&config.visitor_secret, rows, now);
                days.known(now)
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
}
