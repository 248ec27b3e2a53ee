//! Installs the npm packages of a lock file.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::state::State;
use crate::step::note;
use crate::{process, workspace};

/// Holds the checksum of the installed lock file.
const STAMP: &str = "node_modules/.installed-lock";

/// Installs the workspace's packages if the lock file has changed.
pub(crate) fn ensure(state: &State) -> Result<()> {
    install(&workspace::root(), "about 1 GB, most of it the ClickHouse engine", state)
}

/// Installs the packages of a folder if its lock file has changed.
pub(crate) fn install(folder: &Path, size: &str, state: &State) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let lock = fs::read(&lock).with_context(|| format!("cannot read {}", workspace::shown(&lock)))?;
    let mut checksum = String::with_capacity(64);
    for byte in Sha256::digest(&lock) {
        write!(checksum, "{byte:02x}")?;
    }
    let stamp = folder.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|found| found == checksum) {
        return Ok(());
    }
    note(&format!("installing npm packages ({size}, again only when the lock file changes)"));
    let mut npm = Command::new("npm");
    // No package needs install scripts, so none may run.
    npm.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    process::run(npm, state).with_context(|| {
        if super::on_path("npm").is_some() {
            "cannot install the npm packages: check the network with `npm ping`, then run this command again"
        } else {
            "npm is missing: install Node.js 18 or newer from https://nodejs.org"
        }
    })?;
    fs::write(&stamp, checksum).with_context(|| format!("cannot write {}", workspace::shown(&stamp)))
}
