//! `cargo xtask reclassify`: rows of another classifier version get the current one's answer
//! (`docs/decisions/0004-reclassify-by-writing-again.md`).

mod project;
mod row;
mod store;

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _, stderr};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use classifier::CLASSIFIER_VERSION;
use serde_json::json;

use crate::control::Target;
use crate::event_store::EventStoreArgs;
use crate::stop;
use project::Project;
use row::{Outcome, Row};
use store::{Count, Store};

/// What `--help` says below the options.
const RULES: &str = "\
Rows whose classifier version is another than this checkout's are classified again from their stored address and
referrer, by their project's own rules, and written again in place of the old ones; their days are marked for the
rollups. Deploy the Worker of this checkout first. Running it again, also after Ctrl-C, continues where it stopped.

Rows that got their source from parameters which the project does not keep in stored addresses stay as they are and
are counted as left.";

/// Arguments of `reclassify`.
#[derive(Debug, clap::Args)]
#[command(after_help = RULES)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,
    /// Slug of the only project to look at; every one if not given.
    #[arg(long, value_name = "SLUG")]
    project: Option<String>,
    /// Slug of the only organization to look at; every one if not given.
    #[arg(long, value_name = "SLUG")]
    organization: Option<String>,
    #[command(flatten)]
    store: EventStoreArgs,
    /// Rows read and written at a time.
    #[arg(long, value_name = "ROWS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch: u32,
    /// Only count the rows, and those that would change.
    #[arg(long)]
    dry_run: bool,
    /// Print the summary as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Runs `cargo xtask reclassify`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let store = open(args)?;
    let projects = project::find(&args.target.open()?, args.organization.as_deref(), args.project.as_deref())?;
    let mut work = Work { store, batch: args.batch, dry_run: args.dry_run, tally: Tally::default() };
    let started = Instant::now();
    let outcome = projects.iter().try_for_each(|project| work.project(project));
    clear_progress();
    work.tally.print(args, started.elapsed().as_secs_f64());
    if outcome.is_err() && !args.dry_run {
        eprintln!("  not finished: running it again continues here");
    }
    outcome.map(|()| ExitCode::SUCCESS)
}

fn open(args: &Args) -> Result<Store> {
    if args.store.clickhouse_url.is_some() != args.target.is_hosted() {
        bail!("rows and rules belong together: name both --clickhouse-url and --supabase-url, or neither");
    }
    args.store.open(&args.target.state).map(Store)
}

/// What was done so far.
#[derive(Debug, Default)]
struct Tally {
    /// Rows by the version they had when they were counted.
    versions: BTreeMap<String, u64>,
    rows: u64,
    changed: u64,
    left: u64,
}

impl Tally {
    fn print(&self, args: &Args, seconds: f64) {
        let seconds = (seconds * 1000.0).round() / 1000.0;
        if args.json {
            let summary = json!({
                "version": CLASSIFIER_VERSION, "dry_run": args.dry_run, "found": self.versions, "rows": self.rows,
                "changed": self.changed, "left": self.left, "seconds": seconds,
            });
            println!("{summary}");
            return;
        }
        for (version, rows) in &self.versions {
            println!("  {:<10}{:>13}  of version {version:?}", "found", rows);
        }
        println!("  {:<10}{:>13}  for version {CLASSIFIER_VERSION:?}", "looked at", self.rows);
        let note = if args.dry_run { "  nothing was written" } else { "" };
        println!("  {:<10}{:>13}{note}", "changed", self.changed);
        if self.left > 0 {
            println!("  {:<10}{:>13}  their addresses lack the parameters", "left", self.left);
        }
        println!("  {seconds:.1} s");
    }
}

struct Work {
    store: Store,
    batch: u32,
    dry_run: bool,
    tally: Tally,
}

impl Work {
    fn project(&mut self, project: &Project) -> Result<()> {
        let counts = self.store.days(&project.id).with_context(|| format!("project {:?}", project.slug))?;
        for count in &counts {
            *self.tally.versions.entry(count.version.clone()).or_default() += count.rows()?;
        }
        for day in counts.chunk_by(|a, b| (&a.env, &a.day) == (&b.env, &b.day)) {
            self.day(project, &day[0])
                .with_context(|| format!("project {:?}, {}, {}", project.slug, day[0].env, day[0].day))?;
        }
        Ok(())
    }

    /// A batch is of one day: it lies in one partition and marks one day.
    fn day(&mut self, project: &Project, day: &Count) -> Result<()> {
        let mut after = String::new();
        loop {
            stop::check()?;
            let rows: Vec<Row> = self.store.batch(&project.id, day, &after, self.batch)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.event_id);
            let is_last = rows.len() < self.batch as usize;
            self.rows(project, rows)?;
            show_progress(&format!("{} {} {}: {} rows", project.slug, day.env, day.day, self.tally.rows));
            if is_last {
                return Ok(());
            }
        }
    }

    fn rows(&mut self, project: &Project, rows: Vec<Row>) -> Result<()> {
        let (mut lines, mut changed, mut left) = (Vec::new(), 0, 0);
        let read = rows.len() as u64;
        for mut row in rows {
            match row.ask_again(project)? {
                Outcome::Changed => changed += 1,
                Outcome::Same => {}
                Outcome::Left => {
                    left += 1;
                    continue;
                }
            }
            serde_json::to_writer(&mut lines, &row)?;
            lines.push(b'\n');
        }
        if !self.dry_run && !lines.is_empty() {
            self.store.insert(&lines)?;
        }
        self.tally.rows += read;
        self.tally.changed += changed;
        self.tally.left += left;
        Ok(())
    }
}

fn show_progress(text: &str) {
    if stderr().is_terminal() {
        eprint!("\r\x1b[2K  … {text}");
        let _ = stderr().flush();
    }
}

fn clear_progress() {
    if stderr().is_terminal() {
        eprint!("\r\x1b[2K");
    }
}
