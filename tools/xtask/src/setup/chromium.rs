//! Chromium, in which the script for pages is put to the test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::state::State;
use crate::step::{note, step};
use crate::{process, stop};

/// Names the program to use.
const VARIABLE: &str = "HEADWATER_CHROMIUM";

/// What it is called on Debian, on Ubuntu and by Google.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Seconds that apt may take for each of its two steps.
const PATIENCE: &str = "600";

/// The system's Chromium; as root on a Debian-like system it is installed where there is none. The inner error says
/// why there is none: that must not keep a machine without a browser from all other tests.
pub(crate) fn find_or_install(state: &State) -> Result<Result<PathBuf, String>> {
    if let Some(program) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        if runs(&program) {
            return Ok(Ok(program));
        }
        bail!("{VARIABLE} names {}, which is no Chromium that runs: correct it or unset it", program.display());
    }
    let _lock = super::lock()?;
    if let Some(program) = find() {
        return Ok(Ok(program));
    }
    if super::on_path("apt-get").is_none() || !nix::unistd::geteuid().is_root() {
        return Ok(Err(format!("there is no {}: install one, or name it in {VARIABLE}", PROGRAMS.join(", no "))));
    }
    let installed = step("Chromium", || {
        note("installing Debian's package chromium with what it needs (about 100 MB; once)");
        // Lists of yesterday may do where newer ones cannot be had.
        let _ = process::run(apt(&["update"]), state);
        process::run(apt(&["install", "-y", "--no-install-recommends", "chromium"]), state)
    });
    stop::check()?;
    let found = installed.ok().and_then(|()| find());
    Ok(found.ok_or_else(|| "it could not be installed: see setup.log (apt-get install chromium)".to_owned()))
}

/// A Chromium on the path that runs: Ubuntu's may be a script that asks for a snap.
fn find() -> Option<PathBuf> {
    PROGRAMS.iter().filter_map(|program| super::on_path(program)).find(|program| runs(program))
}

fn runs(program: &Path) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A command of apt that asks nothing, waits for another apt, and comes to an end.
fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["--kill-after=10", PATIENCE, "apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=120"])
        .args(arguments);
    command
}
