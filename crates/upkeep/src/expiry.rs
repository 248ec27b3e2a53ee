//! Expiry: the SQL of the daily job that deletes events older than a project keeps them, and rows computed from them
//! (`app/expire.rs`, `docs/privacy.md`).
//!
//! A project that keeps its events for `n` days keeps whole UTC days, from its [`cutoff`] on. Ingest rejects events
//! older than `n` days to the millisecond, so no accepted event is before the cutoff. Every statement deletes by the
//! rows' own time and can be repeated.

use serde::Deserialize;

use intake::key::Env;
use intake::time::{DAY_MS, Day, Timestamp};
use statement::Statement;

/// Maximum number of projects of one statement. Their values are in the URL, and some proxies accept only 8 KB.
pub const MAX_PROJECTS: usize = 64;

/// Days for which dead letters are kept (`migrations/clickhouse/0003_dead_letters.sql`).
const DEAD_LETTER_DAYS: u32 = 14;

/// Other tables with rows of expired days. `computed`, which says which days are clean, comes first: after that, the
/// days are read from the events.
const OTHERS: [Other; 6] = [
    Other { table: "computed", day: "day", by_month: false },
    Other { table: "daily_rollup", day: "day", by_month: true },
    Other { table: "sessions", day: "day", by_month: true },
    Other { table: "identities", day: "day", by_month: true },
    Other { table: "dirty", day: "day", by_month: false },
    Other { table: "dead_letters", day: "toDate(at)", by_month: false },
];

/// A table besides the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Other {
    table: &'static str,
    /// The row's day, in SQL.
    day: &'static str,
    /// Whether it is partitioned by month.
    by_month: bool,
}

/// Old rows of a table besides the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leftover {
    of: Other,
    month: Option<u32>,
}

/// How long a project keeps its events, from the control plane's `retention_policies`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Policy {
    /// UUID of the project.
    pub project_id: String,
    /// Its slug.
    pub slug: String,
    /// Days.
    pub retention_days: u32,
}

/// A page of policies.
#[derive(Debug, Deserialize)]
pub struct Policies {
    /// The largest `retention_days` of all projects; `None` if a project keeps its events forever.
    pub longest: Option<u32>,
    /// By id.
    pub projects: Vec<Policy>,
}

/// Rows of one project and month that are too old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// UUID of the project.
    pub project_id: String,
    /// Which of its data sets.
    pub env: Env,
    /// The partition, as `YYYYMM`.
    pub month: u32,
    /// Number of rows, including duplicates.
    pub rows: u64,
}

/// The first day that a project keeps at `now`, if it keeps its events for `days` days.
pub fn cutoff(now: Timestamp, days: u32) -> Day {
    now.plus(-i64::from(days) * DAY_MS).day()
}

/// A bound list of projects with their cutoffs.
struct Targets<'a> {
    policies: &'a [Policy],
    now: Timestamp,
}

impl Targets<'_> {
    /// The condition for expired rows. `day` is the expression of the row's day.
    fn too_old(day: &str) -> String {
        // A project that is not in the list has index 0, which gives the earliest date, so none of its rows expire.
        format!(
            "project_id IN {{projects:Array(UUID)}} AND {day} < {{latest:Date}}\n\
             AND {day} < {{cutoffs:Array(Date)}}[indexOf({{projects:Array(UUID)}}, project_id)]"
        )
    }

    fn parameters(&self) -> Vec<(String, String)> {
        let list = |values: Vec<String>| format!("[{}]", values.join(","));
        let cutoffs: Vec<Day> = self.policies.iter().map(|policy| cutoff(self.now, policy.retention_days)).collect();
        let latest = cutoffs.iter().max().map_or(Day(0), |day| *day);
        vec![
            // UUIDs of the control plane and dates: nothing to escape.
            ("projects".to_owned(), list(self.policies.iter().map(|policy| quoted(&policy.project_id)).collect())),
            ("cutoffs".to_owned(), list(cutoffs.iter().map(|day| quoted(&day.to_iso())).collect())),
            ("latest".to_owned(), latest.to_iso()),
        ]
    }

    fn statement(&self, sql: String) -> Statement {
        Statement { sql, parameters: self.parameters() }
    }
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace(['\'', '\\'], ""))
}

