//! The compiler's target for Workers.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::state::State;
use crate::step::note;

const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the target where the compiler lacks it.
pub(crate) fn ensure(state: &State) -> Result<()> {
    if installed()? {
        return Ok(());
    }
    note(&format!("adding {TARGET} to the Rust toolchain"));
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]);
    let advice = "the WebAssembly target is missing and could not be added: with rustup and a network, \
                  run `rustup target add wasm32-unknown-unknown`";
    process::run(rustup, state).context(advice)?;
    if !installed()? {
        bail!("rustup added {TARGET} to another toolchain than `rustc` belongs to: set RUSTUP_TOOLCHAIN or fix PATH");
    }
    Ok(())
}

/// Whether the standard library of the target is there.
fn installed() -> Result<bool> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .context("cannot run rustc: install Rust with rustup (https://rustup.rs)")?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    Ok(files.into_iter().any(|file| file.file_name().to_string_lossy().starts_with("libcore-")))
}
