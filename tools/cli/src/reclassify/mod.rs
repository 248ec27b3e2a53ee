//! `headwater reclassify`: classifies the rows of other classifier versions again and writes the result
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
use crate::format::Format;
use crate::stop;
use project::Project;
use row::{Outcome, Row};
use store::{Count, Store};

/// What `--help` says below the options.
const RULES: &str = "\
Rows of another classifier version than this program's are classified again from their stored URL and referrer, with
their project's own rules, and replace the old rows; their days are marked for recomputation. Deploy the Worker of this
version first. If it is stopped, running it again continues.

Rows whose source came from URL parameters that the project does not store are not changed. They are counted as left.";

/// Arguments of `reclassify`.
#[derive(Debug, clap::Args)]
#[command(after_help = RULES)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    /// Slug of a project; all projects if not given.
    #[arg(long, value_name = "SLUG")]
    project: Option<String>,
    /// Slug of an organization; all organizations if not given.
    #[arg(long, value_name = "SLUG")]
    organization: Option<String>,
    #[command(flatten)]
    store: EventStoreArgs,
    /// Rows read and written per batch.
    #[arg(long, value_name = "ROWS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch: u32,
    /// Only count the rows that would be looked at and changed.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: Format,
}

/// Runs `headwater reclassify`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let store = open(args)?;
    let projects = project::find(&args.target.open()?, args.organization.as_deref(), args.project.as_deref())?;
    let mut work = Work { store, batch: args.batch, dry_run: args.dry_run, tally: Tally::default() };
    let started = Instant::now();
    let outcome = projects.iter().try_for_each(|project| work.project(project));
    clear_progress();
    work.tally.print(args, started.elapsed().as_secs_f64());
    if outcome.is_err() && !args.dry_run {
        eprintln!("  not finished: run it again to continue");
    }
    outcome.map(|()| ExitCode::SUCCESS)
}

fn open(args: &Args) -> Result<Store> {
    if args.store.clickhouse_url.is_some() != args.target.is_hosted() {
        bail!(
            "the rows and their projects' rules must come from the same deployment: give both --clickhouse-url and --supabase-url, or neither"
        );
    }
    args.store.open(&args.target.state).map(Store)
}

/// Counts so far.
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
        let summary = json!({
            "version": CLASSIFIER_VERSION, "dry_run": args.dry_run, "found": self.versions, "rows": self.rows,
            "changed": self.changed, "left": self.left, "seconds": seconds,
        });
        args.format.show(&summary, |_| {
            for (version, rows) in &self.versions {
                println!("  {:<10}{:>13}  of version {version:?}", "found", rows);
            }
            println!("  {:<10}{:>13}  for version {CLASSIFIER_VERSION:?}", "looked at", self.rows);
            let note = if args.dry_run { "  (dry run: nothing was written)" } else { "" };
            println!("  {:<10}{:>13}{note}", "changed", self.changed);
            if self.left > 0 {
                println!("  {:<10}{:>13}  their stored URLs lack the parameters", "left", self.left);
            }
            println!("  {seconds:.1} s");
        });
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

    /// A batch covers one day: it is in one partition and marks one day.
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
            match row.classify_again(project)? {
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
