//! The ClickHouse engine, a shared library.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::workspace;

/// Environment variable with the path of another library.
pub(crate) const VARIABLE: &str = "HEADWATER_CHDB_LIB";

/// The library named by the environment, or the one from the npm packages.
pub(crate) fn find() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        if path.is_file() {
            return Ok(path);
        }
        bail!("{VARIABLE} is {}, which is not a file: correct it or unset it", path.display());
    }
    let packaged = workspace::node_module("@chdb/lib-linux-x64-gnu/libchdb.so");
    if packaged.is_file() {
        return Ok(packaged);
    }
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!(
            "the ClickHouse engine is missing from node_modules: run `npm ci --ignore-scripts` \
             (requires glibc), or use an existing server with --clickhouse-url"
        );
    }
    bail!(
        "there is no packaged ClickHouse engine for {} on {}: set {VARIABLE} to the path of a libchdb, \
         or use an existing server with --clickhouse-url",
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}
