//! The ClickHouse engine, a shared library.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::workspace;

/// Points at a library of one's own.
pub(crate) const VARIABLE: &str = "HEADWATER_CHDB_LIB";

/// The library from the environment, else the one among the npm packages.
pub(crate) fn find() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        if path.is_file() {
            return Ok(path);
        }
        bail!("{VARIABLE} names {}, which is not a file: correct it or unset it", path.display());
    }
    let packaged = workspace::node_module("@chdb/lib-linux-x64-gnu/libchdb.so");
    if packaged.is_file() {
        return Ok(packaged);
    }
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!(
            "the ClickHouse engine is missing from node_modules: run `npm ci --ignore-scripts` \
             (it needs glibc), or use a server of your own with --clickhouse-url"
        );
    }
    bail!(
        "no ClickHouse engine is packaged for {} on {}: point {VARIABLE} at a libchdb, \
         or use a server of your own with --clickhouse-url",
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}
