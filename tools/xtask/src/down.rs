//! `down` and `reset`.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::state::{State, StateArg};
use crate::{stop, strays, workspace};

/// The supervisor ends its children one after the other, each within a few seconds.
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
    println!("{}", if stop_all(&state)? { format!("stopped {shown}") } else { format!("nothing runs in {shown}") });
    Ok(ExitCode::SUCCESS)
}

/// Runs `cargo xtask reset`.
pub(crate) fn reset(args: &ResetArgs) -> Result<ExitCode> {
    let state = args.state.open()?;
    stop_all(&state)?;
    state.remove()?;
    println!("removed {}", workspace::shown(state.dir()));
    Ok(ExitCode::SUCCESS)
}

/// Ends the stack of a folder, supervisor first, and whatever an earlier one has left. Says
/// whether there was anything; returns when nothing is left.
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
                bail!("process {pid}, which holds {}, does not end", state.dir().display());
            }
            stop::pause()?;
        }
    }
    any |= strays::end(state.dir())? > 0;
    let _ = std::fs::remove_file(state.dev_file());
    Ok(any)
}
