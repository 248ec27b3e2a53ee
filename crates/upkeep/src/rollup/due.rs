//! Finds the days to compute, and groups them into statements.

use std::fmt::Display;

use serde::Deserialize;

use super::{Kind, ProjectDay, marks, newest, parameter};
use intake::key::Env;
use intake::time::{Day, Timestamp};
use statement::Statement;

/// Maximum number of days of one statement. Their values are in the URL, and some proxies accept only 8 KB.
const MAX_DAYS: usize = 64;
/// Number of rows after which a statement takes no further day.
const MAX_ROWS: u64 = 1_000_000;
/// Number of consecutive days of one project before the next project's turn.
const TURN: u32 = 31;

/// A day to compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The day.
    pub day: ProjectDay,
    /// Approximate number of its rows.
    pub rows: u64,
}

/// Finds up to `limit` days of a kind with a mark that their newest generation does not cover.
///
/// Only days that `covers` (see [`super::recompute`]) would make clean, and no day that today's events affect, because
/// today is marked all the time. A project's days come oldest first. Projects take turns in an order that depends on
/// `seed`, so that a large or failing project does not block others.
pub fn due(kind: Kind, covers: Timestamp, today: Day, seed: u64, limit: u32) -> Statement {
    let missing = format!(
        "SELECT m.project_id AS project_id, m.env AS env, m.target AS target\n\
         FROM ({}) AS m LEFT JOIN ({}) AS c USING (project_id, env, target)\n\
         WHERE m.is_marked AND m.marked >= c.covered AND m.marked < {{covers:DateTime64(3, 'UTC')}}\n\
         AND m.target < {{before:Date}}",
        marks(kind, ""),
        newest(kind, "")
    );
    let sql = format!(
        "WITH missing AS ({missing}),\n\
         next AS (SELECT project_id, env, target,\n\
         intDiv(row_number() OVER (PARTITION BY project_id, env ORDER BY target) - 1, {TURN}) AS turn\n\
         FROM missing ORDER BY turn, sipHash64(project_id, env, {{seed:UInt64}}), target LIMIT {{limit:UInt32}})\n\
         SELECT n.project_id AS project_id, n.env AS env, n.target AS day, r.rows AS rows\n\
         FROM next AS n LEFT JOIN (SELECT project_id, env, toDate(timestamp) AS target, count() AS rows FROM events\n\
         WHERE (project_id, env, toDate(timestamp)) IN (SELECT project_id, env, target FROM next)\n\
         GROUP BY project_id, env, target) AS r USING (project_id, env, target)\n\
         ORDER BY n.turn, sipHash64(project_id, env, {{seed:UInt64}}), day\nFORMAT JSONEachRow"
    );
    let parameters = vec![
        parameter("covers", covers.to_store()),
        parameter("before", Day(today.0.saturating_sub(kind.reach())).to_iso()),
        parameter("seed", seed.to_string()),
        parameter("limit", limit.to_string()),
    ];
    Statement { sql, parameters }
}

/// Parses the answer to [`due`] or [`super::with_events`].
///
/// # Errors
/// A line has another shape than expected; the text is for the log.
pub fn due_rows(answer: &[u8]) -> Result<Vec<Due>, String> {
    #[derive(Deserialize)]
    struct Row {
        project_id: String,
        env: String,
        day: String,
        rows: String,
    }
    let broken = |error: &dyn Display| format!("unusable answer: {error}");
    let text = str::from_utf8(answer).map_err(|error| broken(&error))?;
    text.lines()
        .map(|line| {
            let row: Row = serde_json::from_str(line).map_err(|error| broken(&error))?;
            let (Some(env), Some(day), Ok(rows)) = (Env::parse(&row.env), Day::parse(&row.day), row.rows.parse())
            else {
                return Err(broken(&line));
            };
            Ok(Due { day: ProjectDay { project_id: row.project_id, env, day }, rows })
        })
        .collect()
}

/// Groups days into portions for one statement each, in the given order.
pub fn batches(due: Vec<Due>) -> Vec<Vec<ProjectDay>> {
    let mut batches: Vec<Vec<ProjectDay>> = Vec::new();
    let mut rows = 0_u64;
    for one in due {
        match batches.last_mut() {
            Some(batch) if batch.len() < MAX_DAYS && rows.saturating_add(one.rows) <= MAX_ROWS => {
                rows += one.rows;
                batch.push(one.day);
            }
            _ => {
                rows = one.rows;
                batches.push(vec![one.day]);
            }
        }
    }
    batches
}

/// Splits a failed portion in two, to find the day that fails; `None` if it is one day.
pub fn halves(days: &[ProjectDay]) -> Option<[Vec<ProjectDay>; 2]> {
    let (first, second) = days.split_at_checked(days.len() / 2)?;
    (!first.is_empty()).then(|| [first.to_vec(), second.to_vec()])
}
