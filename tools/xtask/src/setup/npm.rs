//! The npm packages of the lock file.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::state::State;
use crate::step::note;
use crate::{process, workspace};

/// Holds the checksum of the lock file that was installed.
const STAMP: &str = "node_modules/.installed-lock";

/// Installs the workspace's packages where the lock file has changed.
pub(crate) fn ensure(state: &State) -> Result<()> {
    install(&workspace::root(), "about 1 GB, most of it the ClickHouse engine", state)
}

/// Installs the packages of one folder where its lock file has changed since.
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
    note(&format!("installing npm packages ({size}; once for each lock file)"));
    let mut npm = Command::new("npm");
    // No package of ours needs its scripts, and none should run.
    npm.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    process::run(npm, state).with_context(|| {
        if super::on_path("npm").is_some() {
            "the npm packages could not be installed: check the network (`npm ping`), then run this again"
        } else {
            "npm is missing: install Node.js (https://nodejs.org), version 18 or newer"
        }
    })?;
    fs::write(&stamp, checksum).with_context(|| format!("cannot write {}", workspace::shown(&stamp)))
}
