//! Benchmarks of pure code. They run natively in one thread, as examples of their crates.

use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// An example that prints its own figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Example {
    pub(super) package: &'static str,
    pub(super) name: &'static str,
}

/// Check of a cached API key: parse, look up, hash, compare. Goal: 30 µs at most.
pub(super) const KEYS: Example = Example { package: "headwater", name: "bench_keys" };
/// The classifier over its corpus. Median goal: 1 µs at most.
pub(super) const CLASSIFY: Example = Example { package: "classifier", name: "classify_bench" };

/// Builds the example in release mode and runs it.
pub(super) fn run(example: Example) -> Result<()> {
    let status = workspace::cargo()
        .args(["run", "--quiet", "--release", "--package", example.package, "--example", example.name])
        .stdin(Stdio::null())
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("the benchmark {} failed ({status})", example.name);
    }
    Ok(())
}
