//! Compares this crate's tables with the migrations of the event store.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use schema::{Column, DAILY_ROLLUP, DEAD_LETTERS, Field, IDENTITIES, computed, rollup_dimensions, sessions};

/// Types by column name.
type Columns = BTreeMap<String, String>;

/// All statements of the migrations in order, without comments, each on one line.
fn statements() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/clickhouse");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut statements = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let bare: Vec<&str> = text.lines().map(|line| line.split("--").next().unwrap()).collect();
        let words = bare.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        statements.extend(words.split(';').map(|one| one.trim().to_owned()));
    }
    statements
}

/// Splits at commas outside parentheses.
fn parts(list: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, sign) in list.char_indices() {
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts
}

/// Parses `name Type DEFAULT …` into name and type. `None` for columns that are not stored (`ALIAS`).
fn column(text: &str) -> Option<(String, String)> {
    let (name, rest) = text.split_once(' ')?;
    if rest.contains(" ALIAS ") {
        return None;
    }
    let ends = [" DEFAULT ", " MATERIALIZED ", " CODEC(", " AFTER "].iter().filter_map(|word| rest.find(word));
    let kind = &rest[..ends.min().unwrap_or(rest.len())];
    // The type of the rollup's `dimension` lists all dimensions. Another test compares those.
    let kind = if kind.starts_with("Enum8('total'") { "Enum8" } else { kind };
    Some((name.to_owned(), kind.to_owned()))
}

fn migrated(table: &str) -> Columns {
    let mut columns = Columns::new();
    for statement in statements() {
        let (create, alter) = (format!("CREATE TABLE IF NOT EXISTS {table} ("), format!("ALTER TABLE {table} "));
        if let Some(rest) = statement.strip_prefix(&create) {
            columns.extend(parts(rest.split(") ENGINE =").next().unwrap()).into_iter().filter_map(column));
        } else if let Some(actions) = statement.strip_prefix(&alter) {
            for action in parts(actions) {
                if let Some(added) = action.strip_prefix("ADD COLUMN IF NOT EXISTS ") {
                    columns.extend(column(added));
                } else {
                    let known = ["MATERIALIZE COLUMN ", "MODIFY SETTING "].iter().any(|word| action.starts_with(word));
                    assert!(known, "unknown action: extend this test for `{action}`");
                }
            }
        }
    }
    columns
}

fn known(fields: &[Field]) -> Columns {
    let columns: Columns = fields.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect();
    assert_eq!(columns.len(), fields.len(), "a column is listed twice");
    columns
}

#[test]
fn events() {
    let fields: Vec<Field> = Column::OF_EVENTS.iter().map(|column| (column.as_str(), column.kind())).collect();
    assert_eq!(known(&fields), migrated("events"));
}

#[test]
fn computed_tables() {
    assert_eq!(known(&computed(&sessions())), migrated("sessions"));
    assert_eq!(known(&computed(DAILY_ROLLUP)), migrated("daily_rollup"));
    assert_eq!(known(&computed(IDENTITIES)), migrated("identities"));
    assert_eq!(known(DEAD_LETTERS), migrated("dead_letters"));
}

#[test]
fn the_rollup_knows_exactly_the_dimensions_of_its_table() {
    let all = statements().join(";");
    let list = all.split("dimension Enum8(").nth(1).unwrap().split(')').next().unwrap();
    let mut stored: Vec<&str> = list.split('\'').skip(1).step_by(2).collect();
    let mut known: Vec<&str> = rollup_dimensions().iter().map(|dimension| dimension.name).collect();
    stored.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, stored);
}
