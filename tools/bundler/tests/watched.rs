//! `wrangler dev` rebuilds the Worker when something below `watch_dir` in `wrangler.toml` changes. This test finds what
//! the Worker is compiled from and checks that all of it is watched.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Folders of a crate that the Worker is not compiled from.
const NOT_COMPILED: [&str; 3] = ["tests", "examples", "benches"];

#[test]
fn everything_the_worker_is_compiled_from_is_watched() {
    let root = root();
    let watched = watch_dir(&root);
    let mut inputs: BTreeSet<PathBuf> =
        ["Cargo.toml", "Cargo.lock", "build.rs", "docs/openapi.json", "src", "tools/bundler/src"]
            .map(|path| root.join(path))
            .into();
    for folder in path_dependencies(&root, "headwater") {
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        inputs.extend(entries.filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            path.is_dir() && !NOT_COMPILED.contains(&name)
        }));
    }
    included(&root.join("src"), &mut inputs);

    assert!(inputs.contains(&root.join("classifier/tables")) && inputs.contains(&root.join("sdk-browser/served/a.js")));
    let missing: Vec<&PathBuf> =
        inputs.iter().filter(|input| !watched.iter().any(|folder| input.starts_with(folder))).collect();
    assert!(missing.is_empty(), "add to watch_dir in wrangler.toml: {missing:?}");
    for path in watched {
        assert!(path.exists(), "watch_dir in wrangler.toml names {}, which does not exist", path.display());
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn watch_dir(root: &Path) -> Vec<PathBuf> {
    let settings = fs::read_to_string(root.join("wrangler.toml")).unwrap();
    let (_, rest) = settings.split_once("\nwatch_dir = ").unwrap();
    let (list, _) = rest.split_once(']').unwrap();
    // An array of strings is written alike in TOML and JSON, except for a comma at its end.
    let json = format!("{}]", list.trim_end().trim_end_matches(','));
    let paths: Vec<String> = serde_json::from_str(&json).unwrap();
    paths.iter().map(|path| root.join(path)).collect()
}

/// Folders of the workspace's crates that a package is compiled from, directly or not.
fn path_dependencies(root: &Path, package: &str) -> BTreeSet<PathBuf> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root).args(["metadata", "--format-version", "1", "--no-deps", "--offline"]);
    let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let metadata: Value = serde_json::from_str(&output).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let mut found = BTreeSet::new();
    let mut open = vec![package.to_owned()];
    while let Some(name) = open.pop() {
        let package = packages.iter().find(|package| package["name"] == name.as_str()).unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["kind"] != "dev"
                && let Some(path) = dependency["path"].as_str()
                && found.insert(PathBuf::from(path))
            {
                open.push(dependency["name"].as_str().unwrap().to_owned());
            }
        }
    }
    found
}

/// Files that the sources below a folder include outside of their tests.
fn included(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            included(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
            for macro_name in ["include_str!(\"", "include_bytes!(\""] {
                for rest in source.split(macro_name).skip(1) {
                    let (file, _) = rest.split_once('"').unwrap();
                    found.insert(plain(&path.parent().unwrap().join(file)));
                }
            }
        }
    }
}

/// The same path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
