//! The statements that recompute days.

use super::rows::{bounds, identities, rollup};
use super::sessions::sessions;
use super::{Generation, Kind, ProjectDay, TARGETS, bound, parameter};
use intake::time::{Day, Timestamp};
use statement::{Scope, Statement, span};

/// The statements that compute days of a kind, in this order: insert the rows, then record that they are complete.
/// After any failure both run again with another generation.
///
/// `covers`: all events marked before this instant can be read now. It is the store's clock at the start of the
/// computation minus [`super::MARGIN_MS`].
pub fn recompute(kind: Kind, days: &[ProjectDay], generation: Generation, covers: Timestamp) -> [Statement; 2] {
    let mut parameters = bound(days.iter());
    parameters.push(parameter("generation", generation.0.to_string()));
    let mut noted = parameters.clone();
    noted.push(parameter("covers", covers.to_store()));
    parameters.extend(bounds(kind, days.iter()));
    let columns = row_columns(kind);
    let rows = format!(
        "INSERT INTO {} (project_id, env, day, generation, {columns})\n\
         SELECT project_id, env, day, {{generation:UInt64}}, {columns}\nFROM ({})",
        kind.table(),
        select(kind)
    );
    let note = format!(
        "INSERT INTO computed (project_id, env, kind, day, generation, covers)\n\
         SELECT target.1, target.2, '{}', target.3, {{generation:UInt64}}, {{covers:DateTime64(3, 'UTC')}}\n\
         FROM ({TARGETS} AS target)",
        kind.as_str()
    );
    [Statement { sql: rows, parameters }, Statement { sql: note, parameters: noted }]
}

/// Finds all projects that have or had events. Rows: `{"project_id":"…"}`.
pub fn projects() -> Statement {
    let sql = "SELECT DISTINCT project_id FROM (SELECT project_id FROM events UNION ALL SELECT project_id FROM computed)\n\
        ORDER BY project_id FORMAT JSONEachRow";
    Statement { sql: sql.to_owned(), parameters: Vec::new() }
}

/// Finds the days in `from..to` for a rebuild: those that have events, or had some when they were last computed, with
/// their number of rows.
pub fn with_events(scope: &Scope<'_>, from: Day, to: Day) -> Statement {
    let sql = "SELECT project_id, env, target AS day, sum(found) AS rows\n\
        FROM (SELECT project_id, env, toDate(timestamp) AS target, count() AS found FROM events\n\
        WHERE project_id = {project_id:UUID} AND env = {env:String}\n\
        AND toDate(timestamp) >= {first:Date} AND toDate(timestamp) < {end:Date}\n\
        GROUP BY project_id, env, target\n\
        UNION ALL SELECT DISTINCT project_id, env, day AS target, toUInt64(0) AS found FROM computed\n\
        WHERE project_id = {project_id:UUID} AND env = {env:String} AND day >= {first:Date} AND day < {end:Date})\n\
        GROUP BY project_id, env, target\nORDER BY day\nFORMAT JSONEachRow";
    Statement { sql: sql.to_owned(), parameters: span(scope, from, to) }
}

/// `SELECT project_id, env, day, …` that computes the rows of a kind from the events.
pub(super) fn select(kind: Kind) -> String {
    match kind {
        Kind::Rollup => rollup(),
        Kind::Sessions => sessions(),
        Kind::Identities => identities(),
    }
}

/// The columns that follow project, env, day and generation.
pub(super) fn row_columns(kind: Kind) -> String {
    let fields = match kind {
        Kind::Rollup => schema::DAILY_ROLLUP.to_vec(),
        Kind::Sessions => schema::sessions(),
        Kind::Identities => schema::IDENTITIES.to_vec(),
    };
    let names: Vec<&str> = fields.into_iter().map(|(name, _)| name).collect();
    names.join(", ")
}
