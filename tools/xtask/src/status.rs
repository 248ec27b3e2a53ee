//! `status`: shows the processes of a stack.

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

/// Runs `cargo xtask status`. The exit code is 0 if the stack is ready.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let state = args.state.open()?;
    let shown = workspace::shown(state.dir());
    let dev: Option<DevFile> = state.read("dev.json")?;
    let ready = match (state.holder()?, dev) {
        (Some(pid), Some(dev)) => {
            println!("The stack in {shown} is ready (process {pid}).\n");
            for (what, url) in [
                ("Worker", &dev.worker_url),
                ("ClickHouse", &dev.stores.clickhouse_url),
                ("PostgREST", &dev.stores.postgrest_url),
            ] {
                println!("  {what:<12}{}", if url.is_empty() { "not running" } else { url });
            }
            true
        }
        (Some(pid), None) => {
            println!("The stack in {shown} is starting or stopping (process {pid}).");
            false
        }
        (None, _) => {
            println!("No stack is running in {shown}. Start it with `cargo xtask up`.");
            false
        }
    };
    let processes = strays::of(state.dir());
    if !processes.is_empty() {
        println!("\n  {:>8}  process", "id");
    }
    for process in &processes {
        println!("  {:>8}  {}", process.pid, process.name);
    }
    if !ready && state.holder()?.is_none() && !processes.is_empty() {
        println!("\nA killed run left these processes behind. Stop them with `cargo xtask down`.");
    }
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
