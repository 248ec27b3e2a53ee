//! Keeps the computed tables correct and small: marks days, compares counts, removes old generations.

use serde::Deserialize;

use super::{Generation, Kind, Parameters, ProjectDay, TARGETS, bound, clean, marks, newest, parameter};
use intake::time::{DAY_MS, Day, Timestamp};
use statement::Statement;

const HOUR_MS: i64 = 3_600_000;
/// The hour (UTC) of the daily comparison.
const COMPARED_AT: i64 = 3;
/// Number of days before today that are compared each day.
const RECENT_DAYS: i32 = 31;
/// Older days are compared in turn: one block of this many days each day.
const BLOCK_DAYS: i32 = 31;
/// Number of blocks. After as many days, five years have been compared.
const BLOCKS: i32 = 64;

/// The work of a run besides computing days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chores {
    /// Remove old generations. Once an hour.
    pub cleanup: bool,
    /// Compare the counts of these days (start included, end excluded). Once a day.
    pub compare: Vec<(Day, Day)>,
}

impl Chores {
    /// The work of the run that starts at `now`, if one starts every `period_ms`.
    pub fn of(now: Timestamp, period_ms: i64) -> Self {
        let cleanup = now.0.rem_euclid(HOUR_MS) < period_ms;
        let mut compare = Vec::new();
        if cleanup && now.0.rem_euclid(DAY_MS) / HOUR_MS == COMPARED_AT {
            let today = now.day().0;
            // The position of blocks does not depend on the date, so that no block is left out between two turns.
            let last = today.div_euclid(BLOCK_DAYS);
            let block = (last - (last - today).rem_euclid(BLOCKS)) * BLOCK_DAYS;
            compare = vec![
                (Day(today - RECENT_DAYS), Day(today)),
                (Day(block), Day((block + BLOCK_DAYS).min(today - RECENT_DAYS))),
            ];
            compare.retain(|(from, to)| from < to);
        }
        Self { cleanup, compare }
    }
}

/// Marks days as dirty, so that they are computed again. Needed after any change of events that is not an insert.
pub fn mark(days: &[ProjectDay]) -> Statement {
    let sql = format!(
        "INSERT INTO dirty (project_id, env, day, at)\n\
         SELECT target.1, target.2, target.3, now64(3, 'UTC') FROM ({TARGETS} AS target)"
    );
    Statement { sql, parameters: bound(days.iter()) }
}

/// Finds the days in `from..to`, of all projects, whose number of events differs from their rollup, or that have events
/// but no mark: after a crash, a materialized view can miss rows of its table. The answer has the shape of
/// [`super::due`]; pass its days to [`mark`].
pub fn differing(from: Day, to: Day) -> Statement {
    let readable = clean(Kind::Rollup, " AND day >= {first:Date} AND day < {end:Date}");
    let sql = format!(
        "WITH readable AS ({readable})\n\
         SELECT project_id, env, target AS day, sum(counted) AS rows\n\
         FROM (SELECT project_id, env, toDate(timestamp) AS target, countIf(bot_class = '') AS counted,\n\
         toInt64(counted) AS difference FROM events FINAL\n\
         WHERE timestamp >= {{from:DateTime64(3, 'UTC')}} AND timestamp < {{to:DateTime64(3, 'UTC')}}\n\
         GROUP BY project_id, env, target\n\
         UNION ALL SELECT project_id, env, day AS target, toUInt64(0) AS counted, -toInt64(events) AS difference\n\
         FROM daily_rollup WHERE dimension = 'total' AND grain = 'day'\n\
         AND (project_id, env, day, generation) IN (SELECT project_id, env, target, newest FROM readable))\n\
         GROUP BY project_id, env, target\n\
         HAVING (sum(difference) != 0 AND (project_id, env, target) IN (SELECT project_id, env, target FROM readable))\n\
         OR (project_id, env, target) NOT IN (SELECT project_id, env, day FROM dirty)\n\
         ORDER BY project_id, env, day\nFORMAT JSONEachRow"
    );
    let parameters = vec![
        parameter("first", from.to_iso()),
        parameter("end", to.to_iso()),
        parameter("from", from.start().to_store()),
        parameter("to", to.start().to_store()),
    ];
    Statement { sql, parameters }
}

