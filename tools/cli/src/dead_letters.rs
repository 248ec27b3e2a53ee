//! `cargo xtask dead-letters`: rows that the event store refused, set aside with the reason
//! (`docs/durability.md`).

use std::process::ExitCode;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::event_store::{EventStore, EventStoreArgs};
use crate::state::StateArg;

/// What can be done with them.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Shows them, newest first: when, why, and the row as it was to be written.
    List(List),
    /// Writes them into the events and forgets those that are taken; one that is refused again stays.
    Replay(Selection),
    /// Forgets them.
    Drop(Selection),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    selection: Selection,
    /// Print a line of JSON for each.
    #[arg(long)]
    json: bool,
}

/// Which ones, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    #[command(flatten)]
    state: StateArg,
    #[command(flatten)]
    store: EventStoreArgs,
    /// Only of this project.
    #[arg(long, value_name = "UUID")]
    project: Option<String>,
    /// Only this one.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
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

/// Both conditions always stand there; an empty value switches one off.
const CHOSEN: &str = "({project:String} = '' OR toString(project_id) = {project:String}) \
     AND ({id:String} = '' OR id = {id:String})";

/// Runs `cargo xtask dead-letters`.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::List(list) => {
            let letters = list.selection.find(&list.selection.open()?)?;
            for letter in &letters {
                if list.json {
                    println!("{}", serde_json::to_string(letter)?);
                } else {
                    println!("{}  {}  code {}  {}", letter.at, letter.id, letter.code, letter.reason);
                    println!("    {}", letter.line);
                }
            }
            eprintln!("{} dead letters", letters.len());
            Ok(ExitCode::SUCCESS)
        }
        Command::Replay(selection) => replay(selection),
        Command::Drop(selection) => {
            let store = selection.open()?;
            let count = selection.find(&store)?.len();
            selection.forget(&store)?;
            println!("{count} forgotten");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// One at a time: what the store refused once it may refuse again, and that must not keep the others.
fn replay(selection: &Selection) -> Result<ExitCode> {
    let store = selection.open()?;
    let (mut taken, mut refused) = (0, 0);
    for letter in selection.find(&store)? {
        let written = store.insert("events", format!("{}\n", letter.line).as_bytes());
        match written {
            Ok(()) => {
                forget(&store, "", &letter.id)?;
                taken += 1;
            }
            Err(error) => {
                eprintln!("{} is refused again: {error}", letter.id);
                refused += 1;
            }
        }
    }
    println!("{taken} replayed, {refused} refused again");
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
            bail!("there is no such dead letter");
        }
        Ok(letters)
    }

    fn forget(&self, store: &EventStore) -> Result<()> {
        let [(_, project), (_, id)] = self.parameters();
        forget(store, project, id)
    }
}

fn forget(store: &EventStore, project: &str, id: &str) -> Result<()> {
    let sql = format!("ALTER TABLE dead_letters DELETE WHERE {CHOSEN} SETTINGS mutations_sync = 1");
    store.execute(&sql, &[("project", project), ("id", id)])
}
