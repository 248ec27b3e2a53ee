//! What a session is, as one SELECT.
//!
//! A session is a run of events of one visitor and one `session_id` as sent (none is a value too). It ends
//! where the next event comes 30 minutes later or more; with a `session_id`, 24 hours later or more. Events
//! with neither a visitor nor a `session_id` belong to none; what bots do neither.
//!
//! It belongs to the UTC day it starts on, and counts its events to the end of the UTC day after. That bound,
//! and gaps of at most a day, make a start day D computable from the events of D - 1, D and D + 1: whether an
//! event of D or D + 1 starts a session is told by the one before it, at most a day earlier. Where days of a
//! statement lie apart, the first event after a hole may look like a start: it lies on a day that is not asked
//! for, or has its own day before it at hand.
//!
//! Its entry is the first event that stands on a page, else the first; its exit the last one that does.

use schema::{Column, is_activity, is_pageview};

/// A gap of this many minutes ends a session without an id.
const GAP_MINUTES: u32 = 30;
/// A gap of this many minutes ends a session with one.
const GAP_MINUTES_WITH_ID: u32 = 24 * 60;

/// `SELECT project_id, env, day, visitor, …, duration_ms`, and a column for each of `holds`: whether an event of
/// the session fits the condition over `events`. `events` is as in [`session_events`].
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

/// What runs of events are told apart by.
const KEY: &str = "project_id, env, visitor, session_id";

/// `SELECT project_id, env, visitor, session_id, timestamp, event_id, …columns, is_start, started_at`: the events
/// that count for sessions, each with the start of its own; (visitor, session id, start) is one session. `events`
/// is `FROM events FINAL WHERE …`, which must reach from the day before the first start that is wanted to the day
/// after the last; `columns` are expressions over it.
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
