//! Benches of pure code: natively, in one thread, as examples of the crates they measure.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// An example that measures and prints its figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Example {
    pub(super) package: &'static str,
    pub(super) name: &'static str,
}

/// The warm check of a key: taken apart, found in the cache, hashed, compared. Goal: 30 µs at most.
pub(super) const KEYS: Example = Example { package: "headwater", name: "bench_keys" };
/// The classifier over its corpus. Goal: 1 µs at the median.
pub(super) const CLASSIFY: Example = Example { package: "classifier", name: "classify_bench" };

/// Builds the example optimised and runs it.
pub(super) fn run(example: Example) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(workspace::root())
        .args(["run", "--quiet", "--release", "--package", example.package, "--example", example.name])
        .stdin(Stdio::null())
        .status()
        .context("cargo cannot be started")?;
    if !status.success() {
        bail!("the bench {} failed ({status})", example.name);
    }
    Ok(())
}
