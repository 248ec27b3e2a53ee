//! Rebuilds this command with TLS if a URL needs it. TLS is not compiled by default, to keep the first `up` short.

use std::os::unix::process::CommandExt as _;
use std::process::ExitCode;

use anyhow::{Error, Result, bail};
use headwater_cli::tls::NotCompiledIn;

use crate::workspace;

/// Runs this command again with TLS if `error` says that TLS is not compiled in.
pub(crate) fn with_it(error: Error) -> Result<ExitCode> {
    if !error.is::<NotCompiledIn>() {
        return Err(error);
    }
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--quiet", "--package", "xtask", "--features", "tls", "--"]);
    cargo.args(std::env::args_os().skip(1));
    bail!("cannot run cargo again with TLS: {}", cargo.exec())
}
