//! Erases a person, and exports everything stored about a person (`docs/forget.md`): finds the person's ids and rows,
//! and writes the statements that find, erase and export them. Pure; the app runs it (`app/forget_run.rs`).
//!
//! A person is a set of ids in one data set ([`Closure`]). A row belongs to the person if it has one of the ids, or a
//! visitor hash that occurs in such a row; a visitor hash is specific to one site and day. The same applies to rows in
//! the store ([`find`], [`delete`]) and to lines in the buffer ([`Search`]).

mod closure;
mod delete;
mod find;
mod kept;
mod person;
mod tell;
mod waiting;

pub use closure::{Closure, Link};
pub use delete::{SETTINGS, Table, Target, awaited, delete};
pub use find::{MAX_HASHES, MAX_LINKS, Touched, hashes, hashes_of, links, links_of, touched, touched_of};
pub use kept::{Counts, Due, Outcome, due, ids_kept, ran, widened};
pub use person::{Ids, Person, pieces};
pub use tell::{Receipt, head, tell};
pub use waiting::{Found, Inquiry, Search, Seen, Task};

use statement::Statement;

/// Values of a statement by name.
type Parameters = Vec<(String, String)>;

fn parameter(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// Formats texts as the value of an `Array(String)`. The Worker escapes the rest when it sends the value
/// (`store::escaped`).
fn texts<'a>(values: impl IntoIterator<Item = &'a String>) -> String {
    let quoted: Vec<String> = values.into_iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect();
    format!("[{}]", quoted.join(","))
}

/// Formats numbers in decimal digits as the value of an `Array(UInt64)`.
fn numbers<'a>(values: impl IntoIterator<Item = &'a String>) -> String {
    let plain: Vec<&str> = values.into_iter().map(String::as_str).filter(|text| is_number(text)).collect();
    format!("[{}]", plain.join(","))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parses an answer in JSONEachRow.
fn rows<T: serde::de::DeserializeOwned>(answer: &[u8]) -> Result<Vec<T>, String> {
    // The error gives line and column and quotes nothing of the row.
    let text = str::from_utf8(answer).map_err(|_| "unusable answer: not UTF-8".to_owned())?;
    let row = |line: &str| serde_json::from_str(line).map_err(|error| format!("unusable answer: {}", place(&error)));
    text.lines().map(row).collect()
}

/// Line and column of a JSON error, without serde's message, which may quote the content.
fn place(error: &serde_json::Error) -> String {
    format!("line {} column {}", error.line(), error.column())
}

/// A statement for one project and env.
fn scoped(person: &Person, sql: String, more: Parameters) -> Statement {
    let mut parameters =
        vec![parameter("project_id", person.project_id.as_str()), parameter("env", person.env.as_str())];
    parameters.extend(more);
    Statement { sql, parameters }
}

/// The condition for rows of the scope that [`scoped`] binds.
const SCOPE: &str = "project_id = {project_id:UUID} AND env = {env:String}";
