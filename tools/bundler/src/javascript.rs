//! Bundles the entry, the glue and its snippets into one module with esbuild.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::output::{MODULE, WASM};
use crate::shim;

/// Writes the module into `staging`; the WebAssembly file stays an import.
pub(crate) fn bundle(root: &Path, staging: &Path, minify: bool) -> Result<()> {
    // npm installs esbuild's native binary at this path on every platform.
    let esbuild = root.join("node_modules/esbuild/bin/esbuild");
    let mut command = Command::new(&esbuild);
    command
        .current_dir(staging)
        .args([
            shim::ENTRY,
            "--bundle",
            "--format=esm",
            "--target=es2022",
            "--log-level=warning",
            "--external:cloudflare:*",
        ])
        .arg(format!("--external:./{WASM}"))
        .arg(format!("--outfile={MODULE}"));
    if minify {
        command.arg("--minify");
    }
    let status =
        command.status().with_context(|| format!("cannot run {}: run `npm ci --ignore-scripts`", esbuild.display()))?;
    if !status.success() {
        bail!("esbuild cannot bundle the Worker's JavaScript (see above)");
    }
    Ok(())
}
