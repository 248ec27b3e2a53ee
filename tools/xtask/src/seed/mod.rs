//! `seed`: generates traffic for demos and benchmarks, always the same for the same options, and inserts it directly
//! into the event store.
//!
//! `plan` distributes the events over days. `people`, `agents`, `arrivals` and `site` define visitors, user agents,
//! sources and pages. `visit` makes the events of one visit, `place` keeps a project's users, `traffic` combines all of
//! these. `writer` writes rows with the Worker's own code, `batch` splits them into inserts. `docs/seed.md` describes
//! the data.

mod agents;
mod arrivals;
mod batch;
mod people;
mod place;
mod plan;
mod site;
mod traffic;
mod visit;
mod writer;

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;

use anyhow::{Context as _, Result, anyhow, bail};
use intake::key::Env;
use intake::time::{Day, Timestamp};
use serde_json::{Value, json};

use crate::control::ControlPlane;
use crate::control::one_of_each;
use crate::dev_file::{DevFile, Stores};
use crate::event_store::EventStore;
use crate::project::{self, Settings};
use crate::random::Seed;
use crate::screen::{Screen, grouped};
use crate::secrets::Secrets;
use crate::state::StateArg;
use crate::{stop, workspace};
use batch::Batch;
use place::Site;
use plan::Plan;

use writer::Made;

/// Rows per insert.
const BATCH_ROWS: u64 = 50_000;
/// Below this number of events, an optimized build takes longer than it saves.
const WORTH_OPTIMISING: u64 = 20_000;

/// Arguments of `seed`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Total events of all projects.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    events: u64,
    /// Number of days that the events are spread over.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: u32,
    /// Number of projects, all of the same size: `seed-1`, `seed-2` … in the organization `seed`, without quota and
    /// rate limits.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    projects: u32,
    /// Organization, and prefix of its projects' slugs. Created if it does not exist.
    #[arg(long, value_name = "SLUG", default_value = "seed")]
    organization: String,
    /// Seed of the random numbers. Another seed gives different traffic of the same kind.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Day after the last event, as 2026-11-21 [default: today in UTC].
    #[arg(long, value_name = "DATE", value_parser = parse_day)]
    until: Option<Day>,
    /// Create one key of each kind for every project, and print them.
    #[arg(long)]
    keys: bool,
    /// Write the summary to this file as JSON; `-` is standard output.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
    #[command(flatten)]
    state: StateArg,
}

fn parse_day(text: &str) -> Result<Day> {
    let first = Day::parse("2005-01-01").context("a date")?;
    Day::parse(text).filter(|day| *day > first).context("not a date after 2005-01-01 in the format 2026-11-21")
}

/// Runs `cargo xtask seed`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if cfg!(debug_assertions) && args.events > WORTH_OPTIMISING {
        return optimised();
    }
    let state = args.state.open()?;
    let dev: DevFile = state.read("dev.json")?.context("no stack is running: start one with `cargo xtask up`")?;
    let secrets = Secrets::of(&state)?;
    let control = ControlPlane::of(&dev.stores, &secrets)?;
    control.organization(&args.organization, &args.organization)?;
    let sites: Vec<Site> = (1..=args.projects)
        .map(|number| {
            let slug = format!("{}-{number}", args.organization);
            let id = project::ensure(&control, &args.organization, &slug, &Settings::unlimited())?;
            Ok(Site { slug, id })
        })
        .collect::<Result<_>>()?;

    let until = args.until.map_or_else(today, Ok)?;
    let plan = Plan::new(args.events, args.projects, args.days, until);
    let seed = Seed::of(&format!("1 {} {} {} {} {until:?}", args.seed, args.events, args.days, args.projects));
    let mut screen = Screen::default();
    let made = fill(&event_store(&dev.stores)?, &plan, seed, &sites, &mut screen)?;

    let seconds = screen.elapsed().as_secs_f64();
    screen.clear();
    let mut summary = summary(&plan, made, seconds);
    summary["projects"] = projects(args, &control, &plan, &sites)?;
    write_summary(args, &summary)?;
    Ok(ExitCode::SUCCESS)
}

/// Runs this command again as an optimized build. Without optimization, generating takes twenty times as long.
fn optimised() -> Result<ExitCode> {
    eprintln!("    compiling an optimized generator, if it has changed");
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--quiet", "--profile", "seed", "--package", "xtask", "--"]);
    cargo.args(std::env::args_os().skip(1));
    bail!("cannot run cargo again: {}", cargo.exec())
}

#[expect(clippy::disallowed_methods, reason = "the default of --until is today")]
fn today() -> Result<Day> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).context("the clock is wrong")?;
    Ok(Timestamp(i64::try_from(now.as_millis())?).day())
}

