//! Where the lists stand that the crate is scored on, and how they are read.

#![allow(dead_code, reason = "each test uses its part")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// A user agent and what the list says it is.
pub struct Case {
    pub user_agent: String,
    pub family: String,
    pub major: String,
}

/// The text of a file of an npm package of the repository's `node_modules`.
pub fn npm(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node_modules").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{file} is not in node_modules ({error}): run `npm ci --ignore-scripts` in the repository")
    })
}

/// The JSON of such a file.
pub fn npm_json(file: &str) -> Value {
    serde_json::from_str(&npm(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Cases of uap-core's test resources, from the crate `ua-parser` that carries them.
pub fn uap(file: &str) -> Vec<Case> {
    let path = uap_core().join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("uap-core's {file}: {error}"));
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some(value) = line.strip_prefix("- user_agent_string:") {
            cases.push(Case { user_agent: scalar(value), family: String::new(), major: String::new() });
        } else if let (Some(case), Some((key, value))) = (cases.last_mut(), line.split_once(':')) {
            match key {
                "family" => case.family = scalar(value),
                "major" => case.major = scalar(value),
                _ => {}
            }
        }
    }
    assert!(!cases.is_empty(), "uap-core's {file} has no cases");
    cases
}

fn uap_core() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_str(&String::from_utf8_lossy(&output.stdout))
        .unwrap_or_else(|error| panic!("cargo metadata: {error}: {}", String::from_utf8_lossy(&output.stderr)));
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == "ua-parser")
        .and_then(|package| package["manifest_path"].as_str())
        .expect("ua-parser, a dev-dependency, carries uap-core's tests: run `cargo fetch`");
    Path::new(manifest).with_file_name("uap-core")
}

/// A YAML scalar as those files have them: single or double quotes, or bare.
fn scalar(text: &str) -> String {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return inner.replace("''", "'");
    }
    if let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        return inner.replace("\\\"", "\"").replace("\\\\", "\\");
    }
    text.to_owned()
}
