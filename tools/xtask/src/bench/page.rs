//! What the script for pages costs a page's main thread, in Chromium.

use std::process::{Command, Stdio};

use anyhow::{Result, anyhow, bail};

use crate::state::State;
use crate::{process, setup, workspace};

/// Arguments of `bench page`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How often the page is loaded with the script, and how often without.
    #[arg(long, value_name = "N", default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..=1000))]
    loads: u32,
}

/// Loads a page again and again; `tools/bench/page` tells.
pub(super) fn run(args: &Args, state: &State) -> Result<()> {
    setup::npm_packages(state)?;
    let chromium = setup::chromium(state)?.map_err(|reason| anyhow!("there is no Chromium: {reason}"))?;
    let mut node = Command::new(setup::node()?);
    node.current_dir(workspace::root())
        .args(["tools/bench/page/page.mjs", &args.loads.to_string()])
        .env("HEADWATER_CHROMIUM", chromium)
        .stdin(Stdio::null());
    if !process::run_in_group(node, Some(state))?.success() {
        bail!("the page could not be measured");
    }
    Ok(())
}
