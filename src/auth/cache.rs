//! Keys known to this instance, so that the hot path asks nobody.
//!
//! Contract, "Keys": a found key serves 5 minutes, an unknown prefix 30 seconds. Past that the first
//! request refreshes while the others use the older value; while the control plane gives no answer the
//! older value serves up to an hour. No request ever waits for another's look-up: on Workers that hangs.

use std::collections::HashMap;
use std::sync::Arc;

use intake::control::KeyRecord;
use intake::time::Timestamp;

/// How long a found key serves without a question, in milliseconds.
pub const FRESH_MS: i64 = 5 * 60_000;
/// How long an unknown prefix is refused without a question.
pub const MISSING_MS: i64 = 30_000;
/// How long a found key serves while the control plane is silent.
pub const STALE_MS: i64 = 60 * 60_000;
/// After this long a refresh that never came back is tried by another request.
const REFRESH_MS: i64 = 5_000;
/// Found keys kept; an instance of 128 MB holds them in about 10 MB.
const MAX_FOUND: usize = 10_000;
/// Unknown prefixes kept apart, so that a flood of made-up keys pushes no real one out.
const MAX_MISSING: usize = 2_000;

/// What to do about a prefix.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// Known and usable.
    Found(Arc<KeyRecord>),
    /// Known not to exist.
    Missing,
    /// Ask the control plane; where it gives no answer the older record serves.
    Ask(Option<Arc<KeyRecord>>),
}

#[derive(Debug)]
struct Entry {
    record: Arc<KeyRecord>,
    fetched_at: Timestamp,
    refreshing_since: Option<Timestamp>,
}

/// A bounded map from prefix to what is known of it.
#[derive(Debug, Default)]
pub struct KeyCache {
    found: HashMap<String, Entry>,
    missing: HashMap<String, Timestamp>,
}

impl KeyCache {
    /// What is known of a prefix at `now`. An answer of [`Lookup::Ask`] to a known prefix marks it as being
    /// refreshed: others meanwhile get the older record.
    pub fn get(&mut self, prefix: &str, now: Timestamp) -> Lookup {
        if let Some(entry) = self.found.get_mut(prefix) {
            let age = now.0 - entry.fetched_at.0;
            if age < FRESH_MS {
                return Lookup::Found(entry.record.clone());
            }
            if age >= STALE_MS {
                return Lookup::Ask(None);
            }
            if entry.refreshing_since.is_some_and(|since| now.0 - since.0 < REFRESH_MS) {
                return Lookup::Found(entry.record.clone());
            }
            entry.refreshing_since = Some(now);
            return Lookup::Ask(Some(entry.record.clone()));
        }
        match self.missing.get(prefix) {
            Some(at) if now.0 - at.0 < MISSING_MS => Lookup::Missing,
            _ => Lookup::Ask(None),
        }
    }

    /// Forgets everything: keys were changed here, and what is known may no longer hold.
    pub fn clear(&mut self) {
        self.found.clear();
        self.missing.clear();
    }

    /// Keeps a definite answer of the control plane.
    pub fn put(&mut self, prefix: &str, record: Option<Arc<KeyRecord>>, now: Timestamp) {
        if let Some(record) = record {
            self.missing.remove(prefix);
            make_room(&mut self.found, MAX_FOUND, |entry| entry.fetched_at);
            self.found.insert(prefix.to_owned(), Entry { record, fetched_at: now, refreshing_since: None });
        } else {
            self.found.remove(prefix);
            make_room(&mut self.missing, MAX_MISSING, |at| *at);
            self.missing.insert(prefix.to_owned(), now);
        }
    }
}

/// Drops the oldest eighth once the map is full: rare, so that the scan costs little on average.
fn make_room<V>(map: &mut HashMap<String, V>, max: usize, at: impl Fn(&V) -> Timestamp) {
    if map.len() < max {
        return;
    }
    let mut times: Vec<Timestamp> = map.values().map(&at).collect();
    let (_, cut, _) = times.select_nth_unstable(max / 8);
    let cut = *cut;
    map.retain(|_, value| at(value) > cut);
}

#[cfg(test)]
mod tests;
