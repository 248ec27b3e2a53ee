//! Clean days of the computed tables, and the generation to read of each (`docs/rollups.md`).

use intake::key::Env;
use intake::time::{Day, Timestamp};
use serde::Deserialize;

use crate::{Scope, Statement};

/// A computed table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Counts by dimension: table `daily_rollup`.
    Rollup,
    /// Table `sessions`.
    Sessions,
    /// Table `identities`.
    Identities,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Rollup, Self::Sessions, Self::Identities];

    /// Its name in `computed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rollup => "rollup",
            Self::Sessions => "sessions",
            Self::Identities => "identities",
        }
    }

    /// The table that holds its rows.
    pub fn table(self) -> &'static str {
        match self {
            Self::Rollup => "daily_rollup",
            Self::Sessions => "sessions",
            Self::Identities => "identities",
        }
    }

    /// Number of days before and after a day whose events affect its rows.
    pub fn reach(self) -> i32 {
        match self {
            Self::Sessions => 1,
            Self::Rollup | Self::Identities => 0,
        }
    }

    /// The same as an SQL array of offsets.
    pub fn shifts(self) -> &'static str {
        match self {
            Self::Sessions => "[-1, 0, 1]",
            Self::Rollup | Self::Identities => "[0]",
        }
    }
}

/// A day (UTC) of a project's data set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProjectDay {
    /// The project's UUID.
    pub project_id: String,
    /// Which of its data sets.
    pub env: Env,
    /// The day.
    pub day: Day,
}

/// The number of one computation: later ones are larger, no two are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u64);

impl Generation {
    /// The generation of a computation that starts at `clock` (the store's). `random` distinguishes computations of the
    /// same millisecond.
    pub fn new(clock: Timestamp, random: u64) -> Self {
        Self((u64::try_from(clock.0).unwrap_or(0) << 20) | (random & 0xF_FFFF))
    }
}

/// Values of a statement by name.
pub type Parameters = Vec<(String, String)>;

/// A value under its name.
pub fn parameter(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// For each day of a kind, its newest finished generation: `project_id, env, target, newest, covered`.
pub fn newest(kind: Kind, filter: &str) -> String {
    format!(
        "SELECT project_id, env, day AS target, max(generation) AS newest, argMax(covers, generation) AS covered\n\
         FROM computed WHERE kind = '{}'{filter} GROUP BY project_id, env, day",
        kind.as_str()
    )
}

/// For each day of a kind, the newest mark of the days that affect it: `project_id, env, target, marked`, and
/// whether the day itself `is_marked`.
pub fn marks(kind: Kind, filter: &str) -> String {
    format!(
        "SELECT project_id, env, day + shift AS target, max(at) AS marked, max(shift = 0) AS is_marked\n\
         FROM dirty ARRAY JOIN {} AS shift WHERE 1{filter} GROUP BY project_id, env, target",
        kind.shifts()
    )
}

/// The days of a kind whose newest generation covers all marks: `project_id, env, target, newest`.
pub fn clean(kind: Kind, filter: &str) -> String {
    format!(
        "SELECT c.project_id AS project_id, c.env AS env, c.target AS target, c.newest AS newest\n\
         FROM ({}) AS c LEFT JOIN ({}) AS m USING (project_id, env, target)\n\
         WHERE m.marked < c.covered",
        newest(kind, filter),
        marks(kind, filter)
    )
}

/// The clean days of a kind within a scope, each with the generation to read, as one value of the type
/// `Array(Tuple(Date, UInt64))`. `scope` is the condition on project and env.
///
/// ClickHouse evaluates a scalar subquery once per statement, even if it occurs several times, so all parts of the
/// statement see the same days.
pub fn clean_value(kind: Kind, scope: &str) -> String {
    format!("(SELECT groupArray((target, newest)) FROM ({}))", clean(kind, &format!(" AND {scope}")))
}

/// The clean days of a kind in `from..to`, with the generation to read. Rows: `{"day":"2026-11-21","generation":"…"}`.
///
/// Generations are kept for an hour after they were superseded, so a second statement can read them.
pub fn clean_days(kind: Kind, scope: &Scope<'_>, from: Day, to: Day) -> Statement {
    let sql = format!(
        "SELECT target AS day, toString(newest) AS generation\nFROM ({})\n\
         WHERE target >= {{first:Date}} AND target < {{end:Date}}\nORDER BY day\nFORMAT JSONEachRow",
        clean(kind, " AND project_id = {project_id:UUID} AND env = {env:String}")
    );
    Statement { sql, parameters: span(scope, from, to) }
}

/// Parses the answer to [`clean_days`].
///
/// # Errors
/// A line has another shape than expected; the text is for the log.
pub fn clean_rows(answer: &[u8]) -> Result<Vec<(Day, Generation)>, String> {
    #[derive(Deserialize)]
    struct Row {
        day: String,
        generation: String,
    }
    let text = str::from_utf8(answer).map_err(|error| error.to_string())?;
    text.lines()
        .map(|line| {
            let row: Row = serde_json::from_str(line).map_err(|error| error.to_string())?;
            match (Day::parse(&row.day), row.generation.parse()) {
                (Some(day), Ok(generation)) => Ok((day, Generation(generation))),
                _ => Err(format!("unusable answer: {line}")),
            }
        })
        .collect()
}

/// Project, env and days of a statement as bound values.
pub fn span(scope: &Scope<'_>, from: Day, to: Day) -> Vec<(String, String)> {
    vec![
        parameter("project_id", scope.project_id),
        parameter("env", scope.env.as_str()),
        parameter("first", from.to_iso()),
        parameter("end", to.to_iso()),
    ]
}