/// Counts the rows that [`cleanup`] would remove. Row: `{"rows":"12"}`.
pub fn outdated(now: Timestamp) -> Statement {
    let counts: Vec<String> = OWN_TABLES
        .iter()
        .map(|(table, kind)| format!("SELECT count() AS found FROM {table} WHERE {}", old(*kind)))
        .collect();
    let sql = format!("SELECT sum(found) AS rows FROM ({})\nFORMAT JSONEachRow", counts.join("\nUNION ALL "));
    Statement { sql, parameters: cutoff(now) }
}

/// Parses the answer to [`outdated`]; `None` if it has another shape.
pub fn outdated_rows(answer: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Row {
        rows: String,
    }
    let row: Row = intake::json::read(answer).ok()?;
    row.rows.parse().ok()
}

/// Removes rows that no question reads: generations that were superseded an hour ago, and rows of generations that were
/// started an hour ago and never completed. Run the statements in this order.
pub fn cleanup(now: Timestamp) -> Vec<Statement> {
    OWN_TABLES
        .iter()
        .map(|(table, kind)| Statement {
            sql: format!("DELETE FROM {table} WHERE {}", old(*kind)),
            parameters: cutoff(now),
        })
        .collect()
}

/// The tables of this module. `computed` is last, because it identifies the old rows of the others.
const OWN_TABLES: &[(&str, Option<Kind>)] = &[
    ("daily_rollup", Some(Kind::Rollup)),
    ("sessions", Some(Kind::Sessions)),
    ("identities", Some(Kind::Identities)),
    ("computed", None),
];

/// Of the generations started before the cut-off, a day keeps the last completed one. An older one cannot be completed
/// any more, because no statement runs that long.
fn old(kind: Option<Kind>) -> String {
    let (same_kind, of_kind) = match kind {
        Some(kind) => ("", format!("AND kind = '{}'", kind.as_str())),
        None => ("kind, ", String::new()),
    };
    format!(
        "generation < {{cutoff:UInt64}} AND (project_id, env, {same_kind}day, generation) NOT IN (\n\
         SELECT project_id, env, {same_kind}day, max(generation) FROM computed\n\
         WHERE generation < {{cutoff:UInt64}} {of_kind} GROUP BY project_id, env, {same_kind}day)"
    )
}

fn cutoff(now: Timestamp) -> Parameters {
    vec![parameter("cutoff", Generation::new(now.plus(-HOUR_MS), 0).0.to_string())]
}

/// The state of a kind for one project. One row per env: number of days, of clean days, the oldest day that is not
/// clean, number of rows and of generations, including old ones.
pub fn status(kind: Kind, project_id: &str) -> Statement {
    let own = " AND project_id = {project_id:UUID}";
    let sql = format!(
        "SELECT env, '{kind}' AS kind, count() AS days, countIf(is_clean) AS clean_days,\n\
         toString(minIfOrNull(target, NOT is_clean)) AS oldest_dirty, any(stored.2) AS rows, any(stored.3) AS generations\n\
         FROM (SELECT a.env AS env, a.target AS target, a.marked < b.covered AS is_clean\n\
         FROM (SELECT * FROM ({marks}) WHERE is_marked) AS a\n\
         LEFT JOIN ({newest}) AS b USING (project_id, env, target)) AS days\n\
         LEFT JOIN (SELECT env, (env, count(), uniqExact(generation)) AS stored FROM {table}\n\
         WHERE project_id = {{project_id:UUID}} GROUP BY env) AS rows USING (env)\n\
         GROUP BY env ORDER BY env FORMAT JSONEachRow",
        kind = kind.as_str(),
        marks = marks(kind, own),
        newest = newest(kind, own),
        table = kind.table(),
    );
    Statement { sql, parameters: vec![parameter("project_id", project_id)] }
}
