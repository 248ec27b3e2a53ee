//! The peer: a Worker in Hono and zod from a folder that the user names. It is not part of this repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::state::State;
use crate::step::{note, step};
use crate::{process, setup};

use super::super::contestant::Module;

/// Copies the peer into the state folder and builds it there. `None` without `--peer`.
///
/// # Errors
/// If the folder has no `package.json`, or the build fails.
pub(super) fn bundle(folder: Option<&Path>, state: &State) -> Result<Option<Vec<Module>>> {
    let Some(source) = folder else {
        note("no --peer DIR: the peer and its goals are left out");
        return Ok(None);
    };
    ensure!(source.join("package.json").is_file(), "--peer {} has no package.json", source.display());
    let copy = state.file("peer");
    step("peer (npm ci, npm run build)", || {
        copy_folder(source, &copy).with_context(|| format!("cannot copy {}", source.display()))?;
        setup::npm_install(&copy, "20 MB", state)?;
        let mut build = Command::new("npm");
        build.current_dir(&copy).args(["run", "build"]);
        process::run(build, state)
    })?;
    Ok(Some(vec![Module { file: copy.join("dist/peer.js"), name: "peer.js", wasm: false }]))
}

/// Copies a folder, which may be read-only, without what its build generates.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (source, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let target: PathBuf = to.join(&name);
        if source.is_dir() {
            if name != "node_modules" && name != "dist" {
                copy_folder(&source, &target)?;
            }
        } else {
            // `fs::copy` would keep the permissions, and the next run could not overwrite the file.
            fs::write(&target, fs::read(&source)?)?;
        }
    }
    Ok(())
}
