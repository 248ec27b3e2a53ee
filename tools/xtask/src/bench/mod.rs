//! `bench`: what the Worker costs, on bare workerd, counted from outside of the process.
//!
//! A bench is a race of contestants (`hello.rs`, `ingest/`); what is done with them is the same for all:
//! `rounds` lets each one run (`workerd`), puts it under `load` and reads its `cpu` time, `report`
//! tells, also whether a `goal` was met. `profile` samples instead. Methods and figures: `docs/benchmarks.md`.

mod connection;
mod contestant;
mod cpu;
mod goal;
mod hello;
mod ingest;
mod load;
mod native;
mod page;
mod profile;
mod query;
mod report;
mod rounds;
mod size;
mod workerd;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::state::State;
use crate::step::step;
use crate::{setup, strays};

use contestant::Contestant;
use goal::Goal;
use load::Load;
use report::{Environment, Report};
use rounds::Plan;

/// State folder of the benches.
const STATE: &str = ".headwater/bench";

/// The benches.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// The floor: an empty Rust Worker and this one's `/health`.
    Hello(Args),
    /// One event a request: an empty Worker, this one, and the same route in Hono and zod.
    Track(ingest::IngestArgs),
    /// A thousand events a request, likewise.
    Batch(ingest::IngestArgs),
    /// Questions through the API and as plain SQL, over ten projects of made-up traffic.
    Query(query::Args),
    /// The warm check of an API key, natively.
    Keys,
    /// The classifier over its corpus, natively.
    Classify,
    /// What the script for pages costs a page's main thread, in Chromium.
    Page(page::Args),
    /// What the script for pages weighs beside those of others.
    Size,
}

/// Arguments of every bench.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How often each contestant is measured.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Requests to each contestant in a round: 20,000, or 300 where each is a batch.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    requests: Option<u32>,
    /// Connections that are kept open and busy.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    connections: u32,
    /// Also write the figures of all rounds to this file.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
}

/// Runs `cargo xtask bench`.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    let mut state = State::at(Path::new(STATE))?;
    state.create()?;
    let Some(_held) = state.hold()? else {
        bail!("another bench runs, and two at a time would measure each other: wait for it");
    };
    strays::end(state.dir())?;
    let outcome = match command {
        Command::Hello(args) => compete(hello::race, args, &state),
        Command::Track(args) => compete(|bundler, state| ingest::track(args, bundler, state), &args.common, &state)
            .and_then(|()| ingest::track_store(args, &state)),
        Command::Batch(args) => compete(|bundler, state| ingest::batch(args, bundler, state), &args.common, &state)
            .and_then(|()| ingest::batch_store(args, &state)),
        Command::Query(args) => query::run(args, &state),
        Command::Keys => native::run(native::KEYS),
        Command::Classify => native::run(native::CLASSIFY),
        Command::Page(args) => page::run(args, &state),
        Command::Size => size::run(&state),
    };
    strays::end(state.dir())?;
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Contestants, what is asked of them and what it should come to.
#[derive(Debug)]
struct Race {
    /// Name of the bench.
    name: &'static str,
    /// The first one is the measure of the others.
    contestants: Vec<Contestant>,
    /// Requests to each in a round, where nothing else was said.
    requests: u32,
    /// Events in each request.
    events: u32,
    /// Goals.
    goals: Vec<Goal>,
    /// Sample in place of measuring.
    profile: bool,
}

/// Makes a race, given the bundler and the folder to build into, and runs it.
fn compete(make: impl FnOnce(&Path, &State) -> Result<Race>, args: &Args, state: &State) -> Result<()> {
    setup::wasm_target(state)?;
    setup::npm_packages(state)?;
    let bundler = step("bundler (compile)", || setup::host_tool("bundler", state))?;
    let race = make(&bundler, state)?;
    let environment = Environment {
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        processor: processor(),
        workerd: crate::workerd::version()?,
    };
    let requests = args.requests.unwrap_or(race.requests);
    let plan = Plan { rounds: args.rounds, load: Load { connections: args.connections, requests } };
    if race.profile {
        return race.contestants.iter().try_for_each(|contestant| profile::print(contestant, plan.load, state));
    }
    let samples = rounds::run(&race.contestants, plan, state)?;
    let report = Report::new(&race, plan, environment, &samples);
    print!("{}", report.table());
    if let Some(path) = &args.json {
        let text = format!("{}\n", serde_json::to_string_pretty(&report)?);
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned())
}
