//! `headwater dead-letters`: rows that the event store refused, kept with the reason (`docs/durability.md`).

use std::process::ExitCode;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::event_store::{EventStore, EventStoreArgs};
use crate::format::Format;
use crate::state::StateArg;
use crate::table::Table;

/// What to do with them.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List them, newest first: when, why, and the row that was refused.
    List(Selection),
    /// Write them into the events again. One that is refused again stays.
    Replay(Selection),
    /// Delete them.
    Drop(Selection),
}

/// Which ones, and where.
#[derive(Debug, clap::Args)]
pub struct Selection {
    #[command(flatten)]
    state: StateArg,
    #[command(flatten)]
    store: EventStoreArgs,
    /// Only those of this project.
    #[arg(long, value_name = "UUID")]
    project: Option<String>,
    /// Only this one.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Serialize, Deserialize)]
struct Letter {
    id: String,
    project_id: String,
    env: String,
    at: String,
    code: String,
    reason: String,
    line: String,
}

/// Characters of a reason in a table.
const REASON: usize = 80;

/// Both conditions are always part of the statement; an empty value turns one off.
const CHOSEN: &str = "({project:String} = '' OR toString(project_id) = {project:String}) \
     AND ({id:String} = '' OR id = {id:String})";

/// Runs `headwater dead-letters`.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::List(selection) => list(selection),
        Command::Replay(selection) => replay(selection),
        Command::Drop(selection) => {
            let store = selection.open()?;
            let count = selection.find(&store)?.len();
            selection.delete(&store)?;
            selection.format.show(&json!({ "dropped": count }), |_| println!("{count} dropped"));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn list(selection: &Selection) -> Result<ExitCode> {
    let letters = selection.find(&selection.open()?)?;
    let list = serde_json::to_value(&letters)?;
    selection.format.list(&list, |_| table(&letters), "No dead letters.");
    if !selection.format.json && !letters.is_empty() {
        eprintln!("{} dead letters. --json shows the rows.", letters.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn table(letters: &[Letter]) -> Table {
    let mut table = Table::new(["AT", "ENV", "CODE", "ID", "REASON"]);
    for Letter { at, env, code, id, reason, .. } in letters {
        let reason = reason.chars().take(REASON).collect();
        table.row([at.chars().take(19).collect(), env.clone(), code.clone(), id.clone(), reason]);
    }
    table
}

/// One at a time: a row that is refused again must not keep the others from being written.
fn replay(selection: &Selection) -> Result<ExitCode> {
    let store = selection.open()?;
    let (mut replayed, mut refused) = (0, 0);
    for letter in selection.find(&store)? {
        match store.insert("events", format!("{}\n", letter.line).as_bytes()) {
            Ok(()) => {
                delete(&store, "", &letter.id)?;
                replayed += 1;
            }
            Err(error) => {
                eprintln!("{} was refused again: {error}", letter.id);
                refused += 1;
            }
        }
    }
    selection.format.show(&json!({ "replayed": replayed, "refused": refused }), |_| {
        println!("{replayed} replayed, {refused} refused again");
    });
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Selection {
    fn open(&self) -> Result<EventStore> {
        self.store.open(&self.state)
    }

    fn parameters(&self) -> [(&str, &str); 2] {
        [("project", self.project.as_deref().unwrap_or_default()), ("id", self.id.as_deref().unwrap_or_default())]
    }

    fn find(&self, store: &EventStore) -> Result<Vec<Letter>> {
        let sql = format!("SELECT * FROM dead_letters FINAL WHERE {CHOSEN} ORDER BY at DESC, id FORMAT JSONEachRow");
        let letters: Vec<Letter> = store.select(&sql, &self.parameters())?;
        if self.id.is_some() && letters.is_empty() {
            bail!("there is no dead letter with this id");
        }
        Ok(letters)
    }

    fn delete(&self, store: &EventStore) -> Result<()> {
        let [(_, project), (_, id)] = self.parameters();
        delete(store, project, id)
    }
}

fn delete(store: &EventStore, project: &str, id: &str) -> Result<()> {
    let sql = format!("ALTER TABLE dead_letters DELETE WHERE {CHOSEN} SETTINGS mutations_sync = 1");
    store.execute(&sql, &[("project", project), ("id", id)])
}
