//! What is measured: a Worker and the request it is asked.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::state::State;
use crate::step::step;
use crate::{process, workspace};

/// A bundled Worker and one request.
#[derive(Debug)]
pub(super) struct Contestant {
    /// Title in the report.
    pub(super) title: &'static str,
    /// Names its process, its log and its folder.
    pub(super) name: &'static str,
    /// Folder of its bundle.
    pub(super) bundle: PathBuf,
    /// Its variables and secrets.
    pub(super) settings: &'static [(&'static str, &'static str)],
    /// What it is asked, again and again.
    pub(super) request: Request,
}

/// A request as it is configured.
#[derive(Debug)]
pub(super) struct Request {
    /// HTTP method.
    pub(super) method: &'static str,
    /// Path and query.
    pub(super) target: &'static str,
    /// Headers besides `Host` and `Content-Length`.
    pub(super) headers: Vec<(&'static str, String)>,
    /// Body; empty for none.
    pub(super) body: Vec<u8>,
}

impl Request {
    /// A plain GET.
    pub(super) fn get(target: &'static str) -> Self {
        Self { method: "GET", target, headers: Vec::new(), body: Vec::new() }
    }

    /// The request as it goes over the wire.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: bench\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !self.body.is_empty() {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.len());
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Builds a Worker of this workspace as it is deployed; returns the folder of its bundle.
pub(super) fn bundle(package: &str, bundler: &Path, state: &State) -> Result<PathBuf> {
    let folder = state.file("bundles").join(package);
    step(&format!("{package} (compile, bundle)"), || {
        let mut command = Command::new(bundler);
        command
            .current_dir(workspace::root())
            .args(["--optimize", "--package", package, "--out-dir"])
            .arg(&folder)
            // A test run that keeps its bundle must not keep ours.
            .env_remove("HEADWATER_KEEP_BUNDLE");
        process::run(command, state)
    })?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::Request;

    #[test]
    fn a_request_is_written_with_its_length() {
        assert_eq!(Request::get("/health").bytes(), b"GET /health HTTP/1.1\r\nHost: bench\r\n\r\n");
        let post = Request {
            method: "POST",
            target: "/v1/track",
            headers: vec![("Content-Type", "application/json".into())],
            body: b"{}".to_vec(),
        };
        let expected: &[u8] =
            b"POST /v1/track HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(post.bytes(), expected);
    }
}
