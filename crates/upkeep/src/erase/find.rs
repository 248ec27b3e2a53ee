//! Finds a person's rows in the store. Every row counts, including duplicates of an identity that a merge would remove
//! (no `FINAL`). Links are read with `FINAL`, as questions do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::closure::Link;
use super::person::{Ids, Person};
use super::{Parameters, SCOPE, numbers, parameter, rows, scoped, texts};
use intake::time::Day;
use schema::LINK;
use statement::Statement;

/// Maximum number of links of one answer. A person has fewer.
pub const MAX_LINKS: usize = 10_000;
/// Maximum number of visitor hashes of one person in a run, newest first.
pub const MAX_HASHES: usize = 5_000;

/// Rows of `events` with one of the ids.
pub(super) const BY_ID: &str = "(user_id IN {users:Array(String)} OR anonymous_id IN {devices:Array(String)})";
/// Rows of `events` with one of the ids or hashes.
pub(super) const THEIRS: &str = "(user_id IN {users:Array(String)} OR anonymous_id IN {devices:Array(String)}\n\
    OR visitor_hash IN {hashes:Array(UInt64)})";
/// Rows of `sessions`. A visitor is the hash of a device id, or the visitor hash
/// (`migrations/clickhouse/0001_events.sql`).
pub(super) const VISITS: &str = "visitor IN arrayConcat(arrayMap(device -> reinterpretAsUInt128(sipHash128(device)),\n\
    {devices:Array(String)}), arrayMap(hash -> toUInt128(hash), {hashes:Array(UInt64)}))";

/// Rewrites a condition over `events` for rows of `dead_letters`.
pub(super) fn in_line(condition: &str) -> String {
    condition
        .replace("user_id IN", "JSONExtractString(line, 'user_id') IN")
        .replace("anonymous_id IN", "JSONExtractString(line, 'anonymous_id') IN")
        .replace("visitor_hash IN", "toUInt64OrZero(JSONExtractString(line, 'visitor_hash')) IN")
}

/// The bound values of the conditions.
pub(super) fn bound(person: &Person) -> Parameters {
    let mut bound = bound_ids(&person.ids);
    bound.push(parameter("hashes", numbers(&person.hashes)));
    bound
}

fn bound_ids(ids: &Ids) -> Parameters {
    vec![parameter("users", texts(&ids.users)), parameter("devices", texts(&ids.devices))]
}

/// Looks up the links that contain one of a person's ids. One row for each pair of device and user.
pub fn links(person: &Person) -> Statement {
    // Only possible links are read with `FINAL`.
    let one = format!("{SCOPE} AND {LINK} AND {BY_ID}");
    let sql = format!(
        "SELECT anonymous_id, user_id, toString(first.1) AS at, first.2 AS event_id FROM (\n\
         SELECT anonymous_id, user_id, min((timestamp, event_id)) AS first FROM events FINAL\n\
         WHERE {one}\nAND (toDate(timestamp), event_id) IN (SELECT toDate(timestamp), event_id FROM events WHERE {one})\n\
         GROUP BY anonymous_id, user_id)\nORDER BY at, event_id LIMIT {MAX_LINKS}\nFORMAT JSONEachRow"
    );
    scoped(person, sql, bound_ids(&person.ids))
}

/// Parses the answer to [`links`].
///
/// # Errors
/// It has another shape; the text is for the log.
pub fn links_of(answer: &[u8]) -> Result<Vec<Link>, String> {
    rows(answer)
}

/// Looks up the visitor hashes of rows with one of a person's ids, newest first.
pub fn hashes(person: &Person) -> Statement {
    let sql = format!(
        "SELECT toString(visitor_hash) AS hash FROM (\n\
         SELECT visitor_hash, timestamp FROM events WHERE {SCOPE} AND visitor_hash != 0 AND {BY_ID}\n\
         UNION ALL SELECT toUInt64OrZero(JSONExtractString(line, 'visitor_hash')) AS visitor_hash, at AS timestamp\n\
         FROM dead_letters WHERE {SCOPE} AND visitor_hash != 0 AND {})\n\
         GROUP BY visitor_hash ORDER BY max(timestamp) DESC, visitor_hash LIMIT {}\nFORMAT JSONEachRow",
        in_line(BY_ID),
        MAX_HASHES + 1
    );
    scoped(person, sql, bound_ids(&person.ids))
}

/// Parses the answer to [`hashes`].
///
/// # Errors
/// It has another shape; the text is for the log.
pub fn hashes_of(answer: &[u8]) -> Result<Vec<String>, String> {
    #[derive(Deserialize)]
    struct Row {
        hash: String,
    }
    Ok(rows::<Row>(answer)?.into_iter().map(|row| row.hash).collect())
}

/// The number of a person's rows in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Events by day, without duplicates.
    pub days: BTreeMap<Day, u64>,
    /// Sessions, without older generations.
    pub sessions: u64,
    /// The visitors of these sessions, in decimal digits.
    pub visitors: BTreeSet<String>,
    /// Identifications by day.
    pub identities: u64,
    /// Dead letters.
    pub dead_letters: u64,
}

impl Touched {
    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds the rows of another part of the person. A row that both parts have counts twice; only persons with very
    /// many ids have several parts.
    pub fn extend(&mut self, other: Self) {
        for (day, events) in other.days {
            *self.days.entry(day).or_default() += events;
        }
        self.sessions += other.sessions;
        self.visitors.extend(other.visitors);
        self.identities += other.identities;
        self.dead_letters += other.dead_letters;
    }
}

/// Counts a person's rows in the store.
pub fn touched(person: &Person) -> Statement {
    let sql = format!(
        "SELECT 'events' AS what, toString(toDate(timestamp)) AS name, toString(uniqExact(event_id)) AS number\n\
         FROM events WHERE {SCOPE} AND {THEIRS} GROUP BY name\n\
         UNION ALL SELECT 'sessions', toString(visitor) AS name, toString(uniqExact((session_id, started_at)))\n\
         FROM sessions WHERE {SCOPE} AND {VISITS} GROUP BY name\n\
         UNION ALL SELECT 'identities', '', toString(uniqExact((day, anonymous_id, user_id)))\n\
         FROM identities WHERE {SCOPE} AND {BY_ID}\n\
         UNION ALL SELECT 'dead_letters', '', toString(uniqExact(id))\n\
         FROM dead_letters WHERE {SCOPE} AND {}\nFORMAT JSONEachRow",
        in_line(THEIRS)
    );
    scoped(person, sql, bound(person))
}

/// Parses the answer to [`touched`].
///
/// # Errors
/// It has another shape; the text is for the log.
pub fn touched_of(answer: &[u8]) -> Result<Touched, String> {
    #[derive(Deserialize)]
    struct Row {
        what: String,
        name: String,
        number: String,
    }
    let mut touched = Touched::default();
    for Row { what, name, number } in rows(answer)? {
        let number: u64 = number.parse().map_err(|_| "unusable answer: no number".to_owned())?;
        match (what.as_str(), Day::parse(&name)) {
            ("events", Some(day)) => *touched.days.entry(day).or_default() += number,
            ("sessions", _) => {
                touched.sessions += number;
                touched.visitors.insert(name);
            }
            ("identities", _) => touched.identities += number,
            ("dead_letters", _) => touched.dead_letters += number,
            _ => return Err("unusable answer: unknown kind of row".to_owned()),
        }
    }
    Ok(touched)
}
