//! `headwater doctor`: checks a deployment from the outside in and says how to repair what is wrong.
//!
//! Each check gives a [`report::Finding`]; a check whose inputs are missing is skipped, not failed. `deployment` reads the settings,
//! `control_plane`, `event_store`, `rights`, `upkeep` and `worker` check one part each, `report` prints.

mod control_plane;
mod deployment;
mod event_store;
mod report;
mod rights;
mod upkeep;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::format::Format;
use crate::state::StateArg;
use deployment::Deployment;
use report::Report;

/// What `--help` says below the options.
const RULES: &str = "\
The settings are the Worker's own (README, \"Configuration\"): from --env-file, else from the environment if it has
CLICKHOUSE_URL or SUPABASE_URL, else those of the local stack. Nothing is changed.

Exits with 1 if a check failed. Warnings and skipped checks do not fail.";

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = RULES)]
pub struct Args {
    #[command(flatten)]
    state: StateArg,
    /// File with the Worker's settings, NAME=value per line, like wrangler's `.dev.vars`.
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Address of the Worker, to check its /ready and its buffer.
    #[arg(long, value_name = "URL", env = "HEADWATER_WORKER_URL")]
    worker_url: Option<String>,
    /// The control plane's database (`postgres://…`), to check its migrations.
    #[arg(long, value_name = "URL", env = "HEADWATER_SUPABASE_DB_URL", hide_env_values = true)]
    supabase_db_url: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Runs `headwater doctor`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut report = Report::new(args.format);
    let deployment = match Deployment::find(args)? {
        Ok(deployment) => deployment,
        Err(finding) => {
            report.add(&finding);
            return Ok(report.finish());
        }
    };
    deployment.check_addresses()?;
    report.add(&deployment.configuration());
    report.add_all(&control_plane::all(&deployment)?)?;
    report.add_all(&event_store::all(&deployment))?;
    report.add_all(&rights::all(&deployment)?)?;
    report.add_all(&worker::all(&deployment)?)?;
    report.add_all(&upkeep::all(&deployment))?;
    Ok(report.finish())
}
