//! Builds programs of this workspace for this machine.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::state::State;
use crate::{process, workspace};

/// Compiles a package and returns the path of its program.
pub(crate) fn build(package: &str, state: &State) -> Result<PathBuf> {
    let messages = state.log(&format!("cargo-{package}"));
    let errors = state.log(&format!("cargo-{package}-errors"));
    let mut cargo = workspace::cargo();
    cargo
        .args(["build", "--package", package, "--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stdout(File::create(&messages)?)
        .stderr(File::create(&errors)?);
    if !process::run_in_group(cargo, Some(state))?.success() {
        let errors = std::fs::read_to_string(&errors).unwrap_or_default();
        bail!("cannot compile {package}:\n{errors}");
    }
    program(&messages)?.with_context(|| format!("cargo built {package} but reported no executable"))
}

/// Finds the path of the executable in cargo's JSON messages.
fn program(messages: &Path) -> Result<Option<PathBuf>> {
    let text = std::fs::read_to_string(messages)?;
    let found = text.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    Ok(found)
}
