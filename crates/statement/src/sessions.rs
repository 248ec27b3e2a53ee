//! The definition of a session (`docs/concepts.md`, "Sessions"), as one SELECT.
//!
//! A session is a sequence of events of one visitor with one `session_id`; a missing `session_id` counts as a value. A
//! gap of 30 minutes or more ends it; with a `session_id`, a gap of 24 hours or more. Events with neither a visitor nor
//! a `session_id` belong to no session.
//!
//! A session belongs to the UTC day on which it starts, and ends at the latest at the end of the next UTC day. With
//! gaps of at most a day, the sessions of a start day D can be computed from the events of D - 1, D and D + 1: whether
//! an event starts a session depends on the previous event, at most a day earlier. If the days of a statement are not
//! consecutive, the first event after a hole can look like a start. That is harmless: its day is not asked for, or the
//! day before it is included.
//!
//! Its entry is the first event with a path, or else the first event. Its exit is the last event with a path.

use schema::{Column, is_activity, is_pageview};

/// A gap of this many minutes ends a session without a `session_id`.
const GAP_MINUTES: u32 = 30;
/// A gap of this many minutes ends a session with a `session_id`.
const GAP_MINUTES_WITH_ID: u32 = 24 * 60;

/// `SELECT project_id, env, day, visitor, …, duration_ms`: one row per session. `holds` adds columns (condition over
/// `events`, name): whether any event of the session meets the condition. `events` is as in [`session_events`].
pub fn session_rows(events: &str, holds: &[(String, String)]) -> String {
    let attributes = Column::names(Column::OF_ENTRY);
    let entry: Vec<String> =
        Column::OF_ENTRY.iter().zip(2..).map(|(column, at)| format!("entry.{at} AS {}", column.as_str())).collect();
    let each = |write: &dyn Fn(&(String, String)) -> String| holds.iter().map(write).collect::<String>();
    let names = each(&|(_, name)| format!(", {name}"));
    let any = each(&|(_, name)| format!(", max({name}) AS {name}"));
    let fits = each(&|(condition, name)| format!(", {condition} AS {name}"));
    format!(
        "SELECT project_id, env, toDate(started_at) AS day, visitor, session_id, started_at, ended_at, events,\n\
         pageviews, is_bounce, entry.1 AS entry_path, exit_path, {entry},\n\
         dateDiff('millisecond', started_at, ended_at) AS duration_ms{names}\n\
         FROM (SELECT {KEY}, started_at, max(timestamp) AS ended_at, count() AS events,\n\
         countIf({is_pageview}) AS pageviews, countIf({is_activity}) <= 1 AS is_bounce,\n\
         argMin((path, {attributes}), (path = '', timestamp, event_id)) AS entry,\n\
         argMax(path, (path != '', timestamp, event_id)) AS exit_path{any}\n\
         FROM ({events})\n\
         GROUP BY {KEY}, started_at)",
        is_pageview = is_pageview("event"),
        is_activity = is_activity("event"),
        entry = entry.join(", "),
        events = session_events(events, &format!("event, path, {attributes}{fits}")),
    )
}

/// The columns that identify a sequence of events.
const KEY: &str = "project_id, env, visitor, session_id";

/// `SELECT project_id, env, visitor, session_id, timestamp, event_id, …columns, is_start, started_at`: the events that
/// belong to sessions, each with the start of its session. (visitor, session id, start) identifies a session. `events`
/// is `FROM events FINAL WHERE …` and must cover the day before the first start to the day after the last. `columns`
/// are expressions over it.
pub fn session_events(events: &str, columns: &str) -> String {
    let window = format!(
        "OVER (PARTITION BY {KEY} ORDER BY timestamp, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    );
    let never = "toDateTime64(0, 3, 'UTC')";
    format!(
        "SELECT * FROM (SELECT *, max(if(is_start, timestamp, {never})) {window} AS started_at\n\
         FROM (SELECT {KEY}, timestamp, event_id, {columns},\n\
         timestamp >= lagInFrame(timestamp, 1, {never}) {window}\n\
         + toIntervalMinute(if(session_id = '', {GAP_MINUTES}, {GAP_MINUTES_WITH_ID})) AS is_start\n\
         {events} AND (visitor != 0 OR session_id != '')))\n\
         WHERE toDate(timestamp) <= toDate(started_at) + 1"
    )
}
