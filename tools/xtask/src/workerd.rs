//! `workerd`, the Workers runtime, from its npm package.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// The Worker's configuration: the local runtime uses the same compatibility date as the deployment.
const WRANGLER: &str = "wrangler.toml";

/// Path of the binary. npm's launcher is not used, because it orphans its child when it is killed.
pub(crate) fn program() -> Result<PathBuf> {
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-64",
        ("linux", "aarch64") => "linux-arm64",
        (os, arch) => bail!("benchmarks and fault tests run on Linux on x64 or arm64 only; this is {os} on {arch}"),
    };
    let program = workspace::node_module(&format!("@cloudflare/workerd-{platform}/bin/workerd"));
    if !program.exists() {
        bail!("{} is missing: run `npm ci --ignore-scripts`", workspace::shown(&program));
    }
    Ok(program)
}

/// Output of `workerd --version`.
pub(crate) fn version() -> Result<String> {
    let output = Command::new(program()?).arg("--version").output().context("cannot run workerd")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Text bindings for workerd's configuration: `(name = "A", text = "x"), …`.
pub(crate) fn bindings<V: AsRef<str>>(settings: &[(&str, V)]) -> String {
    settings.iter().fold(String::new(), |mut bindings, (name, value)| {
        // Rust's debug format escapes these values as Cap'n Proto's text format requires.
        let _ = write!(bindings, "(name = {name:?}, text = {:?}), ", value.as_ref());
        bindings
    })
}

/// The compatibility date of the deployment.
pub(crate) fn compatibility_date() -> Result<String> {
    let path = workspace::root().join(WRANGLER);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {WRANGLER}"))?;
    text.lines()
        .find_map(|line| Some(line.strip_prefix("compatibility_date")?.split('"').nth(1)?.to_owned()))
        .with_context(|| format!("{WRANGLER} has no compatibility_date"))
}
