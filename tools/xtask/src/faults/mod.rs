//! `faults`: what a 2xx promises, put to the test.
//!
//! `clients` send events and send them again until they are acknowledged, while the stores and the Worker (`worker`)
//! are killed with SIGKILL and started again as `schedule` says; `outage` does that. In the end `verdict` compares
//! what was acknowledged with what is stored, `upkeep` with what rollups say, and `report` tells. What is promised: `docs/durability.md`.

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
use crate::demo::one_of_each;
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
use clients::{Abandoned, Progress, Target};
use intake::key::Env;
use ledger::Ledger;
use outage::Victims;
use report::Report;
use schedule::Schedule;
use upkeep::Upkeep;
use verdict::{Stored, Verdict};
pub(crate) use worker::Worker;

/// Name of the organization and of its project, and of the file by which a folder is known as this command's.
const FAULTS: &str = "faults";
/// What is left to do once the last outage has ended.
const AFTERMATH: Duration = Duration::from_mins(3);

/// Where the Worker puts acknowledged events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Sink {
    /// Into the Durable Object.
    Buffer,
    /// Into ClickHouse.
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

/// What `--help` says below the options.
const RULES: &str = "\
Runs stores and a Worker of its own. The last line is JSON; the exit code is 0 only if everything was acknowledged in
the end, nothing acknowledged is lost and nothing is counted twice, neither in raw reads nor in rollups.";

/// Arguments of `faults`.
#[derive(Debug, clap::Args)]
#[command(after_help = RULES)]
pub(crate) struct Args {
    /// Events, each sent until it is acknowledged.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    events: u64,
    /// What the Worker's `INGEST_SINK` is set to.
    #[arg(long, value_enum, default_value = "buffer")]
    sink: Sink,
    /// Clients at a time.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    clients: u32,
    /// How often the round of outages is gone through: each store alone, the Worker alone, each together with it.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Longest time for which something is down; the shortest is half a second.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    max_down: f64,
    /// How long an insert may take, as rollups count with it, in seconds; the Worker's cron counts with 60.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=3600))]
    margin: u64,
    /// Another number is another schedule and other clients.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder of a bundled Worker; built if not given.
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Folder for data and logs; the data of an earlier run is removed from it.
    #[arg(long, value_name = "DIR", default_value = ".headwater/faults")]
    state: PathBuf,
}

/// Runs `cargo xtask faults`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    ensure!((0.5..=60.0).contains(&args.max_down), "--max-down is 0.5 to 60 seconds");
    let mut state = State::at(&args.state)?;
    state.create()?;
    let Some(_held) = state.hold()? else {
        bail!("another run uses {}: wait for it, or name another folder with --state", state.dir().display());
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
    let outcome = put_to_the_test(args, &state, &mut stack, &dev, &bundle);
    stack.stop();
    strays::end(state.dir())?;
    let report = outcome?;
    println!("{}", report.table());
    println!("{}", report.to_json());
    Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Removes what an earlier run left, and nobody else's data.
fn start_empty(state: &State) -> Result<()> {
    let (data, mark) = (state.file("data"), state.file(FAULTS));
    if data.exists() {
        ensure!(mark.exists(), "{} holds the data of another stack: name another folder", state.dir().display());
        std::fs::remove_dir_all(data)?;
    }
    Ok(std::fs::write(mark, "")?)
}

fn put_to_the_test(
    args: &Args,
    state: &State,
    stack: &mut Stack,
    dev: &DevFile,
    bundle: &std::path::Path,
) -> Result<Report> {
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
        let computed = cron.join().map_err(|_| anyhow!("the upkeep broke off"))?;
        match (ledger, outages) {
            (Ok(ledger), Ok(outages)) => Ok((ledger, outages, computed)),
            (Err(error), Ok(_)) | (_, Err(error)) if !error.is::<Abandoned>() => Err(error),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    })?;
    screen.clear();
    let sent = progress.elapsed();

    let store = maintain(dev)?;
    let stored = step("everything has reached the store", || settle(args, &worker, &keys.ak, &store, &project))?;
    let rollup = step("rollups are computed", || upkeep.finish(&project, &mut computed))?;
    let verdict = Verdict::of(&ledger, &stored, rollup);
    let (sink, events) = (args.sink.as_str(), args.events);
    Ok(Report { sink, events, ledger, outages, stored, computed, verdict, sent })
}

/// The event store, as the user that may read everything and compute rollups.
fn maintain(dev: &DevFile) -> Result<EventStore> {
    EventStore::maintainer_of(&dev.stores)
}

/// Waits until nothing is under way any more, and reads what is there.
fn settle(args: &Args, worker: &Worker, key: &str, store: &EventStore, project: &str) -> Result<Stored> {
    let deadline = Instant::now() + AFTERMATH;
    if args.sink == Sink::Buffer {
        while worker.waiting(key)? > 0 {
            ensure!(Instant::now() < deadline, "the buffer does not become empty");
            stop::pause()?;
        }
    }
    // An insert whose answer nobody waited for may still be at work.
    let mut before = Stored::read(store, project)?;
    loop {
        for _ in 0..20 {
            stop::pause()?;
        }
        let now = Stored::read(store, project).context("reading what is stored")?;
        if now.events == before.events {
            return Ok(now);
        }
        ensure!(Instant::now() < deadline, "rows keep arriving");
        before = now;
    }
}
