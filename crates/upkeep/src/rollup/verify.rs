//! Compares stored rows with the events.

use super::recompute::{row_columns, select};
use super::rows::{HAS_SET, bounds};
use super::{GENERATIONS, Generation, Kind, ProjectDay, bound, bound_generations};
use statement::Statement;

/// Maximum number of differences of one statement.
const SHOWN: u32 = 20;

/// Compares every row of these days' generations with the rows computed from the events. Each row of the answer is a
/// difference: its day, `raw` and `stored` (how often it occurs on each side) and the row as text. No rows means no
/// difference.
///
/// A day that is written to meanwhile differs, so check afterwards whether it is still clean.
pub fn verify(kind: Kind, days: &[(ProjectDay, Generation)]) -> Statement {
    let mut parameters = bound(days.iter().map(|(day, _)| day));
    parameters.push(bound_generations(days.iter().map(|(_, generation)| generation)));
    parameters.extend(bounds(kind, days.iter().map(|(day, _)| day)));
    let columns = row_columns(kind);
    let (all, same, text) = match kind {
        // Sets of visitors cannot be compared directly. They are equal if both are as large as their union.
        Kind::Rollup => (
            columns.replace("dimension, grain", "toString(dimension) AS dimension, toString(grain) AS grain"),
            format!(
                "AND min(events) = max(events) AND min(pageviews) = max(pageviews)\n\
                 AND min(visitors_count) = max(visitors_count)\n\
                 AND uniqExactMerge(visitors) = if({HAS_SET}, max(visitors_count), 0)"
            ),
            "dimension, grain, hour, value, second",
        ),
        Kind::Sessions | Kind::Identities => (columns.clone(), String::new(), columns.as_str()),
    };
    let sql = format!(
        "SELECT project_id, env, day, countIf(side = 'raw') AS raw, countIf(side = 'stored') AS stored,\n\
         toString(({text})) AS row\n\
         FROM (SELECT 'raw' AS side, project_id, env, day, {columns} FROM ({select})\n\
         UNION ALL SELECT 'stored' AS side, project_id, env, day, {all} FROM {table}\n\
         WHERE (project_id, env, day, generation) IN ({GENERATIONS}))\n\
         GROUP BY project_id, env, day, {text}\n\
         HAVING NOT (raw = 1 AND stored = 1 {same})\n\
         ORDER BY project_id, env, day, row LIMIT {SHOWN} FORMAT JSONEachRow",
        select = select(kind),
        table = kind.table(),
    );
    Statement { sql, parameters }
}
