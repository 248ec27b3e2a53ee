//! Bound parameters: every value of a statement is passed separately from its SQL.

use std::collections::HashMap;

use crate::Statement;

/// Collects the values of one statement.
#[derive(Debug, Default)]
pub struct Binder {
    parameters: Vec<(String, String)>,
    /// Index of each value by type, because filters can have thousands of values.
    known: HashMap<(&'static str, String), usize>,
}

impl Binder {
    /// Binds a value and returns its placeholder `{name:Type}`. `kind` is a constant ClickHouse type, never a caller's
    /// text. The same value is bound once.
    pub fn value(&mut self, kind: &'static str, value: &str) -> String {
        let parameters = &mut self.parameters;
        let index = *self.known.entry((kind, value.to_owned())).or_insert_with(|| {
            parameters.push((format!("p{}{}", parameters.len(), suffix(kind)), value.to_owned()));
            parameters.len() - 1
        });
        self.parameters.get(index).map_or_else(String::new, |(name, _)| format!("{{{name}:{kind}}}"))
    }

    /// The statement with all its values.
    pub fn statement(self, sql: String) -> Statement {
        Statement { sql, parameters: self.parameters }
    }
}

/// A suffix for the parameter's name, so that one name has one type.
fn suffix(kind: &str) -> String {
    let letters: String = kind.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("_{}", letters.to_ascii_lowercase())
}
