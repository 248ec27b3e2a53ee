//! `status`: what runs.

use std::process::ExitCode;

use anyhow::Result;

use crate::dev_file::DevFile;
use crate::state::StateArg;
use crate::{strays, workspace};

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    state: StateArg,
}

/// Runs `cargo xtask status`; the exit code is 0 when the stack is ready.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let state = args.state.open()?;
    let shown = workspace::shown(state.dir());
    let dev: Option<DevFile> = state.read("dev.json")?;
    let ready = match (state.holder()?, dev) {
        (Some(pid), Some(dev)) => {
            println!("{shown}: ready (process {pid})");
            for (what, url) in [
                ("Worker", &dev.worker_url),
                ("ClickHouse", &dev.stores.clickhouse_url),
                ("PostgREST", &dev.stores.postgrest_url),
            ] {
                println!("  {what:<12}{}", if url.is_empty() { "not started" } else { url });
            }
            true
        }
        (Some(pid), None) => {
            println!("{shown}: starting or stopping (process {pid})");
            false
        }
        (None, _) => {
            println!("{shown}: nothing runs");
            false
        }
    };
    let processes = strays::of(state.dir());
    for process in &processes {
        println!("  {:>8}  {}", process.pid, process.name);
    }
    if !ready && state.holder()?.is_none() && !processes.is_empty() {
        println!("These were left by a run that was killed: `cargo xtask down` ends them.");
    }
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
