//! `cargo xtask`: every command of this repository.
//!
//! `up` sets up what is missing and runs all of Headwater on this machine; `test` and `lint` are what CI runs. Each
//! module is named after the thing it handles: `setup` installs, `stack` runs. The operator's commands (`migrate`,
//! `keys` and the rest) are those of `headwater` (`tools/cli`).

// Its macros replace `println!` and the others in this crate: a closed pipe ends a command quietly.
#[macro_use]
extern crate headwater_cli;

mod bench;
mod bundle;
mod down;
mod faults;
mod lint;
mod port;
mod process;
mod random;
mod seed;
mod setup;
mod stack;
mod status;
mod strays;
mod test;
mod tls;
mod up;
mod workerd;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use headwater_cli::projects as project;
use headwater_cli::{control, demo, dev_file, event_store, migrate, screen, secrets, state, step, stop, workspace};

/// Commands of the Headwater repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sets up what is missing, starts the stores and the Worker, and runs them until Ctrl-C.
    Up(up::Args),
    /// Stops what `up` started, and whatever was left by one that was killed.
    Down(down::Args),
    /// Says what runs, and where.
    Status(status::Args),
    /// Stops everything and removes the data.
    Reset(down::ResetArgs),
    /// Builds the Worker into `build/`; arguments go to the bundler (`--optimize`, `--features`).
    Bundle(bundle::Args),
    /// Fills the event store with made-up traffic, the same one every time.
    Seed(seed::Args),
    /// Formatting, clippy for host and wasm32, licences, JavaScript lint and types.
    Lint(lint::Args),
    /// Runs all tests over a stack of their own.
    Test(test::Args),
    /// Kills the stores and the Worker under load, and compares what was acknowledged with what is stored.
    Faults(faults::Args),
    /// Measures what the Worker costs, on bare workerd.
    #[command(subcommand)]
    Bench(bench::Command),
    #[command(flatten)]
    Operator(headwater_cli::Command),
}

fn main() -> ExitCode {
    headwater_cli::exit(|| run(&Cli::parse().command).or_else(tls::with_it))
}

fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Up(args) => up::run(args),
        Command::Down(args) => down::run(args),
        Command::Status(args) => status::run(args),
        Command::Reset(args) => down::reset(args),
        Command::Bundle(args) => bundle::run(args),
        Command::Seed(args) => seed::run(args),
        Command::Lint(args) => lint::run(args),
        Command::Test(args) => test::run(args),
        Command::Faults(args) => faults::run(args),
        Command::Bench(command) => bench::run(command),
        Command::Operator(command) => headwater_cli::run(command),
    }
}
