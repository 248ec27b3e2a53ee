//! Chromium, which runs the browser script in tests and benchmarks.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::state::State;
use crate::step::{note, step};
use crate::{process, stop};

/// Environment variable with the program to use.
const VARIABLE: &str = "HEADWATER_CHROMIUM";

/// Names of the program on Debian, on Ubuntu and from Google.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Time limit for each apt command, in seconds.
const PATIENCE: &str = "600";

/// Finds the system's Chromium. As root on a Debian-like system, installs it if it is missing.
///
/// The inner error says why there is no Chromium. It is not fatal: only the tests that need a browser are skipped.
pub(crate) fn find_or_install(state: &State) -> Result<Result<PathBuf, String>> {
    if let Some(program) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        if runs(&program) {
            return Ok(Ok(program));
        }
        bail!("{VARIABLE} is {}, which is not a working Chromium: correct it or unset it", program.display());
    }
    let _lock = super::lock()?;
    if let Some(program) = find() {
        return Ok(Ok(program));
    }
    if super::on_path("apt-get").is_none() || !nix::unistd::geteuid().is_root() {
        return Ok(Err(format!("found no {}: install one, or set {VARIABLE} to its path", PROGRAMS.join(", no "))));
    }
    let installed = step("Chromium", || {
        note("installing the Debian package chromium and its dependencies (about 100 MB, once)");
        // If the package lists cannot be updated, the existing ones may suffice.
        let _ = process::run(apt(&["update"]), state);
        process::run(apt(&["install", "-y", "--no-install-recommends", "chromium"]), state)
    });
    stop::check()?;
    let found = installed.ok().and_then(|()| find());
    Ok(found.ok_or_else(|| "`apt-get install chromium` failed: see setup.log".to_owned()))
}

/// A working Chromium on the `PATH`. Ubuntu's may be a script that asks for a snap.
fn find() -> Option<PathBuf> {
    PROGRAMS.iter().filter_map(|program| super::on_path(program)).find(|program| runs(program))
}

fn runs(program: &Path) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// An apt command that asks no questions, waits for a running apt, and has a time limit.
fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["--kill-after=10", PATIENCE, "apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=120"])
        .args(arguments);
    command
}
