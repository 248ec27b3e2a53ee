//! The rows of `sessions`, computed from the events of the days bound to the statement.

use statement::{ENTRY, session_rows};

use super::rows::events;
use super::{Kind, TARGETS};

/// Columns of `sessions` after project, env, day and generation.
pub(super) fn columns() -> String {
    format!(
        "visitor, session_id, started_at, ended_at, events, pageviews, is_bounce, entry_path, exit_path, {}",
        ENTRY.join(", ")
    )
}

/// `SELECT project_id, env, day, …columns()`.
pub(super) fn sessions() -> String {
    let events = format!("{} AND bot_class = ''", events(Kind::Sessions));
    let rows = session_rows(&events, &[]);
    format!("SELECT * FROM ({rows}) WHERE (project_id, env, day) IN ({TARGETS})")
}
