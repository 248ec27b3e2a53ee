//! `rollup verify`.

use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use intake::key::Env;
use intake::time::Day;
use serde::{Deserialize, Serialize};
use statement::Scope;
use upkeep::rollup::{self, Generation, Kind, ProjectDay};

use super::projects::{Project, find};
use super::{Place, execute};
use crate::event_store::EventStore;
use crate::screen::{Screen, grouped};
use crate::stop;

/// Days compared in one statement.
const DAYS: usize = 31;

/// Arguments of `rollup verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// Slug or id of the only project to look at; every one if not given.
    #[arg(long, value_name = "SLUG")]
    project: Option<String>,
    /// Print each difference as a line of JSON.
    #[arg(long)]
    json: bool,
}

/// As `upkeep::rollup::verify` answers, with what it is a row of.
#[derive(Debug, Serialize, Deserialize)]
struct Difference {
    #[serde(default)]
    kind: String,
    project_id: String,
    env: String,
    day: String,
    /// How often the events give the row.
    raw: String,
    /// How often it is stored.
    stored: String,
    row: String,
}

/// Runs `rollup verify`.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let store = args.place.open()?;
    let mut screen = Screen::new();
    let (mut days, mut differing) = (0, 0);
    for project in find(&args.place, &store, args.project.as_deref())? {
        for env in Env::ALL {
            for kind in Kind::ALL {
                for part in clean(&store, kind, &project, env)?.chunks(DAYS) {
                    stop::check()?;
                    for difference in differences(&store, kind, &project, env, part)? {
                        differing += 1;
                        screen.clear();
                        tell(&difference, &project, args.json)?;
                    }
                    days += part.len() as u64;
                    screen.update(None, |_| format!("{} days compared", grouped(days)));
                }
            }
        }
    }
    screen.clear();
    eprintln!("  {:<10}{:>13}  days of rollup, sessions and identities", "compared", grouped(days));
    eprintln!("  {:<10}{:>13}  rows", "differing", grouped(differing));
    Ok(if differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn clean(store: &EventStore, kind: Kind, project: &Project, env: Env) -> Result<Vec<(Day, Generation)>> {
    let scope = Scope { project_id: &project.id, env };
    let answer = execute(store, &rollup::clean_days(kind, &scope, Day(0), Day(i32::from(u16::MAX))))?;
    rollup::clean_rows(&answer).map_err(|error| anyhow!(error))
}

/// Differences on days that are still clean afterwards: what was written meanwhile is none.
fn differences(
    store: &EventStore,
    kind: Kind,
    project: &Project,
    env: Env,
    days: &[(Day, Generation)],
) -> Result<Vec<Difference>> {
    let named: Vec<(ProjectDay, Generation)> = days
        .iter()
        .map(|(day, generation)| (ProjectDay { project_id: project.id.clone(), env, day: *day }, *generation))
        .collect();
    let answer = execute(store, &rollup::verify(kind, &named))?;
    let rows = str::from_utf8(&answer)?.lines().map(serde_json::from_str::<Difference>);
    let mut found = rows.collect::<Result<Vec<_>, _>>().context("ClickHouse's answer is not as expected")?;
    if !found.is_empty() {
        let now = clean(store, kind, project, env)?;
        found.retain(|one| days.iter().any(|at| at.0.to_iso() == one.day && now.contains(at)));
        for one in &mut found {
            kind.as_str().clone_into(&mut one.kind);
        }
    }
    Ok(found)
}

fn tell(difference: &Difference, project: &Project, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(difference)?);
        return Ok(());
    }
    let Difference { kind, env, day, raw, stored, row, .. } = difference;
    println!("  {} {env} {day} {kind}: {stored} stored, {raw} by the events: {row}", project.name);
    Ok(())
}
