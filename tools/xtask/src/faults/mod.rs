//! `faults`: tests the promise that a 2xx answer makes (`docs/durability.md`).
//!
//! `clients` send events until they are acknowledged. Meanwhile `outage` kills the stores and the Worker (`worker`)
//! with SIGKILL and restarts them, as `schedule` plans it. At the end `verdict` compares acknowledged events with
//! stored ones, `upkeep` compares the rollups, and `report` prints the result.

mod clients;
mod ledger;
mod outage;
mod report;
mod schedule;
mod send;
mod upkeep;
mod verdict;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use crate::bundle;
use crate::control::ControlPlane;
use crate::control::one_of_each;
use crate::dev_file::DevFile;
use crate::event_store::EventStore;
use crate::project::{self, Settings};
use crate::random::Seed;
use crate::screen::{Screen, grouped};
use crate::secrets::Secrets;
use crate::setup;
use crate::stack::{Bundle, Options, Stack};
use crate::state::State;
use crate::step::step;
use crate::{stop, strays};
use clients::{Progress, Target};
use intake::key::Env;
use ledger::{Abandoned, Ledger};
use outage::Victims;
use report::Report;
use schedule::Schedule;
use upkeep::Upkeep;
use verdict::{Stored, Verdict};
pub(crate) use worker::Worker;

/// Name of the organization, of its project, and of the file that marks a state folder of this command.
const FAULTS: &str = "faults";
/// Time limit for the work that remains after the last outage.
const AFTERMATH: Duration = Duration::from_mins(3);

/// Where the Worker stores acknowledged events first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Sink {
    /// In the Durable Objects.
    Buffer,
    /// In ClickHouse.
    Direct,
}

impl Sink {
    fn as_str(self) -> &'static str {
        match self {
            Self::Buffer => "buffer",
            Self::Direct => "direct",
        }
    }
}

/// Text after the options in `--help`.
const RULES: &str = "\
Runs its own stores and Worker. The last line of the output is JSON. The exit code is 0 only if every event was
acknowledged, and raw reads and rollups count every acknowledged event exactly once.";

/// Arguments of `faults`.
#[derive(Debug, clap::Args)]
#[command(after_help = RULES)]
pub(crate) struct Args {
    /// Number of events. Each one is sent until it is acknowledged.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    events: u64,
    /// Value of the Worker's `INGEST_SINK`.
    #[arg(long, value_enum, default_value = "buffer")]
    sink: Sink,
    /// Number of concurrent clients.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    clients: u32,
    /// Number of rounds. A round kills each store, the Worker, and each store together with the Worker.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Maximum length of an outage in seconds; the minimum is half a second.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    max_down: f64,
    /// Longest assumed duration of an insert, in seconds, for computing rollups. The Worker's cron trigger assumes 60.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=3600))]
    margin: u64,
    /// Seed of the schedule and of the clients' behaviour.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder of a bundled Worker. It is built if not given.
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Folder for data and logs. Data of an earlier run is deleted.
    #[arg(long, value_name = "DIR", default_value = ".headwater/faults")]
    state: PathBuf,
}

/// Runs `cargo xtask faults`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    ensure!((0.5..=60.0).contains(&args.max_down), "--max-down must be from 0.5 to 60 seconds");
    let mut state = State::at(&args.state)?;
    state.create()?;
    let Some(_held) = state.hold()? else {
        bail!("another run uses {}: wait for it, or choose another folder with --state", state.dir().display());
    };
    strays::end(state.dir())?;
    start_empty(&state)?;
    let tools = setup::all(&state, setup::Needs { clickhouse: true, postgres: true, worker: args.bundle.is_none() })?;
    let bundle = if let Some(folder) = &args.bundle {
        folder.clone()
    } else {
        let folder = state.file("build");
        bundle::for_stack(&state, &folder)?;
        folder
    };
    let (mut stack, dev) = Stack::start(&state, &tools, &Options::anywhere(true), Bundle::Fixed)?;
    let outcome = test(args, &state, &mut stack, &dev, &bundle);
    stack.stop();
    strays::end(state.dir())?;
    let report = outcome?;
    println!("{}", report.table());
    println!("{}", report.to_json());
    Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Deletes the data of an earlier run. Refuses a folder that another command uses.
