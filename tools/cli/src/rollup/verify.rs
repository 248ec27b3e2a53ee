//! `rollup verify`.

use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use intake::key::Env;
use intake::time::Day;
use serde::{Deserialize, Serialize};
use statement::Scope;
use upkeep::rollup::{self, Generation, Kind, ProjectDay};

use super::projects::{Project, find};
use super::{Chosen, execute};
use crate::event_store::EventStore;
use crate::format::Format;
use crate::screen::{Screen, grouped};
use crate::stop;

/// Days compared per statement.
const DAYS: usize = 31;

/// A row of `upkeep::rollup::verify`, with its kind.
#[derive(Debug, Serialize, Deserialize)]
struct Difference {
    #[serde(default)]
    kind: String,
    project_id: String,
    env: String,
    day: String,
    /// How often the row follows from the events.
    raw: String,
    /// How often it is stored.
    stored: String,
    row: String,
}

/// Runs `rollup verify`.
pub(super) fn run(args: &Chosen) -> Result<ExitCode> {
    let store = args.place.open()?;
    let mut screen = Screen::default();
    let (mut days, mut differing) = (0, 0);
    for project in find(&args.place, &store, args.project.as_deref())? {
        for env in Env::ALL {
            for kind in Kind::ALL {
                for part in clean(&store, kind, &project, env)?.chunks(DAYS) {
                    stop::check()?;
                    for difference in differences(&store, kind, &project, env, part)? {
                        differing += 1;
                        screen.clear();
                        report(&difference, &project, args.format)?;
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

/// Differences on days that are still clean afterwards. A day that was written to meanwhile does not count.
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
    let mut found = rows.collect::<Result<Vec<_>, _>>().context("ClickHouse's answer is not in the expected form")?;
    if !found.is_empty() {
        let now = clean(store, kind, project, env)?;
        found.retain(|one| days.iter().any(|at| at.0.to_iso() == one.day && now.contains(at)));
        for one in &mut found {
            kind.as_str().clone_into(&mut one.kind);
        }
    }
    Ok(found)
}

fn report(difference: &Difference, project: &Project, format: Format) -> Result<()> {
    format.show(&serde_json::to_value(difference)?, |_| {
        let Difference { kind, env, day, raw, stored, row, .. } = difference;
        println!("  {} {env} {day} {kind}: {stored} stored, {raw} by the events: {row}", project.name);
    });
    Ok(())
}
