//! `rollup status`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use upkeep::rollup::{self, Kind};

use super::projects::find;
use super::{Chosen, execute};
use crate::table::Table;

/// A row of `upkeep::rollup::status`.
#[derive(Debug, Serialize, Deserialize)]
struct Standing {
    #[serde(default)]
    project: String,
    env: String,
    kind: String,
    /// Days that events have marked.
    days: String,
    clean_days: String,
    /// The oldest day that is not clean.
    oldest_dirty: Option<String>,
    rows: String,
    /// Including old and unfinished ones.
    generations: String,
}

/// Runs `rollup status`.
pub(super) fn run(args: &Chosen) -> Result<ExitCode> {
    let store = args.place.open()?;
    let projects = find(&args.place, &store, args.project.as_deref())?;
    let mut rows = Vec::new();
    for project in projects {
        for kind in Kind::ALL {
            let answer = execute(&store, &rollup::status(kind, &project.id))?;
            for line in str::from_utf8(&answer)?.lines() {
                let mut row: Standing =
                    serde_json::from_str(line).context("ClickHouse's answer is not in the expected form")?;
                row.project.clone_from(&project.name);
                rows.push(row);
            }
        }
    }
    args.format.list(&serde_json::to_value(&rows)?, |_| table(&rows), "No events yet: nothing is computed.");
    Ok(ExitCode::SUCCESS)
}

fn table(rows: &[Standing]) -> Table {
    let mut table = Table::new(["PROJECT", "ENV", "KIND", ">DAYS", ">CLEAN", "OLDEST DIRTY", ">ROWS", ">GENERATIONS"]);
    for row in rows {
        let Standing { project, env, kind, days, clean_days, oldest_dirty, rows, generations } = row;
        let oldest = oldest_dirty.clone().unwrap_or_default();
        let [project, env, kind] = [project, env, kind].map(Clone::clone);
        let [days, clean, rows, generations] = [days, clean_days, rows, generations].map(Clone::clone);
        table.row([project, env, kind, days, clean, oldest, rows, generations]);
    }
    table
}