fn start_empty(state: &State) -> Result<()> {
    let (data, mark) = (state.file("data"), state.file(FAULTS));
    if data.exists() {
        ensure!(
            mark.exists(),
            "{} has the data of another stack: choose another folder with --state",
            state.dir().display()
        );
        std::fs::remove_dir_all(data)?;
    }
    Ok(std::fs::write(mark, "")?)
}

fn test(args: &Args, state: &State, stack: &mut Stack, dev: &DevFile, bundle: &std::path::Path) -> Result<Report> {
    let secrets = Secrets::of(state)?;
    let control = ControlPlane::of(&dev.stores, &secrets)?;
    control.organization(FAULTS, FAULTS)?;
    let project = project::ensure(&control, FAULTS, FAULTS, &Settings::unlimited())?;
    let keys = one_of_each(&control, FAULTS, FAULTS, Env::Live)?;
    let mut settings = crate::stack::worker_settings(&dev.stores, &secrets);
    settings.push(("INGEST_SINK", args.sink.as_str()));
    let mut worker = step("Worker (start)", || Worker::start(state, bundle, &settings))?;

    let seed = Seed::of(&format!("faults {}", args.seed));
    let schedule = Schedule::new(args.rounds, Duration::from_secs_f64(args.max_down), &seed);
    let target = Target { url: worker.url.clone(), key: keys.sk.clone() };
    let progress = Progress::new(args.events, schedule.span(), AFTERMATH);
    let mut screen = Screen::default();
    let upkeep = Upkeep::new(maintain(dev)?, Duration::from_secs(args.margin));
    let (ledger, outages, mut computed) = std::thread::scope(|scope| {
        let cron = upkeep.start(scope, &progress);
        let clients = clients::start(scope, args.clients, &target, &progress, &seed);
        let mut victims = Victims { stack, worker: &mut worker };
        let outages = victims.go_through(&schedule, &progress, |time| {
            let acknowledged = progress.acknowledged.load(Ordering::Relaxed);
            let line = |_| format!("{} of {} events acknowledged", grouped(acknowledged), grouped(args.events));
            screen.update(Some((time.as_secs_f64() / schedule.span().as_secs_f64()).min(1.0)), line);
        });
        if outages.is_err() {
            progress.stop();
        }
        let ledger = Ledger::of(clients);
        let computed = cron.join().map_err(|_| anyhow!("the upkeep thread panicked"))?;
        match (ledger, outages) {
            (Ok(ledger), Ok(outages)) => Ok((ledger, outages, computed)),
            (Err(error), Ok(_)) | (_, Err(error)) if !error.is::<Abandoned>() => Err(error),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    })?;
    screen.clear();
    let sent = progress.elapsed();

    let store = maintain(dev)?;
    let stored = step("wait until all events are stored", || settle(args, &worker, &keys.ak, &store, &project))?;
    let rollup = step("compute rollups", || upkeep.finish(&project, &mut computed))?;
    let verdict = Verdict::of(&ledger, &stored, rollup);
    let (sink, events) = (args.sink.as_str(), args.events);
    Ok(Report { sink, events, ledger, outages, stored, computed, verdict, sent })
}

/// The event store, as the user that can read all tables and compute rollups.
fn maintain(dev: &DevFile) -> Result<EventStore> {
    EventStore::maintainer_of(&dev.stores)
}

/// Waits until no more events arrive in the store, then reads what is stored.
fn settle(args: &Args, worker: &Worker, key: &str, store: &EventStore, project: &str) -> Result<Stored> {
    let deadline = Instant::now() + AFTERMATH;
    if args.sink == Sink::Buffer {
        while worker.waiting(key)? > 0 {
            ensure!(Instant::now() < deadline, "the buffer is not empty after three minutes");
            stop::pause()?;
        }
    }
    // An insert may still be running although the client did not wait for its answer.
    let mut before = Stored::read(store, project)?;
    loop {
        for _ in 0..20 {
            stop::pause()?;
        }
        let now = Stored::read(store, project).context("cannot read the stored events")?;
        if now.events == before.events {
            return Ok(now);
        }
        ensure!(Instant::now() < deadline, "rows still arrive after three minutes");
        before = now;
    }
}
