//! The definitions once more, as plain loops over a list of events.

use std::collections::{BTreeMap, BTreeSet};

use intake::time::{Day, Timestamp};
use schema::Column;

use crate::history::Event;

const HOUR: i64 = 3_600_000;

/// A time zone of these tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    Utc,
    Tokyo,
    /// Its summer time ends within the histories.
    NewYork,
    /// Half an hour off: no hour of UTC is one of its hours.
    Kolkata,
}

impl Zone {
    /// Those in which an hour of UTC is an hour.
    pub const WHOLE: [Self; 3] = [Self::Utc, Self::Tokyo, Self::NewYork];
    pub const ALL: [Self; 4] = [Self::Utc, Self::Tokyo, Self::NewYork, Self::Kolkata];

    pub fn name(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Tokyo => "Asia/Tokyo",
            Self::NewYork => "America/New_York",
            Self::Kolkata => "Asia/Kolkata",
        }
    }

    /// The day on its calendars.
    pub fn day(self, time: Timestamp) -> String {
        let offset = match self {
            Self::Utc => 0,
            Self::Tokyo => 9 * HOUR,
            // 2026-11-01T06:00:00Z.
            Self::NewYork if time.0 < 1_793_512_800_000 => -4 * HOUR,
            Self::NewYork => -5 * HOUR,
            Self::Kolkata => 11 * HOUR / 2,
        };
        time.plus(offset).day().to_iso()
    }
}

/// Events of one day and one value.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub events: i64,
    pub pageviews: i64,
    pub visitors: i64,
}

/// Counts by (day, value, second).
pub type ByValue = BTreeMap<(String, String, String), Counts>;

/// Of each identity the row that was received first.
pub fn once(rows: &[Event]) -> Vec<Event> {
    let mut first: BTreeMap<(Day, &str), &Event> = BTreeMap::new();
    for row in rows {
        let kept = first.entry((row.day(), &row.event_id)).or_insert(row);
        if row.received_at < kept.received_at {
            *kept = row;
        }
    }
    first.into_values().cloned().collect()
}

/// Who is counted as one.
pub fn visitor(event: &Event) -> Option<String> {
    if !event.anonymous_id.is_empty() {
        Some(format!("id {}", event.anonymous_id))
    } else if event.visitor_hash != 0 {
        Some(format!("hash {}", event.visitor_hash))
    } else {
        None
    }
}

/// What humans did, by one dimension of the rollup.
pub fn counts(events: &[Event], zone: Zone, dimension: &str) -> ByValue {
    let mut counts = ByValue::new();
    let mut visitors: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.bot_class.is_empty()) {
        let (value, second) = match dimension {
            "total" => ("", ""),
            "event" => (event.event, ""),
            "source_medium" => (event.value("source"), event.value("medium")),
            column => (event.value(column), ""),
        };
        let key = (zone.day(event.timestamp), value.to_owned(), second.to_owned());
        let counted = counts.entry(key.clone()).or_default();
        counted.events += 1;
        counted.pageviews += i64::from(event.event == "pageview");
        visitors.entry(key).or_default().extend(visitor(event));
    }
    for (key, visitors) in visitors {
        counts.get_mut(&key).unwrap().visitors = i64::try_from(visitors.len()).unwrap();
    }
    counts
}

/// A session of a human.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Session {
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub session_id: String,
    pub events: i64,
    pub pageviews: i64,
    pub is_bounce: bool,
    pub entry_path: String,
    pub exit_path: String,
    /// Of the entry, in the order of [`ENTRY`].
    pub entry: Vec<String>,
}

/// What a session takes from its entry.
pub const ENTRY: [&str; Column::OF_ENTRY.len()] = {
    let mut names = [""; Column::OF_ENTRY.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = Column::OF_ENTRY[index].as_str();
        index += 1;
    }
    names
};

/// All sessions, sorted.
pub fn sessions(events: &[Event]) -> Vec<Session> {
    let mut runs: BTreeMap<(Option<String>, &str), Vec<&Event>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.bot_class.is_empty()) {
        let key = (visitor(event), event.session_id.as_str());
        if key.0.is_some() || !key.1.is_empty() {
            runs.entry(key).or_default().push(event);
        }
    }
    let mut sessions = Vec::new();
    for ((_, session_id), mut run) in runs {
        run.sort_by_key(|event| (event.timestamp, &event.event_id));
        let gap = if session_id.is_empty() { HOUR / 2 } else { 24 * HOUR };
        let mut current: Vec<&Event> = Vec::new();
        for event in run {
            if current.last().is_some_and(|last| event.timestamp.0 - last.timestamp.0 >= gap) {
                sessions.extend(session(&current));
                current.clear();
            }
            current.push(event);
        }
        sessions.extend(session(&current));
    }
    sessions.sort();
    sessions
}

fn session(run: &[&Event]) -> Option<Session> {
    let first = run.first()?;
    // What comes after the day that follows the one it starts on does not count.
    let counted: Vec<&&Event> = run.iter().filter(|event| event.day().0 <= first.day().0 + 1).collect();
    let on_page = |event: &&&&Event| !event.value("path").is_empty();
    let entry = counted.iter().find(on_page).unwrap_or(&counted[0]);
    let exit = counted.iter().rev().find(on_page).or(counted.last())?;
    let count = |is: &dyn Fn(&Event) -> bool| i64::try_from(counted.iter().filter(|one| is(one)).count()).unwrap();
    Some(Session {
        started_at: first.timestamp,
        ended_at: counted.last()?.timestamp,
        session_id: first.session_id.clone(),
        events: count(&|_| true),
        pageviews: count(&|one| one.event == "pageview"),
        is_bounce: count(&|one| one.event != "$identify") <= 1,
        entry_path: entry.value("path").to_owned(),
        exit_path: exit.value("path").to_owned(),
        entry: ENTRY.iter().map(|column| entry.value(column).to_owned()).collect(),
    })
}

/// Whom each anonymous id belongs to: the user it was identified as first.
pub fn identities(events: &[Event]) -> BTreeMap<String, String> {
    let mut links: Vec<&Event> = events
        .iter()
        .filter(|event| event.event == "$identify" && !event.anonymous_id.is_empty() && !event.user_id.is_empty())
        .collect();
    links.sort_by_key(|event| (event.timestamp, &event.event_id));
    let mut users = BTreeMap::new();
    for link in links {
        users.entry(link.anonymous_id.clone()).or_insert(link.user_id.clone());
    }
    users
}
