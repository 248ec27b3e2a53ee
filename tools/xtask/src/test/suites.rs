//! Runs the suites and reads their counts.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::setup::{self, Tools};
use crate::state::State;
use crate::step::note;
use crate::{process, workspace};

use super::counts::Counts;
use super::lanes;
use super::share::share;

/// Where test files are looked for.
const FOLDERS: [&str; 3] = ["tests", "sdk-browser", "sdk-node"];

/// `cargo test` over the workspace.
pub(crate) fn unit(state: &State, tools: &Tools, pattern: Option<&str>, long: bool) -> Result<Counts> {
    println!("\ncargo test");
    let mut cargo = with_stack(workspace::cargo(), state, tools, long);
    cargo.args(["test", "--workspace", "--no-fail-fast"]);
    if std::env::var_os("CARGO_TERM_COLOR").is_none() {
        // Its summary is read from a pipe, its colours are for the terminal behind.
        cargo.args(["--color", "never"]);
    }
    cargo.args(pattern).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = process::spawn_in_group(cargo, Some(state))?;
    let output = child.stdout.take().context("cargo has no output")?;
    let reader = std::thread::spawn(move || {
        let mut counts = Counts::default();
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            counts.add_cargo_line(&line);
            // Binaries without tests say so at length.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
        counts
    });
    let status = process::wait_in_group(child)?;
    let counts = reader.join().unwrap_or_default();
    Ok(counts.concluded(status.success()))
}

/// `node --test` over the files that talk to the Worker: the lanes beside each other.
pub(crate) fn end_to_end(state: &State, tools: &Tools, pattern: Option<&str>, long: bool) -> Result<Counts> {
    let root = workspace::root();
    let mut files = Vec::new();
    for folder in FOLDERS {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    if files.is_empty() {
        note("there are no end-to-end tests yet");
        return Ok(Counts::default());
    }
    let mut named: Vec<PathBuf> = files
        .iter()
        .filter(|file| {
            let path = workspace::shown(file);
            pattern.is_none_or(|pattern| pattern.split(',').any(|part| path.contains(part)))
        })
        .cloned()
        .collect();
    // A pattern that fits no file is part of a test's name.
    let name = pattern.filter(|_| named.is_empty());
    if let Some(name) = name {
        named = holding(&files, name);
    }
    // Tests whose helper cannot be installed are skipped and say why.
    setup::npm_install(&root.join("tests/openapi"), "about 90 MB: generators of API clients", state)?;
    let helpers = [
        ("API_CLIENT", setup::python(state, setup::API_CLIENT)?),
        ("SCHEMATHESIS", setup::python(state, setup::SCHEMATHESIS)?),
        ("MCP_PYTHON", setup::python(state, setup::MCP_CLIENT)?),
        ("CHROMIUM", setup::chromium(state)?),
    ];
    let share = share();
    let width = lanes::width(share);
    println!("\nnode --test, {width} files at once: the tests get {:.0} % of the processors", 100.0 * share);
    let mut running = Vec::new();
    for lane in lanes::of(named, width) {
        let mut node = with_stack(Command::new(&tools.node), state, tools, long);
        node.current_dir(&root).args(lane.arguments(state, long)).stdin(Stdio::null());
        for (helper, found) in &helpers {
            match found {
                Ok(program) => node.env(format!("HEADWATER_{helper}"), program),
                Err(reason) => node.env(format!("HEADWATER_NO_{helper}"), reason),
            };
        }
        if let Some(name) = name {
            // Nothing waits for a file's `before` where none of its tests fits: it goes on after its `after`, and
            // what it starts then would keep the file alive for ever.
            node.args(["--test-force-exit", &format!("--test-name-pattern={name}")]);
        }
        if let Some(output) = lane.output(state)? {
            node.stdout(output.try_clone()?).stderr(output);
        }
        node.args(&lane.files);
        running.push((process::spawn_in_group(node, Some(state))?, lane));
    }
    let mut counts = Counts::default();
    let mut ended = Vec::new();
    for (child, lane) in running {
        ended.push((process::wait_in_group(child), lane));
    }
    for (status, lane) in ended {
        counts += lane.counts(state, status?.success());
    }
    Ok(counts)
}

/// The files that a test of this name can be in: those that hold it, or all where none does, since a name may be
/// made of parts.
fn holding(files: &[PathBuf], name: &str) -> Vec<PathBuf> {
    let holds = |file: &&PathBuf| fs::read_to_string(file).is_ok_and(|text| text.contains(name));
    let found: Vec<PathBuf> = files.iter().filter(holds).cloned().collect();
    if found.is_empty() { files.to_vec() } else { found }
}

/// Tells a suite where its stack is.
fn with_stack(mut command: Command, state: &State, tools: &Tools, long: bool) -> Command {
    command.env("HEADWATER_DEV_JSON", state.dev_file()).env("HEADWATER_NODE", &tools.node);
    if long {
        command.env("HEADWATER_LONG", "1");
    }
    if let Ok(this) = workspace::this_program() {
        command.env("HEADWATER_XTASK", this);
    }
    if let Some(engine) = &tools.engine {
        command.env("HEADWATER_CHDB_LIB", engine);
    }
    if let Some(devstack) = &tools.devstack {
        command.env("HEADWATER_DEVSTACK", devstack);
    }
    if let Some(postgres) = &tools.postgres {
        command.env("HEADWATER_POSTGRES_BIN", postgres);
    }
    command
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && name != "node_modules" {
            collect(&path, files);
        } else if name.ends_with(".test.mjs") {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_where_it_stands_and_else_everywhere() {
        let of = |name| workspace::root().join(format!("tests/{name}.test.mjs"));
        let files = [of("quickstart"), of("recipes"), of("proxied")];
        assert_eq!(holding(&files, "the limit of a client is each visitor's own"), [of("proxied")]);
        assert_eq!(holding(&files, "made of parts: 7"), files);
    }
}