/// The event store, as the user that inserts.
fn event_store(stores: &Stores) -> Result<EventStore> {
    let ingest = &stores.clickhouse_users.ingest;
    EventStore::new(&stores.clickhouse_url, &stores.clickhouse_database, &ingest.user, &ingest.password)
}

/// Generates the events in one thread and inserts them in this one.
fn fill(store: &EventStore, plan: &Plan, seed: Seed, sites: &[Site], screen: &mut Screen) -> Result<Made> {
    let (batches, queue) = sync_channel(2);
    thread::scope(|scope| {
        let maker =
            scope.spawn(|| traffic::run(plan, seed, sites, BATCH_ROWS, move |batch| batches.send(batch).is_ok()));
        let stored = follow(store, queue, plan.events, screen);
        let made = maker.join().map_err(|_| anyhow!("the generator thread panicked"))?;
        stored.map(|()| made)
    })
}

/// Inserts batch after batch. Returning drops the queue, which stops the generator.
#[expect(clippy::needless_pass_by_value, reason = "dropping the queue stops the generator")]
fn follow(store: &EventStore, queue: Receiver<Batch>, events: u64, screen: &mut Screen) -> Result<()> {
    let mut rows = 0;
    loop {
        stop::check()?;
        match queue.recv_timeout(stop::TICK) {
            Ok(batch) => {
                store
                    .insert_once("events", &batch.lines)
                    .context("an insert failed. It is safe to run the command again: no event is counted twice")?;
                rows += batch.rows;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        #[expect(clippy::cast_precision_loss, reason = "shown as a percentage and a rate")]
        screen.update(Some((rows as f64 / events.max(1) as f64).min(1.0)), |time| {
            format!("{} rows, {:.0}/s", grouped(rows), rows as f64 / time.as_secs_f64().max(0.001))
        });
    }
}

fn summary(plan: &Plan, made: Made, seconds: f64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "shown as a rate")]
    let rate = (made.events + made.duplicates) as f64 / seconds.max(0.001);
    json!({
        "events": made.events, "duplicates": made.duplicates, "late": made.late,
        "from": plan.day(0).to_iso(), "to": plan.day(plan.days()).to_iso(),
        "seconds": (seconds * 1000.0).round() / 1000.0, "events_per_second": rate.round(),
    })
}

fn projects(args: &Args, control: &ControlPlane, plan: &Plan, sites: &[Site]) -> Result<Value> {
    let project = |(number, site): (u32, &Site)| {
        let mut summary = json!({ "slug": site.slug, "project_id": site.id, "events": plan.events_of(number) });
        if args.keys {
            summary["keys"] = serde_json::to_value(one_of_each(control, &args.organization, &site.slug, Env::Live)?)?;
        }
        Ok(summary)
    };
    (0..).zip(sites).map(project).collect()
}

fn write_summary(args: &Args, summary: &Value) -> Result<()> {
    let text = format!("{}\n", serde_json::to_string_pretty(summary)?);
    match &args.json {
        Some(path) if path.as_os_str() == "-" => print!("{text}"),
        path => {
            print_table(summary);
            if let Some(path) = path {
                write_private(path, &text).with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
    }
    Ok(())
}

/// Only the owner can read the file, because the summary may contain keys.
fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(true).write(true).mode(0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn print_table(summary: &Value) {
    let count = |name: &str| grouped(summary[name].as_u64().unwrap_or_default());
    let (from, to) = (summary["from"].as_str().unwrap_or_default(), summary["to"].as_str().unwrap_or_default());
    println!("  {:<12}{:>13}  from {from} to {to}, exclusive", "events", count("events"));
    println!("  {:<12}{:>13}  rows inserted twice and counted once", "duplicates", count("duplicates"));
    println!("  {:<12}{:>13}  events received an hour or more after their time", "late", count("late"));
    for project in summary["projects"].as_array().into_iter().flatten() {
        let text = |name: &str| project[name].as_str().unwrap_or_default();
        let events = grouped(project["events"].as_u64().unwrap_or_default());
        println!("  {:<12}{events:>13}  {}", text("slug"), text("project_id"));
        for kind in ["pk", "sk", "rk", "ak"] {
            if let Some(key) = project["keys"][kind].as_str() {
                println!("  {:<25}  {key}", "");
            }
        }
    }
    println!(
        "  {:.1} s, {:.0} events/s",
        summary["seconds"].as_f64().unwrap_or_default(),
        summary["events_per_second"].as_f64().unwrap_or_default()
    );
}
