//! `workerd`, the runtime itself, as npm brings it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Of the Worker's configuration, so that what is deployed is what runs.
const WRANGLER: &str = "wrangler.toml";

/// The binary itself: npm's launcher orphans its child when it is killed.
pub(crate) fn program() -> Result<PathBuf> {
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-64",
        ("linux", "aarch64") => "linux-arm64",
        (os, arch) => bail!("bare workerd is watched as Linux allows it; this is {os} on {arch}"),
    };
    let program = workspace::node_module(&format!("@cloudflare/workerd-{platform}/bin/workerd"));
    if !program.exists() {
        bail!("{} is missing: run `npm ci --ignore-scripts`", workspace::shown(&program));
    }
    Ok(program)
}

/// What `workerd --version` says.
pub(crate) fn version() -> Result<String> {
    let output = Command::new(program()?).arg("--version").output().context("cannot run workerd")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The compatibility date that is deployed.
pub(crate) fn compatibility_date() -> Result<String> {
    let path = workspace::root().join(WRANGLER);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {WRANGLER}"))?;
    text.lines()
        .find_map(|line| Some(line.strip_prefix("compatibility_date")?.split('"').nth(1)?.to_owned()))
        .with_context(|| format!("{WRANGLER} names no compatibility_date"))
}
