//! Builds the Worker with the workspace's bundler.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::state::{DEFAULT, State};
use crate::step::step;
use crate::{process, setup, workspace};

/// Environment variable with the bundler's output folder. It also reaches the bundler when wrangler runs it.
pub(crate) const BUILD_DIR: &str = "HEADWATER_BUILD_DIR";

/// Arguments of `bundle`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Options for the bundler.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    bundler: Vec<OsString>,
}

/// Runs `cargo xtask bundle`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut state = State::at(Path::new(DEFAULT))?;
    state.create()?;
    setup::wasm_target(&state)?;
    setup::npm_packages(&state)?;
    let bundler = step("bundler (compile)", || setup::host_tool("bundler", &state))?;
    let mut command = Command::new(bundler);
    command.current_dir(workspace::root()).args(&args.bundler);
    let status = process::run_in_group(command, None)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the Worker into `out_dir` as it is deployed (optimized).
pub(crate) fn optimised(state: &State, out_dir: &Path) -> Result<()> {
    build(state, out_dir, &["--optimize"])
}

/// Builds the Worker into `out_dir` for a local stack.
pub(crate) fn for_stack(state: &State, out_dir: &Path) -> Result<()> {
    build(state, out_dir, &[])
}

fn build(state: &State, out_dir: &Path, options: &[&str]) -> Result<()> {
    let bundler = step("bundler (compile)", || setup::host_tool("bundler", state))?;
    step("Worker (compile, bundle)", || {
        let mut command = Command::new(bundler);
        command.current_dir(workspace::root()).args(options).env(BUILD_DIR, out_dir);
        match process::run(command, state) {
            Ok(()) => Ok(()),
            Err(error) if error.is::<crate::stop::Interrupted>() => Err(error),
            Err(error) => bail!("cannot build the Worker: {error:#}"),
        }
    })
}
