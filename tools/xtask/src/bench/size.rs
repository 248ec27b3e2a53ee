//! `bench size`: compares the size of the browser script with that of other trackers (`tools/bench/trackers`, whose
//! packages only this benchmark installs).

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::state::State;
use crate::step::step;
use crate::{process, setup, workspace};

/// Installs the other trackers, builds ours and prints all sizes.
pub(super) fn run(state: &State) -> Result<()> {
    setup::npm_packages(state)?;
    let folder = workspace::root().join("tools/bench/trackers");
    step("npm packages of other trackers", || setup::npm_install(&folder, "about 2 MB", state))?;
    let node = setup::node()?;
    for script in ["sdk-browser/build.mjs", "tools/bench/trackers/size.mjs"] {
        let mut command = Command::new(&node);
        command.current_dir(workspace::root()).arg(script).stdin(Stdio::null());
        if !process::run_in_group(command, Some(state))?.success() {
            bail!("{script} failed: see its output above");
        }
    }
    Ok(())
}
