//! `rollup rebuild`.

use std::collections::VecDeque;
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow, bail};
use intake::key::Env;
use intake::time::Day;
use serde_json::json;
use statement::Scope;
use upkeep::rollup::{self, Due, Generation, Kind, MARGIN_MS, ProjectDay};

use super::projects::find;
use super::{Place, clock, execute};
use crate::event_store::EventStore;
use crate::format::Format;
use crate::screen::{Screen, grouped};
use crate::stop;

/// What `--help` says below the options.
const RULES: &str = "\
It can be stopped at any time: a day is read from its last complete computation, or from the events. Days that were
written to within the margin are computed too, but still read from the events until they are computed again.";

/// Arguments of `rollup rebuild`.
#[derive(Debug, clap::Args)]
#[command(after_help = RULES)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    /// Slug or id of the project.
    #[arg(long, value_name = "SLUG", required_unless_present = "all", conflicts_with = "all")]
    project: Option<String>,
    /// Every project.
    #[arg(long)]
    all: bool,
    /// First day (UTC); the first day with events if not given.
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    from: Option<Day>,
    /// The day after the last one (UTC); today if not given.
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    to: Option<Day>,
    /// How long an insert may take, in seconds; 0 if nothing is being inserted.
    #[arg(long, value_name = "SECONDS", default_value_t = MARGIN_MS / 1000, value_parser = clap::value_parser!(i64).range(0..=3600))]
    margin: i64,
    #[command(flatten)]
    format: Format,
}

fn parse_day(text: &str) -> Result<Day> {
    Day::parse(text).context("write a day like 2026-11-21")
}

/// Runs `rollup rebuild`.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let store = args.place.open()?;
    let to = match args.to {
        Some(to) => to,
        None => clock(&store)?.day(),
    };
    let from = args.from.unwrap_or(Day(0));
    let mut work =
        Work { store: &store, margin_ms: args.margin * 1000, done: 0, unclean: 0, screen: Screen::default() };
    for project in find(&args.place, &store, args.project.as_deref())? {
        for env in Env::ALL {
            let scope = Scope { project_id: &project.id, env };
            for kind in Kind::ALL {
                work.kind(kind, &scope, from, to)
                    .with_context(|| format!("{} of {} {}", kind.as_str(), project.name, env.as_str()))?;
            }
        }
    }
    work.screen.clear();
    let seconds = work.screen.elapsed().as_secs_f64();
    let summary = json!({ "computed": work.done, "unclean": work.unclean, "seconds": seconds });
    args.format.show(&summary, |_| {
        println!("  {:<10}{:>13}  days of rollup, sessions and identities", "computed", grouped(work.done));
        if work.unclean > 0 {
            println!("  {:<10}{:>13}  of them: written to within the margin", "not clean", grouped(work.unclean));
        }
        println!("  {seconds:.1} s");
    });
    Ok(ExitCode::SUCCESS)
}

struct Work<'a> {
    store: &'a EventStore,
    margin_ms: i64,
    done: u64,
    unclean: u64,
    screen: Screen,
}

impl Work<'_> {
    fn kind(&mut self, kind: Kind, scope: &Scope<'_>, from: Day, to: Day) -> Result<()> {
        let answer = execute(self.store, &rollup::with_events(scope, from, to))?;
        let days: Vec<Due> = rollup::due_rows(&answer).map_err(|error| anyhow!(error))?;
        let mut left: VecDeque<Vec<ProjectDay>> = rollup::batches(days.clone()).into();
        while let Some(batch) = left.pop_front() {
            stop::check()?;
            if let Err(error) = self.compute(kind, &batch) {
                let Some(halves) = rollup::halves(&batch) else {
                    bail!("{}: {error:#}", batch.first().map(|one| one.day.to_iso()).unwrap_or_default());
                };
                left.extend(halves);
                continue;
            }
            self.done += batch.len() as u64;
            self.screen.update(None, |_| format!("{} days computed", grouped(self.done)));
        }
        let clean = execute(self.store, &rollup::clean_days(kind, scope, from, to))?;
        let clean = rollup::clean_rows(&clean).map_err(|error| anyhow!(error))?;
        self.unclean += (days.len() as u64).saturating_sub(clean.len() as u64);
        Ok(())
    }

    /// Each batch gets its own generation and clock.
    fn compute(&self, kind: Kind, days: &[ProjectDay]) -> Result<()> {
        let clock = clock(self.store)?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| anyhow!("no randomness: {error}"))?;
        let generation = Generation::new(clock, u64::from_le_bytes(random));
        for statement in rollup::recompute(kind, days, generation, clock.plus(-self.margin_ms)) {
            execute(self.store, &statement)?;
        }
        Ok(())
    }
}
