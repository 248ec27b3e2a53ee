//! `rollup status`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use upkeep::rollup::{self, Kind};

use super::projects::find;
use super::{Place, execute};

/// Arguments of `rollup status`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// Slug or id of the only project to look at; every one if not given.
    #[arg(long, value_name = "SLUG")]
    project: Option<String>,
    /// Print a line of JSON for each project, env and kind.
    #[arg(long)]
    json: bool,
}

/// As `upkeep::rollup::status` answers.
#[derive(Debug, Serialize, Deserialize)]
struct Standing {
    #[serde(default)]
    project: String,
    env: String,
    kind: String,
    /// Days with marks.
    days: String,
    clean_days: String,
    /// Of days that are not clean.
    oldest_dirty: Option<String>,
    rows: String,
    /// Old ones and unfinished ones included.
    generations: String,
}

/// Runs `rollup status`.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let store = args.place.open()?;
    let projects = find(&args.place, &store, args.project.as_deref())?;
    if !args.json {
        println!(
            "  {:<36} {:<5}{:<11}{:>7}{:>7}  {:<12}{:>11}{:>13}",
            "project", "env", "kind", "days", "clean", "oldest dirty", "rows", "generations"
        );
    }
    for project in projects {
        for kind in Kind::ALL {
            let answer = execute(&store, &rollup::status(kind, &project.id))?;
            for line in str::from_utf8(&answer)?.lines() {
                let mut row: Standing = serde_json::from_str(line).context("ClickHouse's answer is not as expected")?;
                row.project.clone_from(&project.name);
                if args.json {
                    println!("{}", serde_json::to_string(&row)?);
                    continue;
                }
                let Standing { project, env, kind, days, clean_days, oldest_dirty, rows, generations } = row;
                let dirty = oldest_dirty.unwrap_or_else(|| "-".to_owned());
                println!(
                    "  {project:<36} {env:<5}{kind:<11}{days:>7}{clean_days:>7}  {dirty:<12}{rows:>11}{generations:>13}"
                );
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
