//! The peer: supplied from outside of this repository, never changed, and not part of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::state::State;
use crate::step::{note, step};
use crate::{process, setup, workspace};

use super::super::contestant::Module;

/// Where it lies if nothing else is said, seen from the workspace.
const FOLDER: &str = "../shared/bench/peer-hono";

/// Builds a copy of the peer; `None` where there is none.
pub(super) fn bundle(folder: Option<&Path>, state: &State) -> Result<Option<Vec<Module>>> {
    let source = folder.map_or_else(|| workspace::root().join(FOLDER), Path::to_path_buf);
    if !source.join("package.json").is_file() {
        note(&format!("there is no peer at {}: its part is left out (--peer DIR)", source.display()));
        return Ok(None);
    }
    let copy = state.file("peer");
    step("peer (npm ci, npm run build)", || {
        copy_folder(&source, &copy).with_context(|| format!("cannot copy {}", source.display()))?;
        setup::npm_install(&copy, "20 MB", state)?;
        let mut build = Command::new("npm");
        build.current_dir(&copy).args(["run", "build"]);
        process::run(build, state)
    })?;
    Ok(Some(vec![Module { file: copy.join("dist/peer.js"), name: "peer.js", wasm: false }]))
}

/// Copies what is read only into what can be built in.
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
            // Written anew: a copy would keep the permissions, and the next one could not replace it.
            fs::write(&target, fs::read(&source)?)?;
        }
    }
    Ok(())
}
