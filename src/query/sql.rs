//! The one place that writes SQL for reads. Identifiers come from the closed lists of the model; every
//! value is a bound parameter; project and env are always part of the statement.

use super::model::{Interval, Metric, Query};
use crate::key::Env;
use crate::time::Timestamp;

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

/// The statement that answers a question, one JSON object a row, one row more than the limit so that a
/// cut answer can be told.
pub fn build(query: &Query, scope: &Scope<'_>) -> Statement {
    let mut parameters: Vec<(String, String)> = Vec::new();
    let mut bind = |name: &str, kind: &str, value: String| {
        parameters.push((name.to_owned(), value));
        format!("{{{name}:{kind}}}")
    };
    // `FINAL` makes each identity count once whatever has been merged yet.
    let mut conditions = vec![
        format!("project_id = {}", bind("project_id", "UUID", scope.project_id.to_owned())),
        format!("env = {}", bind("env", "String", scope.env.as_str().to_owned())),
        format!("timestamp >= {}", bind("from", "DateTime64(3, 'UTC')", query.from.to_store())),
        format!("timestamp < {}", bind("to", "DateTime64(3, 'UTC')", query.to.to_store())),
    ];
    if let Some(event) = &query.event {
        conditions.push(format!("event = {}", bind("event", "String", event.clone())));
    }
    // A bot is data, and left out unless asked for.
    if !query.bots {
        conditions.push("bot_class = ''".to_owned());
    }
    let limit = bind("limit", "UInt32", (query.limit + 1).to_string());

    let mut columns = Vec::new();
    let mut groups = Vec::new();
    if let Some(interval) = query.interval {
        columns.push(format!("{} AS time", bucket(interval)));
        groups.push("time".to_owned());
    }
    for dimension in &query.group_by {
        // Qualified, so that the alias is the plain name without standing for itself.
        columns.push(format!("events.{0} AS {0}", dimension.as_str()));
        groups.push(dimension.as_str().to_owned());
    }
    for metric in &query.metrics {
        columns.push(format!("{} AS {}", aggregate(*metric), metric.as_str()));
    }
    let mut order = Vec::new();
    if query.interval.is_some() {
        order.push("time".to_owned());
    }
    if let Some(metric) = query.metrics.first() {
        order.push(format!("{} DESC", metric.as_str()));
    }
    order.extend(query.group_by.iter().map(|dimension| dimension.as_str().to_owned()));

    let grouping = if groups.is_empty() { String::new() } else { format!("\nGROUP BY {}", groups.join(", ")) };
    let sql = format!(
        "SELECT {}\nFROM events FINAL\nWHERE {}{grouping}\nORDER BY {}\nLIMIT {limit}\nFORMAT JSONEachRow",
        columns.join(", "),
        conditions.join(" AND "),
        order.join(", "),
    );
    Statement { sql, parameters }
}

/// Counts the events of each project and env in this month and the last (UTC): one JSON object a row, as
/// the control plane's `usage_set` takes it. The one statement that is not about a single project.
pub fn usage(now: Timestamp) -> Statement {
    let sql = "SELECT project_id, env, toString(toStartOfMonth(timestamp)) AS month, count() AS events\n\
               FROM events FINAL\n\
               WHERE timestamp >= toStartOfMonth({now:DateTime64(3, 'UTC')} - INTERVAL 1 MONTH)\n\
               AND timestamp < toStartOfMonth({now:DateTime64(3, 'UTC')} + INTERVAL 1 MONTH)\n\
               GROUP BY project_id, env, month\nORDER BY project_id, env, month\nFORMAT JSONEachRow";
    Statement { sql: sql.to_owned(), parameters: vec![("now".to_owned(), now.to_store())] }
}

fn bucket(interval: Interval) -> &'static str {
    match interval {
        Interval::Hour => "formatDateTime(toStartOfHour(timestamp), '%Y-%m-%dT%H:00:00Z', 'UTC')",
        Interval::Day => "toString(toDate(timestamp))",
        Interval::Week => "toString(toMonday(timestamp))",
        Interval::Month => "toString(toStartOfMonth(timestamp))",
    }
}

fn aggregate(metric: Metric) -> &'static str {
    match metric {
        Metric::Events => "count()",
        Metric::Visitors => "uniqExactIf(visitor, visitor != 0)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse;

    const SCOPE: Scope = Scope { project_id: "00000000-0000-0000-0000-000000000001", env: Env::Live };

    #[test]
    fn values_are_bound_and_never_part_of_the_text() {
        let query =
            parse("event='%3B%20DROP%20TABLE%20events--&group_by=source&interval=day", Timestamp(1_795_255_200_000))
                .unwrap();
        let statement = build(&query, &SCOPE);
        assert!(!statement.sql.contains("DROP"), "{}", statement.sql);
        assert!(statement.parameters.contains(&("event".into(), "'; DROP TABLE events--".into())));
        assert!(statement.parameters.contains(&("project_id".into(), SCOPE.project_id.into())));
        assert!(statement.sql.contains("project_id = {project_id:UUID} AND env = {env:String}"));
    }

    #[test]
    fn a_plain_count_needs_no_groups() {
        let statement = build(&parse("metric=visitors", Timestamp(1_795_255_200_000)).unwrap(), &SCOPE);
        assert!(!statement.sql.contains("GROUP BY"), "{}", statement.sql);
    }
}
