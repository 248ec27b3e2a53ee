//! `cargo xtask`: every command of this repository.
//!
//! `up` sets up what is missing and runs the whole of Headwater on this machine; `test` and `lint`
//! are what CI runs. Each module is named after the thing it handles; `setup` installs, `stack`
//! runs, `migrate` brings the stores to the current schema.

mod bench;
mod bundle;
mod control;
mod dead_letters;
mod demo;
mod dev_file;
mod down;
mod event_store;
mod faults;
mod hosted;
mod import;
mod keys;
mod lint;
mod migrate;
mod org;
mod port;
mod process;
mod project;
mod random;
mod reclassify;
mod rollup;
mod screen;
mod secrets;
mod seed;
mod setup;
mod stack;
mod state;
mod status;
mod step;
mod stop;
mod strays;
mod test;
mod up;
mod workerd;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Applies the migrations to the running stores, or to the ones given.
    Migrate(migrate::Args),
    /// Builds the Worker into `build/`; arguments go to the bundler (`--optimize`, `--features`).
    Bundle(bundle::Args),
    /// Sends the page requests of a web server's access log as events.
    ImportLog(import::Args),
    /// Fills the event store with made-up traffic, the same one every time.
    Seed(seed::Args),
    /// Classifies stored rows of another classifier version again.
    Reclassify(Box<reclassify::Args>),
    /// What is computed from the events: how it stands, anew, and whether it is right.
    #[command(subcommand)]
    Rollup(rollup::Command),
    /// Rows that the event store refused: list, replay, drop.
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
    /// Organizations, their plan and members: of the running stack or of a hosted Supabase.
    #[command(subcommand)]
    Org(org::Command),
    /// Projects, their settings and limits.
    #[command(subcommand)]
    Project(project::Command),
    /// API keys: create, list, rotate, revoke.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Formatting, clippy for host and wasm32, licences, JavaScript lint and types.
    Lint(lint::Args),
    /// Runs all tests over a stack of their own.
    Test(test::Args),
    /// Kills the stores and the Worker under load, and compares what was acknowledged with what is stored.
    Faults(faults::Args),
    /// Measures what the Worker costs, on bare workerd.
    #[command(subcommand)]
    Bench(bench::Command),
}

fn main() -> ExitCode {
    stop::listen();
    let outcome = match Cli::parse().command {
        Command::Up(args) => up::run(&args),
        Command::Down(args) => down::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Reset(args) => down::reset(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Bundle(args) => bundle::run(&args),
        Command::ImportLog(args) => import::run(&args),
        Command::Seed(args) => seed::run(&args),
        Command::Reclassify(args) => reclassify::run(&args),
        Command::Rollup(command) => rollup::run(&command),
        Command::DeadLetters(command) => dead_letters::run(&command),
        Command::Org(command) => org::run(&command),
        Command::Project(command) => project::run(&command),
        Command::Keys(command) => keys::run(&command),
        Command::Lint(args) => lint::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Faults(args) => faults::run(&args),
        Command::Bench(command) => bench::run(&command),
    };
    match outcome {
        Ok(code) => code,
        Err(error) if error.is::<stop::Interrupted>() => ExitCode::from(130),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
