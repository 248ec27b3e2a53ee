//! A cache of the keys this instance knows, so that most requests need no look-up.
//!
//! A found key is used for 5 minutes, an unknown prefix for 30 seconds (docs/concepts.md, "Keys"). After that the first
//! request refreshes the entry while the others use the older value; while the control plane does not answer, the older
//! value is used for up to an hour. No request waits for another's look-up: on Workers that hangs.

use std::collections::HashMap;
use std::sync::Arc;

use intake::control::KeyRecord;
use intake::time::Timestamp;

/// How long a found key is used without a look-up, in milliseconds.
pub const FRESH_MS: i64 = 5 * 60_000;
/// How long an unknown prefix is refused without a look-up, in milliseconds.
pub const MISSING_MS: i64 = 30_000;
/// How long a found key is used while the control plane does not answer, in milliseconds.
pub const STALE_MS: i64 = 60 * 60_000;
/// After this long, in milliseconds, another request retries a refresh that never returned.
const REFRESH_MS: i64 = 5_000;
/// Most found keys kept; they take about 10 MB of an instance's 128 MB.
const MAX_FOUND: usize = 10_000;
/// Most unknown prefixes kept. They are separate so that a flood of made-up keys evicts no real one.
const MAX_MISSING: usize = 2_000;

/// What to do about a prefix.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// Known and usable.
    Found(Arc<KeyRecord>),
    /// Known not to exist.
    Missing,
    /// Ask the control plane; if it does not answer, use the older record.
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
    /// Looks a prefix up at `now`. [`Lookup::Ask`] for a known prefix marks it as being refreshed: meanwhile others
    /// get the older record.
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

    /// Drops all entries, after keys were changed here.
    pub fn clear(&mut self) {
        self.found.clear();
        self.missing.clear();
    }

    /// Stores a definite answer of the control plane.
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
