//! Installs the compiler's target for Workers.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::state::State;
use crate::step::note;

const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the target if the compiler lacks it.
pub(crate) fn ensure(state: &State) -> Result<()> {
    if installed()? {
        return Ok(());
    }
    note(&format!("adding {TARGET} to the Rust toolchain"));
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]);
    let advice = "cannot add the WebAssembly target: check rustup and the network, \
                  then run `rustup target add wasm32-unknown-unknown`";
    process::run(rustup, state).context(advice)?;
    if !installed()? {
        bail!("rustup added {TARGET} to a toolchain other than that of `rustc`: set RUSTUP_TOOLCHAIN or correct PATH");
    }
    Ok(())
}

/// Whether the target's standard library is installed.
fn installed() -> Result<bool> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .context("cannot run rustc: install Rust with rustup (https://rustup.rs)")?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    Ok(files.into_iter().any(|file| file.file_name().to_string_lossy().starts_with("libcore-")))
}
