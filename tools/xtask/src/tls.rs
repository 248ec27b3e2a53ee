//! Builds this command again with TLS where an address needs it: a first `up` should not have to compile it.

use std::os::unix::process::CommandExt as _;
use std::process::ExitCode;

use anyhow::{Error, Result, bail};
use headwater_cli::tls::NotCompiledIn;

use crate::workspace;

/// Runs this command again with TLS compiled in, if it failed for the lack of it.
pub(crate) fn with_it(error: Error) -> Result<ExitCode> {
    if !error.is::<NotCompiledIn>() {
        return Err(error);
    }
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--quiet", "--package", "xtask", "--features", "tls", "--"]);
    cargo.args(std::env::args_os().skip(1));
    bail!("cannot run cargo again with TLS: {}", cargo.exec())
}
