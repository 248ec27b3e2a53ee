//! Forgetting a person, and telling everything that is held about one (`docs/forget.md`): who that is, which rows
//! are theirs, and the statements that find, erase and tell them. Pure: the app runs it (`app/forget_run.rs`).
//!
//! A person is a set of ids in one data set ([`Closure`]). Theirs is every row that carries one of the ids, and
//! every row with a visitor hash that such a row has; a hash is of one site and day. The same holds for rows in
//! the store ([`find`], [`delete`]) and for lines that still wait in the buffer ([`Search`]).

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

/// A list of texts as the value of an `Array(String)`. What else is to be escaped is so on its way
/// (`store::escaped` of the Worker).
fn texts<'a>(values: impl IntoIterator<Item = &'a String>) -> String {
    let quoted: Vec<String> = values.into_iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect();
    format!("[{}]", quoted.join(","))
}

/// A list of numbers in decimal digits as the value of an `Array(UInt64)`.
fn numbers<'a>(values: impl IntoIterator<Item = &'a String>) -> String {
    let plain: Vec<&str> = values.into_iter().map(String::as_str).filter(|text| is_number(text)).collect();
    format!("[{}]", plain.join(","))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The rows of an answer in JSONEachRow.
fn rows<T: serde::de::DeserializeOwned>(answer: &[u8]) -> Result<Vec<T>, String> {
    // The error names a place, and quotes nothing of the row.
    let text = str::from_utf8(answer).map_err(|_| "unusable answer: not UTF-8".to_owned())?;
    let row = |line: &str| serde_json::from_str(line).map_err(|error| format!("unusable answer: {}", place(&error)));
    text.lines().map(row).collect()
}

/// Where JSON could not be read; serde's own words may quote what stood there.
fn place(error: &serde_json::Error) -> String {
    format!("line {} column {}", error.line(), error.column())
}

/// A statement of one project and env.
fn scoped(person: &Person, sql: String, more: Parameters) -> Statement {
    let mut parameters =
        vec![parameter("project_id", person.project_id.as_str()), parameter("env", person.env.as_str())];
    parameters.extend(more);
    Statement { sql, parameters }
}

/// Every row of the scope that [`scoped`] binds.
const SCOPE: &str = "project_id = {project_id:UUID} AND env = {env:String}";
