//! How commands print what they show: text and tables for people, JSON for scripts.

use intake::time::Timestamp;
use serde_json::Value;

use crate::table::Table;

/// The flag that every command shares which lists or shows something.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Format {
    /// Print JSON for scripts, one object per line.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Format {
    /// Prints one thing: as JSON, or as `text` does it.
    pub(crate) fn show(self, value: &Value, text: impl FnOnce(&Value)) {
        if self.json {
            println!("{value}");
        } else {
            text(value);
        }
    }

    /// Prints a list: as JSON lines, or as the table that `table` makes of it, or `empty` where there is nothing.
    pub(crate) fn list(self, list: &Value, table: impl FnOnce(&[Value]) -> Table, empty: &str) {
        let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
        if self.json {
            for item in items {
                println!("{item}");
            }
        } else {
            table(items).print(empty);
        }
    }
}

/// The text of a field; empty where it is missing or null.
pub(crate) fn text(value: &Value, field: &str) -> String {
    match &value[field] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The beginning of an id, enough to tell two apart. `--json` has all of it.
pub(crate) fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

/// The day of a time in ISO 8601.
pub(crate) fn day(value: &Value, field: &str) -> String {
    text(value, field).chars().take(10).collect()
}

/// Now, by the clock of this machine.
#[expect(clippy::disallowed_methods, reason = "the one place where a command asks the machine for the time")]
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