/// Finds the expired rows of these projects by month, oldest first. [`expired_rows`] parses the answer.
pub fn expired(policies: &[Policy], now: Timestamp) -> Statement {
    let too_old = Targets::too_old("toDate(timestamp)");
    Targets { policies, now }.statement(format!(
        "SELECT project_id, env, toYYYYMM(timestamp) AS month, count() AS rows\n\
         FROM events WHERE {too_old}\nGROUP BY project_id, env, month\nORDER BY month, project_id, env\n\
         FORMAT JSONEachRow"
    ))
}

/// Parses the answer to [`expired`].
///
/// # Errors
/// A line has another shape than expected; the text is for the log.
pub fn expired_rows(answer: &[u8]) -> Result<Vec<Expired>, String> {
    #[derive(Deserialize)]
    struct Row {
        project_id: String,
        env: String,
        month: u32,
        rows: String,
    }
    let text = str::from_utf8(answer).map_err(|error| error.to_string())?;
    text.lines()
        .map(|line| {
            let row: Row = serde_json::from_str(line).map_err(|error| error.to_string())?;
            match (Env::parse(&row.env), row.rows.parse()) {
                (Some(env), Ok(rows)) => Ok(Expired { project_id: row.project_id, env, month: row.month, rows }),
                _ => Err(format!("unusable answer: {line}")),
            }
        })
        .collect()
}

/// Deletes the expired events of these projects in one month.
pub fn delete_events(month: u32, policies: &[Policy], now: Timestamp) -> Statement {
    let too_old = Targets::too_old("toDate(timestamp)");
    Targets { policies, now }.statement(format!("DELETE FROM events IN PARTITION {month} WHERE {too_old}"))
}

/// Rewrites a month without its deleted rows, which are only masked until then. `None` if all of the projects still
/// keep some days of it: rewriting pays off once a project keeps no day of the month.
pub fn purge(month: u32, policies: &[Policy], now: Timestamp) -> Option<Statement> {
    let gone = policies.iter().any(|policy| cutoff(now, policy.retention_days).start().month() > month);
    let sql = format!("ALTER TABLE events APPLY DELETED MASK IN PARTITION {month}");
    gone.then(|| Statement { sql, parameters: Vec::new() })
}

/// Finds tables with rows computed from expired days, and with marks and dead letters of such days. [`leftover_rows`]
/// parses the answer.
pub fn leftovers(policies: &[Policy], now: Timestamp) -> Statement {
    let tables: Vec<String> = OTHERS
        .iter()
        .map(|Other { table, day, by_month }| {
            let month = if *by_month { "toYYYYMM(day)" } else { "0" };
            let too_old = Targets::too_old(day);
            format!("SELECT DISTINCT '{table}' AS name, toUInt32({month}) AS month FROM {table} WHERE {too_old}")
        })
        .collect();
    Targets { policies, now }
        .statement(format!("SELECT name, month FROM ({})\nFORMAT JSONEachRow", tables.join("\nUNION ALL ")))
}

/// Parses the answer to [`leftovers`], in the order of deletion.
///
/// # Errors
/// A line has another shape than expected; the text is for the log.
pub fn leftover_rows(answer: &[u8]) -> Result<Vec<Leftover>, String> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
        month: u32,
    }
    let text = str::from_utf8(answer).map_err(|error| error.to_string())?;
    let rows: Vec<Row> =
        text.lines().map(serde_json::from_str).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    let of_table = |of: &Other| {
        let of = *of;
        let rows = rows.iter().filter(move |row| row.name == of.table);
        rows.map(move |row| Leftover { of, month: of.by_month.then_some(row.month) })
    };
    Ok(OTHERS.iter().flat_map(of_table).collect())
}

/// Deletes them.
pub fn delete_leftover(leftover: Leftover, policies: &[Policy], now: Timestamp) -> Statement {
    let Leftover { of: Other { table, day, .. }, month } = leftover;
    // Every part of a table that is not left out is gone through, with or without such rows.
    let within = month.map(|month| format!(" IN PARTITION {month}")).unwrap_or_default();
    Targets { policies, now }.statement(format!("DELETE FROM {table}{within} WHERE {}", Targets::too_old(day)))
}

/// Two statements: count and delete the dead letters that are too old for any project.
pub fn dead_letters(now: Timestamp) -> [Statement; 2] {
    let statement = |sql: &str| Statement {
        sql: format!("{sql} FROM dead_letters WHERE toDate(at) < {{cutoff:Date}}"),
        parameters: vec![("cutoff".to_owned(), cutoff(now, DEAD_LETTER_DAYS).to_iso())],
    };
    let mut count = statement("SELECT count() AS number");
    count.sql.push_str("\nFORMAT JSONEachRow");
    [count, statement("DELETE")]
}

