//! `bench`: what the Worker costs, on bare workerd, counted from outside of the process.
//!
//! A bench is a list of contestants (`hello.rs`); what is done with them is the same for all:
//! `rounds` lets each one run (`workerd`), puts it under `load` and reads its `cpu` time, `report`
//! tells. Methods and figures: `docs/benchmarks.md`.

mod connection;
mod contestant;
mod cpu;
mod hello;
mod load;
mod native;
mod report;
mod rounds;
mod workerd;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::state::State;
use crate::step::step;
use crate::{setup, strays};

use contestant::Contestant;
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
    /// The warm check of an API key, natively.
    Keys,
    /// The classifier over its corpus, natively.
    Classify,
}

/// Arguments of every bench.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How often each contestant is measured.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Requests to each contestant in a round.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    requests: u32,
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
        Command::Hello(args) => compete("hello", hello::contestants, args, &state),
        Command::Keys => native::run(native::KEYS),
        Command::Classify => native::run(native::CLASSIFY),
    };
    strays::end(state.dir())?;
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Builds the contestants, given the bundler and the folder to build into.
type Contestants = fn(&Path, &State) -> Result<Vec<Contestant>>;

fn compete(bench: &'static str, contestants: Contestants, args: &Args, state: &State) -> Result<()> {
    setup::wasm_target(state)?;
    setup::npm_packages(state)?;
    let bundler = step("bundler (compile)", || setup::host_tool("bundler", state))?;
    let contestants = contestants(&bundler, state)?;
    let environment = Environment {
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        processor: processor(),
        workerd: workerd::version()?,
    };
    let plan = Plan { rounds: args.rounds, load: Load { connections: args.connections, requests: args.requests } };
    let samples = rounds::run(&contestants, plan, state)?;
    let report = Report::new(bench, plan, environment, &contestants, &samples);
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
