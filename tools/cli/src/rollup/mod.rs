//! `headwater rollup`: rollups, sessions and identities, which are computed from the events (`docs/rollups.md`). The SQL
//! is the Worker's (`upkeep::rollup`).

mod projects;
mod rebuild;
mod status;
mod verify;

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use intake::time::Timestamp;
use statement::Statement;
use upkeep::rollup::{self, SETTINGS};

use crate::control::Target;
use crate::event_store::{EventStore, EventStoreArgs};
use crate::format::Format;

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show for each project and env how many days are up to date, the oldest that is not, rows and generations.
    Status(Box<Chosen>),
    /// Recompute days, whether due or not.
    Rebuild(Box<rebuild::Args>),
    /// Compare every row of the clean days with the events; exits with 1 if one differs.
    Verify(Box<Chosen>),
}

/// Where.
#[derive(Debug, clap::Args)]
struct Place {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    store: EventStoreArgs,
}

/// Arguments of the commands that look at one project or at all.
#[derive(Debug, clap::Args)]
pub struct Chosen {
    #[command(flatten)]
    place: Place,
    /// Slug or id of a project; all projects if not given.
    #[arg(long, value_name = "SLUG")]
    project: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Runs `headwater rollup`.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Status(args) => status::run(args),
        Command::Rebuild(args) => rebuild::run(args),
        Command::Verify(args) => verify::run(args),
    }
}

impl Place {
    fn open(&self) -> Result<EventStore> {
        self.store.open(&self.target.state)
    }
}

pub(crate) fn execute(store: &EventStore, statement: &Statement) -> Result<Vec<u8>> {
    store.run(statement, SETTINGS)
}

pub(crate) fn clock(store: &EventStore) -> Result<Timestamp> {
    let answer = execute(store, &rollup::clock())?;
    rollup::clock_time(&answer).ok_or_else(|| anyhow!("ClickHouse did not return its time"))
}
