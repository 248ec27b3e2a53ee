//! `bench query`: the time to answer questions, through the API and as plain SQL sent directly to the store.
//!
//! Ten projects have generated traffic. Each question goes through the Worker on bare workerd, and as hand-written SQL
//! to the store: first while all answers come from the events, then with computed tables. Ten smaller projects with a
//! tenth of the traffic show how the times grow.

mod ask;
mod questions;
mod table;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use serde_json::Value;

use crate::bundle;
use crate::dev_file::DevFile;
use crate::event_store::EventStore;
use crate::faults::Worker;
use crate::secrets::Secrets;
use crate::setup;
use crate::stack::{Bundle, Options, Stack, worker_settings};
use crate::state::State;
use crate::step::step;
use crate::{strays, workspace};

use ask::{Asker, Line, Project};
use questions::QUESTIONS;

/// Number of projects of each size.
const PROJECTS: u64 = 10;
const DAYS: u32 = 90;

/// Arguments of `bench query`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Total events of the ten large projects. The ten small ones get a tenth of it.
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1000..=100_000_000))]
    events: u64,
    /// Number of rounds. Each round asks every question in every way.
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(3..=1000))]
    rounds: u32,
    /// Also write the figures to this file, as JSON.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
}

/// Runs the benchmark in its own state folder.
pub(super) fn run(args: &Args, state: &State) -> Result<()> {
    let tools = setup::all(state, setup::Needs { clickhouse: true, postgres: true, worker: true })?;
    let folder = state.file("build-query");
    bundle::optimised(state, &folder)?;
    let data = state.file("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let (mut stack, dev) = Stack::start(state, &tools, &Options::anywhere(true), Bundle::Fixed)?;
    state.write("dev.json", &dev)?;
    let outcome = measure(args, state, &dev, &folder);
    let _ = std::fs::remove_file(state.dev_file());
    stack.stop();
    strays::end(state.dir())?;
    let result = outcome?;
    table::print(&result, args);
    if let Some(path) = &args.json {
        std::fs::write(path, serde_json::to_string_pretty(&result)?)?;
    }
    Ok(())
}

/// All figures.
#[derive(Debug, Serialize)]
struct Outcome {
    /// All answers come from the events.
    events: Vec<Line>,
    /// All days before today come from computed tables.
    computed: Vec<Line>,
}

fn measure(args: &Args, state: &State, dev: &DevFile, bundle: &std::path::Path) -> Result<Outcome> {
    let large = seed(state, "large", args.events)?;
    let small = seed(state, "small", args.events / 10)?;
    let user = &dev.stores.clickhouse_users.read;
    let store =
        || EventStore::new(&dev.stores.clickhouse_url, &dev.stores.clickhouse_database, &user.user, &user.password);
    let secrets = Secrets::of(state)?;
    let settings = worker_settings(&dev.stores, &secrets);
    let worker = step("Worker (start)", || Worker::start(state, bundle, &settings))?;
    let asker = Asker::new(args.rounds, &worker.url, &store)?;
    let ask_all = |small| QUESTIONS.iter().map(|question| asker.ask(question, &large, small)).collect();
    let events = step("questions to the events", || ask_all(None))?;
    command(state, &["rollup", "rebuild", "--all", "--margin", "0"])?;
    let computed = step("questions to the computed days", || ask_all(Some(&small)))?;
    Ok(Outcome { events, computed })
}

/// Seeds ten projects and returns the first.
fn seed(state: &State, organization: &str, events: u64) -> Result<Project> {
    let file = state.file(&format!("{organization}.json"));
    let path = file.to_string_lossy().into_owned();
    let (events, days, projects) = (events.to_string(), DAYS.to_string(), PROJECTS.to_string());
    let options = ["--events", &events, "--days", &days, "--projects", &projects, "--organization", organization];
    command(state, &[&["seed", "--keys", "--json", &path], &options[..]].concat())?;
    let summary: Value = serde_json::from_str(&std::fs::read_to_string(&file)?)?;
    let first = &summary["projects"][0];
    let word = |value: &Value| {
        value.as_str().map(ToOwned::to_owned).context("the summary of `cargo xtask seed` has an unknown format")
    };
    Ok(Project { id: word(&first["project_id"])?, key: word(&first["keys"]["rk"])? })
}

/// Runs another command of this program with the same state folder.
fn command(state: &State, words: &[&str]) -> Result<()> {
    let status = Command::new(workspace::this_program()?)
        .args(words)
        .arg("--state")
        .arg(state.dir())
        .stdout(std::process::Stdio::null())
        .status()?;
    ensure!(status.success(), "cargo xtask {} failed", words.join(" "));
    Ok(())
}
