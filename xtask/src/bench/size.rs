//! What the script for pages weighs beside others': `bench/trackers`, whose packages nothing else needs.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::state::State;
use crate::step::step;
use crate::{process, setup, workspace};

/// Installs the others and weighs all of them.
pub(super) fn run(state: &State) -> Result<()> {
    setup::npm_packages(state)?;
    let folder = workspace::root().join("bench/trackers");
    step("packages to compare with", || setup::npm_install(&folder, "about 2 MB", state))?;
    let mut node = Command::new(setup::node()?);
    node.current_dir(workspace::root()).arg(folder.join("size.mjs")).stdin(Stdio::null());
    if !process::run_in_group(node, Some(state))?.success() {
        bail!("the scripts could not be weighed");
    }
    Ok(())
}
