//! The commands of `headwater`, and what `cargo xtask` shares with them: the clients of the stores, the state folder
//! of a local stack, and everything that is printed.
//!
//! Each command is a module. [`control`] and [`event_store`] are blocking adapters over the Worker's own clients
//! (`headwater::store`); [`output`] is the one place that writes to the terminal.

#[macro_use]
pub mod output;

mod blocking;
pub mod control;
mod dead_letters;
pub mod demo;
pub mod dev_file;
mod doctor;
pub mod event_store;
mod format;
mod http;
mod import;
mod keys;
pub mod migrate;
mod org;
mod project;
mod reclassify;
mod rollup;
pub mod screen;
pub mod secrets;
pub mod state;
pub mod step;
pub mod stop;
mod table;
pub mod tls;
pub mod workspace;

/// What `xtask` needs of projects.
pub mod projects {
    pub use crate::project::{Settings, ensure};
}

use std::process::ExitCode;

use anyhow::Result;

/// What `--help` says about exit codes.
pub const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.";

/// The operator's commands. They work on the local stack (`cargo xtask up`), or on the stores that are named.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Manage organizations, their plans and members.
    #[command(subcommand)]
    Org(org::Command),
    /// Manage projects, their settings and limits.
    #[command(subcommand)]
    Project(project::Command),
    /// Manage API keys: create, list, rotate, revoke.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Apply the migrations that the stores lack.
    Migrate(migrate::Args),
    /// Send the page requests of a web server's access log as events.
    #[command(visible_alias = "import-log")]
    Import(import::Args),
    /// Classify stored rows of another classifier version again.
    Reclassify(Box<reclassify::Args>),
    /// Show, recompute and verify what is computed from the events.
    #[command(subcommand)]
    Rollup(rollup::Command),
    /// List, replay or drop rows that the event store refused.
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
    /// Check a deployment: settings, stores, users, migrations, clocks, the Worker, upkeep, keys.
    Doctor(doctor::Args),
}

/// Runs a command.
///
/// # Errors
/// What went wrong, as text for people.
pub fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Org(command) => org::run(command),
        Command::Project(command) => project::run(command),
        Command::Keys(command) => keys::run(command),
        Command::Migrate(args) => migrate::run(args),
        Command::Import(args) => import::run(args),
        Command::Reclassify(args) => reclassify::run(args),
        Command::Rollup(command) => rollup::run(command),
        Command::DeadLetters(command) => dead_letters::run(command),
        Command::Doctor(args) => doctor::run(args),
    }
}

/// Runs a whole program to its exit code. Errors go to standard error.
pub fn exit(program: impl FnOnce() -> Result<ExitCode>) -> ExitCode {
    stop::listen();
    tls::prepare();
    output::until_closed(|| match program() {
        Ok(code) => code,
        Err(error) if error.is::<stop::Interrupted>() => ExitCode::from(130),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    })
}
