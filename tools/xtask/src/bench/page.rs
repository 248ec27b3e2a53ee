//! `bench page`: how long the browser script keeps a page's main thread busy, in Chromium.

use std::process::{Command, Stdio};

use anyhow::{Result, anyhow, bail};

use crate::state::State;
use crate::{process, setup, workspace};

/// Arguments of `bench page`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Number of loads with the script, and the same number without it.
    #[arg(long, value_name = "N", default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..=1000))]
    loads: u32,
}

/// Runs `tools/bench/page`, which loads the page repeatedly and prints the figures.
pub(super) fn run(args: &Args, state: &State) -> Result<()> {
    setup::npm_packages(state)?;
    let chromium = setup::chromium(state)?.map_err(|reason| anyhow!("Chromium is required: {reason}"))?;
    let mut node = Command::new(setup::node()?);
    node.current_dir(workspace::root())
        .args(["tools/bench/page/page.mjs", &args.loads.to_string()])
        .env("HEADWATER_CHROMIUM", chromium)
        .stdin(Stdio::null());
    if !process::run_in_group(node, Some(state))?.success() {
        bail!("the page benchmark failed: see its output above");
    }
    Ok(())
}
