//! A contestant: a bundled Worker and the requests it gets.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::state::State;
use crate::step::step;
use crate::{process, workspace};

/// A bundled Worker and its requests.
#[derive(Debug)]
pub(super) struct Contestant {
    /// Title in the report.
    pub(super) title: &'static str,
    /// Name of its process, log and folder.
    pub(super) name: &'static str,
    /// Its modules. The first one is the entry.
    pub(super) modules: Vec<Module>,
    /// Its variables and secrets.
    pub(super) settings: Vec<(&'static str, String)>,
    /// Answers every fetch of the contestant, in the same process. `None` if it fetches nothing.
    pub(super) outbound: Option<Outbound>,
    /// The requests it gets, in turn and repeatedly.
    pub(super) requests: Vec<Request>,
    /// Name of a second contestant to compare it with, besides the first.
    pub(super) rival: Option<&'static str>,
}

impl Contestant {
    /// Total size of the modules in bytes: uncompressed, and with each one gzipped.
    pub(super) fn size(&self) -> (u64, u64) {
        let files = self.modules.iter().filter_map(|module| std::fs::read(&module.file).ok());
        files.fold((0, 0), |(raw, small), file| {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            // Writing to memory does not fail.
            let compressed = gzip.write_all(&file).and_then(|()| gzip.finish()).unwrap_or_default();
            (raw + file.len() as u64, small + compressed.len() as u64)
        })
    }
}

/// A module of a Worker.
#[derive(Debug, Clone)]
pub(super) struct Module {
    /// Path of the file.
    pub(super) file: PathBuf,
    /// Its name in imports.
    pub(super) name: &'static str,
    /// True for WebAssembly, false for JavaScript.
    pub(super) wasm: bool,
}

impl Module {
    /// File name beside workerd's configuration.
    pub(super) fn embedded(&self) -> &str {
        self.name.trim_start_matches("./")
    }
}

/// A JavaScript Worker that answers all outbound requests of a contestant.
#[derive(Debug, Clone)]
pub(super) struct Outbound {
    /// Its source.
    pub(super) source: &'static str,
    /// Its variables.
    pub(super) settings: Vec<(&'static str, String)>,
}

/// A request of the load.
#[derive(Debug, Clone)]
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

    /// The request as bytes on the wire.
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

/// Builds a Worker of this workspace as it is deployed, optionally with `features` that only benchmarks use. With
/// `names`, the bundle keeps the names of its functions.
pub(super) fn bundle(
    package: &str,
    features: &[&str],
    names: bool,
    bundler: &Path,
    state: &State,
) -> Result<Vec<Module>> {
    let mark: &[&str] = if names { &["names"] } else { &[] };
    let parts = [&[package], features, mark].concat();
    let (title, folder) = (parts.join(", "), state.file("bundles").join(parts.join("-")));
    step(&format!("{title} (compile, bundle)"), || {
        let mut command = Command::new(bundler);
        command
            .current_dir(workspace::root())
            .args(["--optimize", "--package", package, "--out-dir"])
            .arg(&folder)
            // A test run sets this to keep its own bundle; it must not apply here.
            .env_remove("HEADWATER_KEEP_BUNDLE");
        if names {
            command.arg("--names");
        }
        if !features.is_empty() {
            command.args(["--features", &features.join(",")]);
        }
        process::run(command, state)
    })?;
    Ok(vec![
        Module { file: folder.join("index.mjs"), name: "index.mjs", wasm: false },
        Module { file: folder.join("index_bg.wasm"), name: "./index_bg.wasm", wasm: true },
    ])
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