/// Parses a single number of rows; `None` if the answer is not one.
pub fn number(answer: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Row {
        number: String,
    }
    let row: Row = intake::json::read(answer).ok()?;
    row.number.parse().ok()
}

/// Finds the months that no project keeps, to drop the whole partition. Rows: `{"month":"202401"}`. Ingest rejects
/// events of such a month, so no event is lost.
pub fn droppable(longest: u32, now: Timestamp) -> Statement {
    let first_kept = cutoff(now, longest).start().month();
    Statement {
        sql: "SELECT DISTINCT _partition_id AS month FROM events WHERE _partition_id < {first_kept:String}\n\
              ORDER BY month FORMAT JSONEachRow"
            .to_owned(),
        parameters: vec![("first_kept".to_owned(), first_kept.to_string())],
    }
}

/// Parses the answer to [`droppable`].
///
/// # Errors
/// A line has another shape than expected; the text is for the log.
pub fn months(answer: &[u8]) -> Result<Vec<u32>, String> {
    #[derive(Deserialize)]
    struct Row {
        month: String,
    }
    let text = str::from_utf8(answer).map_err(|error| error.to_string())?;
    text.lines()
        .map(|line| {
            let row: Row = serde_json::from_str(line).map_err(|error| error.to_string())?;
            row.month.parse().map_err(|_| format!("unusable answer: {line}"))
        })
        .collect()
}

/// Drops the partition of a month.
pub fn drop_month(month: u32) -> Statement {
    Statement { sql: format!("ALTER TABLE events DROP PARTITION {month}"), parameters: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(id: &str, retention_days: u32) -> Policy {
        Policy { project_id: id.to_owned(), slug: id.to_owned(), retention_days }
    }

    /// 2026-11-21T10:00Z.
    const NOW: Timestamp = Timestamp(1_795_255_200_000);

    #[test]
    fn whole_days_are_kept_and_never_less_than_was_promised() {
        assert_eq!(cutoff(NOW, 1).to_iso(), "2026-11-20");
        assert_eq!(cutoff(NOW, 365).to_iso(), "2025-11-21");
        let oldest_taken = NOW.plus(-30 * DAY_MS);
        assert!(cutoff(NOW, 30).start() <= oldest_taken);
        assert_eq!(cutoff(Timestamp(0), 36_500), cutoff(Timestamp(1), 36_500));
    }

    #[test]
    fn each_project_has_its_own_cutoff() {
        let statement = expired(&[policy("a", 30), policy("b", 10)], NOW);
        let value = |name: &str| {
            statement.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap()
        };
        assert_eq!(value("projects"), "['a','b']");
        assert_eq!(value("cutoffs"), "['2026-10-22','2026-11-11']");
        assert_eq!(value("latest"), "2026-11-11");
    }

    #[test]
    fn a_month_is_written_anew_once_a_project_keeps_none_of_it() {
        let projects = [policy("a", 30), policy("b", 10)];
        assert_eq!(purge(202_610, &projects[..1], NOW), None);
        assert!(purge(202_610, &projects, NOW).is_some());
        assert!(purge(202_609, &projects, NOW).is_some());
        assert_eq!(purge(202_611, &projects, NOW), None);
    }

    #[test]
    fn leftovers_are_deleted_where_they_are_and_in_order() {
        let answer = br#"{"name":"sessions","month":202609}
{"name":"computed","month":0}
{"name":"sessions","month":202608}
{"name":"elsewhere","month":1}
"#;
        let sql: Vec<String> = leftover_rows(answer)
            .unwrap()
            .into_iter()
            .map(|one| delete_leftover(one, &[policy("a", 30)], NOW).sql.split(" WHERE").next().unwrap().to_owned())
            .collect();
        let wanted = ["computed", "sessions IN PARTITION 202609", "sessions IN PARTITION 202608"];
        assert_eq!(sql, wanted.map(|table| format!("DELETE FROM {table}")));
        assert!(leftover_rows(b"{}").is_err());
    }

    #[test]
    fn only_months_before_the_longest_retention_are_dropped() {
        let statement = droppable(31, NOW);
        assert_eq!(statement.parameters, [("first_kept".to_owned(), "202610".to_owned())]);
        assert_eq!(months(b"{\"month\":\"202401\"}\n").unwrap(), [202_401]);
        assert!(months(b"{\"month\":\"all\"}\n").is_err());
    }
}
