//! The computed tables: recomputes `daily_rollup`, `sessions` and `identities` from `events FINAL` for the days in
//! `dirty` (`docs/rollups.md`). Writes the SQL; the Worker's cron and `headwater rollup` run it.
//!
//! A run reads the store's clock, finds the days that are [`due`], and runs the two statements of [`recompute`] for
//! each batch of days: insert the rows with a new generation, then record that the generation is complete. If it stops
//! in between or runs twice at the same time, no question reads the incomplete rows.

mod due;
mod recompute;
mod rows;
mod sessions;
mod upkeep;
mod verify;

pub use due::{Due, batches, due, due_rows, halves};
pub use recompute::{projects, recompute, with_events};
pub use statement::{Generation, Kind, ProjectDay, clean_days, clean_rows};
pub use upkeep::{Chores, cleanup, differing, mark, outdated, outdated_rows, status};
pub use verify::verify;

use intake::time::Timestamp;
use serde::Deserialize;
use statement::{Parameters, Statement, clean, marks, newest, parameter};

/// Maximum duration of an insert, in milliseconds. A block is marked before its rows can be read, so a computation
/// covers only marks that were at least this old when it started.
pub const MARGIN_MS: i64 = 60_000;

/// Settings of every statement of this module. Defaults differ between servers, so they are all set. The caller sets
/// the time limit.
pub const SETTINGS: &[(&str, &str)] = &[
    ("timeout_overflow_mode", "throw"),
    ("max_memory_usage", "4000000000"),
    ("max_bytes_before_external_group_by", "1000000000"),
    ("max_bytes_before_external_sort", "1000000000"),
    ("max_partitions_per_insert_block", "200"),
    // A day that is due again is written again, so equal blocks are not duplicates.
    ("insert_deduplicate", "0"),
    ("async_insert", "0"),
    // One part per month and statement.
    ("max_insert_threads", "1"),
    ("min_insert_block_size_rows", "1048576"),
    ("min_insert_block_size_bytes", "268435456"),
    ("do_not_merge_across_partitions_select_final", "1"),
    ("join_use_nulls", "0"),
    ("lightweight_deletes_sync", "1"),
    ("mutations_sync", "1"),
    // The clean-up looks up the newest generations, which cannot change any more.
    ("allow_nondeterministic_mutations", "1"),
    ("output_format_json_quote_64bit_integers", "1"),
    ("date_time_output_format", "simple"),
    // Otherwise an error could follow a 200, because the status is sent before the answer is complete.
    ("wait_end_of_query", "1"),
];

/// Reads the store's clock, which dates the marks.
pub fn clock() -> Statement {
    let sql = "SELECT toUnixTimestamp64Milli(now64(3, 'UTC')) AS clock FORMAT JSONEachRow";
    Statement { sql: sql.to_owned(), parameters: Vec::new() }
}

/// Parses the answer to [`clock`]; `None` if it has another shape.
pub fn clock_time(answer: &[u8]) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Row {
        clock: String,
    }
    let row: Row = intake::json::read(answer).ok()?;
    row.clock.parse().ok().map(Timestamp)
}

/// The days bound by [`bound`], as rows of (project, env, day).
const TARGETS: &str = "SELECT arrayJoin(arrayZip({projects:Array(UUID)}, \
    {envs:Array(Enum8('live' = 1, 'test' = 2))}, {days:Array(Date)}))";

/// The same with the generation of each day, bound by [`bound`] and [`bound_generations`].
const GENERATIONS: &str = "SELECT arrayJoin(arrayZip({projects:Array(UUID)}, \
    {envs:Array(Enum8('live' = 1, 'test' = 2))}, {days:Array(Date)}, {generations:Array(UInt64)}))";

/// Days as parallel arrays.
fn bound<'a>(days: impl Iterator<Item = &'a ProjectDay> + Clone) -> Parameters {
    vec![
        parameter("projects", quoted(days.clone().map(|one| one.project_id.clone()))),
        parameter("envs", quoted(days.clone().map(|one| one.env.as_str().to_owned()))),
        parameter("days", quoted(days.map(|one| one.day.to_iso()))),
    ]
}

fn bound_generations<'a>(generations: impl Iterator<Item = &'a Generation>) -> (String, String) {
    let list: Vec<String> = generations.map(|generation| generation.0.to_string()).collect();
    parameter("generations", format!("[{}]", list.join(",")))
}

/// Values without quotes: ids, constant names and days.
fn quoted(values: impl Iterator<Item = String>) -> String {
    let list: Vec<String> = values.map(|value| format!("'{}'", value.replace(['\'', '\\'], ""))).collect();
    format!("[{}]", list.join(","))
}

#[cfg(test)]
mod tests;
