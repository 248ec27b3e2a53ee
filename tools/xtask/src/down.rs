//! `down` and `reset`.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::state::{State, StateArg};
use crate::{stop, strays, workspace};

/// The supervisor stops its children one after the other. Each takes a few seconds.
const GRACE: Duration = Duration::from_secs(40);

/// Arguments of `down`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    state: StateArg,
}

/// Arguments of `reset`.
#[derive(Debug, clap::Args)]
pub(crate) struct ResetArgs {
    #[command(flatten)]
    state: StateArg,
}

/// Runs `cargo xtask down`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let state = args.state.open()?;
    let shown = workspace::shown(state.dir());
    if stop_all(&state)? {
        println!("Stopped the stack in {shown}. Its data is kept: start it again with `cargo xtask up`.");
    } else {
        println!("No stack is running in {shown}.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `cargo xtask reset`.
pub(crate) fn reset(args: &ResetArgs) -> Result<ExitCode> {
    let state = args.state.open()?;
    stop_all(&state)?;
    state.remove()?;
    println!("Deleted {}.", workspace::shown(state.dir()));
    Ok(ExitCode::SUCCESS)
}

/// Stops the stack of a state folder: the supervisor first, then processes that an earlier run left behind. Returns
/// true if any process ran. No process is left when it returns.
pub(crate) fn stop_all(state: &State) -> Result<bool> {
    let mut any = false;
    if let Some(pid) = state.holder()? {
        any = true;
        let pid = Pid::from_raw(pid);
        let _ = kill(pid, Signal::SIGTERM);
        let deadline = Instant::now() + GRACE;
        while state.holder()?.is_some() {
            if Instant::now() > deadline {
                let _ = kill(pid, Signal::SIGKILL);
            }
            if Instant::now() > deadline + Duration::from_secs(5) {
                bail!("process {pid} locks {} and does not stop", state.dir().display());
            }
            stop::pause()?;
        }
    }
    any |= strays::end(state.dir())? > 0;
    let _ = std::fs::remove_file(state.dev_file());
    Ok(any)
}
