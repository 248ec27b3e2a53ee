//! `cargo xtask`: all commands of this repository.
//!
//! `up` installs what is missing and runs Headwater on this machine. `test` and `lint` are what CI runs. Each module is
//! named after its subject: `setup` installs, `stack` runs the processes. The operator's commands (`migrate`, `keys`
//! and so on) come from `headwater` (`tools/cli`).

// Its macros replace `println!` and its siblings in this crate, so that a closed pipe ends a command without an error.
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
    /// Install what is missing, start the stores and the Worker, and run them until Ctrl-C.
    Up(up::Args),
    /// Stop the stack, including processes left behind by a killed run.
    Down(down::Args),
    /// Show which processes of the stack run and their addresses.
    Status(status::Args),
    /// Stop the stack and delete its data.
    Reset(down::ResetArgs),
    /// Build the Worker into `build/`. Arguments are passed to the bundler (`--optimize`, `--features`).
    Bundle(bundle::Args),
    /// Fill the event store with generated traffic. The same options always generate the same events.
    Seed(seed::Args),
    /// Check formatting, clippy (host and wasm32), licences, JavaScript lint and types.
    Lint(lint::Args),
    /// Run the tests against a separate stack.
    Test(test::Args),
    /// Kill the stores and the Worker under load, then compare acknowledged events with stored ones.
    Faults(faults::Args),
    /// Run a benchmark.
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
