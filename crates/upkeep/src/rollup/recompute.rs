//! Days computed anew, and which computed days may be read.

use super::rows::{bounds, identities, rollup};
use super::sessions::sessions;
use super::{Generation, Kind, ProjectDay, TARGETS, bound, parameter};
use intake::time::{Day, Timestamp};
use statement::{Scope, Statement, span};

/// The statements that compute days of a kind, to be run in this order: the rows, and the note that they are
/// whole. After any failure both run again under another generation.
///
/// `covers`: everything marked before this instant can be read by now, so the clock of the store when the
/// computation begins less [`super::MARGIN_MS`].
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

/// All projects that have events or had some: `{"project_id":"…"}` a row.
pub fn projects() -> Statement {
    let sql = "SELECT DISTINCT project_id FROM (SELECT project_id FROM events UNION ALL SELECT project_id FROM computed)\n\
        ORDER BY project_id FORMAT JSONEachRow";
    Statement { sql: sql.to_owned(), parameters: Vec::new() }
}

/// The days in `from..to` that have events, or had some when they were computed last, with their number of
/// rows: what a rebuild computes.
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

/// `SELECT project_id, env, day, …` of a kind, from the events.
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
