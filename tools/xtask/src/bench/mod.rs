//! `bench`: benchmarks. Most run on bare workerd and measure the CPU time of its process from outside.
//!
//! A benchmark is a race of contestants (`hello.rs`, `ingest/`). All races share the rest: `rounds` starts each
//! contestant (`workerd`), puts it under `load` and reads its `cpu` time; `report` prints the figures and compares them
//! with the `goal`s. `profile` samples instead of measuring. Methods and figures: `docs/benchmarks.md`.

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

/// State folder of the benchmarks.
const STATE: &str = ".headwater/bench";

/// The benchmarks.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Compare `/health` with an empty Rust Worker: the cost of the runtime.
    Hello(Args),
    /// Measure one event per request, beside an empty Worker and a peer in Hono and zod.
    Track(ingest::IngestArgs),
    /// Measure 1,000 events per request, beside the same contestants.
    Batch(ingest::IngestArgs),
    /// Measure questions through the API, as MCP tools and as plain SQL, over ten generated projects.
    Query(query::Args),
    /// Time the check of a cached API key, natively.
    Keys,
    /// Time the classifier over its corpus, natively.
    Classify,
    /// Measure how long the browser script keeps a page's main thread busy, in Chromium.
    Page(page::Args),
    /// Compare the size of the browser script with that of other trackers.
    Size,
}

/// Arguments of the benchmarks that are races.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Number of rounds. Each round measures every contestant once.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Requests to each contestant per round [default: 20,000, or 300 for `batch`].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    requests: Option<u32>,
    /// Number of open connections, each with one request in flight.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    connections: u32,
    /// Also write the figures of all rounds to this file, as JSON.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
}

/// Runs `cargo xtask bench`.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    let mut state = State::at(Path::new(STATE))?;
    state.create()?;
    let Some(_held) = state.hold()? else {
        bail!("another benchmark is running, and two at a time would distort each other: wait until it has finished");
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

/// Contestants, their load and the goals.
#[derive(Debug)]
struct Race {
    /// Name of the benchmark.
    name: &'static str,
    /// The contestants. Ratios are relative to the first one.
    contestants: Vec<Contestant>,
    /// Requests to each contestant per round, unless `--requests` is given.
    requests: u32,
    /// Events in each request.
    events: u32,
    /// Goals.
    goals: Vec<Goal>,
    /// Sample with `perf` instead of measuring.
    profile: bool,
}

/// Builds the contestants with `make` and runs the race.
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
