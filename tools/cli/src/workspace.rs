//! Paths in this repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that holds the workspace's `Cargo.toml`.
pub fn root() -> PathBuf {
    // Cargo sets where the sources are now; the compiled-in path is where they were at build time.
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = manifest.ancestors().nth(2).unwrap_or(&manifest).to_path_buf();
    if root.join("tools/xtask/Cargo.toml").exists() { root } else { PathBuf::from(".") }
}

/// This program's file. If cargo has replaced it meanwhile, the kernel marks the path as deleted; then the new file is
/// used.
pub fn this_program() -> std::io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    let replaced = path.to_str().and_then(|text| text.strip_suffix(" (deleted)")).map(PathBuf::from);
    Ok(replaced.filter(|path| path.exists()).unwrap_or(path))
}

/// A file of an installed npm package.
pub fn node_module(path: &str) -> PathBuf {
    root().join("node_modules").join(path)
}

/// A cargo command in the workspace, run by the same cargo as this one.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // What cargo sets for this program is wrong for the crates that it builds next.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// `path` relative to the workspace, if it is inside.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
