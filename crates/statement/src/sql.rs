//! SQL and the values bound to it, and whose events a statement is about.

use intake::key::Env;
use intake::time::Timestamp;

use crate::Binder;

/// Whose events a question is about: from the key, never from the caller.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The project's UUID.
    pub project_id: &'a str,
    /// Which of its data sets.
    pub env: Env,
}

/// SQL and the values bound to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Text with `{name:Type}` where values belong.
    pub sql: String,
    /// Values by name.
    pub parameters: Vec<(String, String)>,
}

/// A period as instants, `from` included, `to` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First instant that counts.
    pub from: Timestamp,
    /// First instant that no longer counts.
    pub to: Timestamp,
}

impl Scope<'_> {
    /// The condition that every read begins with.
    pub fn sql(&self, bind: &mut Binder) -> String {
        format!(
            "project_id = {} AND env = {}",
            bind.value("UUID", self.project_id),
            bind.value("String", self.env.as_str())
        )
    }

    /// Events of the scope in a period.
    pub fn during(&self, range: Range, bind: &mut Binder) -> String {
        format!(
            "{} AND timestamp >= {} AND timestamp < {}",
            self.sql(bind),
            instant(range.from, bind),
            instant(range.to, bind)
        )
    }
}

/// An instant as a value.
pub fn instant(at: Timestamp, bind: &mut Binder) -> String {
    bind.value("DateTime64(3, 'UTC')", &at.to_store())
}

/// Counts the metered events of each project and env in this month and the last (UTC): one JSON object a row, as
/// the control plane's `usage_set` takes it. The one statement that is not about a single project.
pub fn usage(now: Timestamp) -> Statement {
    let sql = format!(
        "SELECT project_id, env, toString(toStartOfMonth(timestamp)) AS month, count() AS events\n\
               FROM events FINAL\n\
               WHERE timestamp >= toStartOfMonth({{now:DateTime64(3, 'UTC')}} - INTERVAL 1 MONTH)\n\
               AND timestamp < toStartOfMonth({{now:DateTime64(3, 'UTC')}} + INTERVAL 1 MONTH)\n\
               AND {}\n\
               GROUP BY project_id, env, month\nORDER BY project_id, env, month\nFORMAT JSONEachRow",
        schema::is_metered()
    );
    Statement { sql, parameters: vec![("now".to_owned(), now.to_store())] }
}
