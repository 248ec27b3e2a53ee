//! Statements with bound values, and the scope of their events.

use intake::key::Env;
use intake::time::Timestamp;

use crate::Binder;

/// Project and env of a statement. They come from the key, never from the question's text.
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
    /// The SQL, with `{name:Type}` in place of values.
    pub sql: String,
    /// Values by name.
    pub parameters: Vec<(String, String)>,
}

/// A period: includes `from`, excludes `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First instant, included.
    pub from: Timestamp,
    /// End, excluded.
    pub to: Timestamp,
}

impl Scope<'_> {
    /// The condition for rows of the scope. Every read starts with it.
    pub fn sql(&self, bind: &mut Binder) -> String {
        format!(
            "project_id = {} AND env = {}",
            bind.value("UUID", self.project_id),
            bind.value("String", self.env.as_str())
        )
    }

    /// The condition for events of the scope in a period.
    pub fn during(&self, range: Range, bind: &mut Binder) -> String {
        format!(
            "{} AND timestamp >= {} AND timestamp < {}",
            self.sql(bind),
            instant(range.from, bind),
            instant(range.to, bind)
        )
    }
}

/// Binds an instant.
pub fn instant(at: Timestamp, bind: &mut Binder) -> String {
    bind.value("DateTime64(3, 'UTC')", &at.to_store())
}

/// Counts the metered events of each project and env in this month and the last (UTC). Rows are JSON objects, the input
/// of the control plane's `usage_set`. It covers all projects, so it has no scope.
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
