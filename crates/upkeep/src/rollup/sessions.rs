//! The SELECT that computes the rows of `sessions` from the events of the bound days.

use statement::session_rows;

use super::rows::events;
use super::{Kind, TARGETS};

/// `SELECT project_id, env, day, …` and the columns of `sessions`.
pub(super) fn sessions() -> String {
    let events = format!("{} AND bot_class = ''", events(Kind::Sessions));
    let rows = session_rows(&events, &[]);
    format!("SELECT * FROM ({rows}) WHERE (project_id, env, day) IN ({TARGETS})")
}
