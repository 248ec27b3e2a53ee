//! `bench query`: what an answer costs, through the API and as plain SQL sent straight to the store.
//!
//! Ten projects of made-up traffic; each question is asked in turn through the Worker on bare workerd and as the SQL
//! that one would write by hand, first while everything is read from the events, then after the rollups were
//! computed. A tenth of the traffic in projects of their own shows how times grow.

mod questions;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use crate::bundle;
use crate::dev_file::DevFile;
use crate::event_store::EventStore;
use crate::faults::Worker;
use crate::secrets::Secrets;
use crate::setup;
use crate::stack::{Bundle, Options, Stack, worker_settings};
use crate::state::State;
use crate::step::step;
use crate::{stop, strays, workspace};

use questions::{QUESTIONS, Question};

/// Projects of one size.
const PROJECTS: u64 = 10;
const DAYS: u32 = 90;

/// Arguments of `bench query`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Events of ten projects together; a tenth of it goes into ten small ones.
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1000..=100_000_000))]
    events: u64,
    /// How often each question is asked each way.
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(3..=1000))]
    rounds: u32,
    /// Also write the figures to this file.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
}

/// One line of the result; times in milliseconds.
#[derive(Debug, Serialize)]
struct Line {
    question: &'static str,
    tables: String,
    rows_read: u64,
    api_p50: f64,
    api_p95: f64,
    sql_p50: f64,
    ratio: f64,
}

/// Runs the bench in a state folder of its own.
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
    print(&result, args);
    if let Some(path) = &args.json {
        std::fs::write(path, serde_json::to_string_pretty(&result)?)?;
    }
    Ok(())
}

fn measure(args: &Args, state: &State, dev: &DevFile, bundle: &std::path::Path) -> Result<BTreeMap<String, Vec<Line>>> {
    let large = seed(state, "large", args.events)?;
    let small = seed(state, "small", args.events / 10)?;
    let user = &dev.stores.clickhouse_users.read;
    let store =
        EventStore::new(&dev.stores.clickhouse_url, &dev.stores.clickhouse_database, &user.user, &user.password);
    let secrets = Secrets::of(state)?;
    let settings = worker_settings(&dev.stores, &secrets);
    let worker = step("Worker (start)", || Worker::start(state, bundle, &settings))?;
    let mut result = BTreeMap::new();
    result.insert("1 events, large".to_owned(), ask_all(args, &worker.url, &store, &large)?);
    command(state, &["rollup", "rebuild", "--all", "--margin", "0"])?;
    result.insert("2 computed, large".to_owned(), ask_all(args, &worker.url, &store, &large)?);
    result.insert("3 computed, small".to_owned(), ask_all(args, &worker.url, &store, &small)?);
    Ok(result)
}

/// A project to ask about.
struct Project {
    id: String,
    key: String,
}

/// Seeds ten projects and gives the first.
fn seed(state: &State, organization: &str, events: u64) -> Result<Project> {
    let file = state.file(&format!("{organization}.json"));
    let path = file.to_string_lossy().into_owned();
    let (events, days, projects) = (events.to_string(), DAYS.to_string(), PROJECTS.to_string());
    let options = ["--events", &events, "--days", &days, "--projects", &projects, "--organization", organization];
    command(state, &[&["seed", "--keys", "--json", &path], &options[..]].concat())?;
    let summary: Value = serde_json::from_str(&std::fs::read_to_string(&file)?)?;
    let first = &summary["projects"][0];
    let word = |value: &Value| value.as_str().map(ToOwned::to_owned).context("the summary of seed has changed");
    Ok(Project { id: word(&first["project_id"])?, key: word(&first["keys"]["rk"])? })
}

/// Runs another command of this program on the same state.
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

fn ask_all(args: &Args, url: &str, store: &EventStore, project: &Project) -> Result<Vec<Line>> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_mins(1)));
    let agent: ureq::Agent = config.build().into();
    QUESTIONS.iter().map(|question| ask(args, url, &agent, store, project, question)).collect()
}

fn ask(
    args: &Args,
    url: &str,
    agent: &ureq::Agent,
    store: &EventStore,
    project: &Project,
    question: &Question,
) -> Result<Line> {
    let (mut api, mut sql) = (Vec::new(), Vec::new());
    let mut meta = Value::Null;
    // The first time warms caches on both ways and does not count.
    for round in 0..=args.rounds {
        stop::check()?;
        let begin = Instant::now();
        let body = serde_json::from_str::<Value>(question.body)?;
        let mut answer = agent
            .post(format!("{url}{}", question.path))
            .header("authorization", format!("Bearer {}", project.key))
            .header("content-type", "application/json")
            .send(body.to_string())?;
        let text = answer.body_mut().read_to_string()?;
        if answer.status() != 200 {
            bail!("{}: {} {text}", question.name, answer.status());
        }
        let by_api = begin.elapsed();
        let begin = Instant::now();
        let _: Vec<Value> = store.select(question.sql, &[("project", &project.id)])?;
        let by_sql = begin.elapsed();
        meta = serde_json::from_str::<Value>(&text)?["meta"].clone();
        if round > 0 {
            api.push(by_api);
            sql.push(by_sql);
        }
    }
    let (api_p50, sql_p50) = (quantile(&mut api, 0.5), quantile(&mut sql, 0.5));
    let tables = meta["tables"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    Ok(Line {
        question: question.name,
        tables: tables.join("+"),
        rows_read: meta["rows_read"].as_u64().unwrap_or(0),
        api_p50,
        api_p95: quantile(&mut api, 0.95),
        sql_p50,
        ratio: api_p50 / sql_p50,
    })
}

/// In milliseconds.
fn quantile(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let index = ((times.len().saturating_sub(1)) as f64 * share).round() as usize;
    times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

fn print(result: &BTreeMap<String, Vec<Line>>, args: &Args) {
    println!(
        "\nbench query: {} events in {PROJECTS} projects over {DAYS} days, {} rounds; ms",
        args.events, args.rounds
    );
    for (title, lines) in result {
        println!(
            "\n{:<24}{:>9}{:>9}{:>9}{:>8}{:>12}  tables",
            &title[2..],
            "API p50",
            "p95",
            "SQL p50",
            "ratio",
            "rows read"
        );
        for line in lines {
            println!(
                "{:<24}{:>9.1}{:>9.1}{:>9.1}{:>8.2}{:>12}  {}",
                line.question, line.api_p50, line.api_p95, line.sql_p50, line.ratio, line.rows_read, line.tables
            );
        }
    }
    println!("\n{}", json!({ "bench": "query", "events": args.events, "result": result }));
}
