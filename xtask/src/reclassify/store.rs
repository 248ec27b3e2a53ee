//! The event store: rows of another classifier version out, the same rows with a new answer in.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use classifier::CLASSIFIER_VERSION;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::dev_file::Stores;

/// How long one statement may take.
const LIMIT: Duration = Duration::from_mins(10);

/// Every value must come out in a form that goes in again as it was, to the digit, and nothing is left to
/// defaults that differ between versions. Status 200 is given only once all of the answer is there.
const READ: &[(&str, &str)] = &[
    ("wait_end_of_query", "1"),
    ("output_format_json_quote_64bit_integers", "1"),
    ("output_format_json_quote_decimals", "1"),
    ("date_time_output_format", "simple"),
    ("asterisk_include_materialized_columns", "0"),
    ("asterisk_include_alias_columns", "0"),
    ("do_not_merge_across_partitions_select_final", "1"),
];

/// A batch that is written twice is harmless, one that is taken for a repetition and left out is not:
/// hence no deduplication of inserts.
const WRITE: &[(&str, &str)] = &[
    ("wait_end_of_query", "1"),
    ("async_insert", "0"),
    ("insert_deduplicate", "0"),
    ("date_time_input_format", "basic"),
    ("input_format_skip_unknown_fields", "0"),
    ("input_format_null_as_default", "0"),
];

const DAYS: &str = "SELECT env, toString(toDate(timestamp)) AS day, classifier_version AS version, count() AS rows \
    FROM events FINAL WHERE project_id = {project:UUID} AND classifier_version != {version:String} \
    GROUP BY env, day, version ORDER BY env, day, version FORMAT JSONEachRow";

/// In the order of the sorting key, so that a batch is a range of it; one thread stops at the limit, where several
/// would read ahead.
const BATCH: &str = "SELECT * FROM events FINAL WHERE project_id = {project:UUID} AND env = {env:String} \
    AND toDate(timestamp) = {day:Date} AND event_id > {after:String} AND classifier_version != {version:String} \
    ORDER BY event_id LIMIT {limit:UInt64} SETTINGS max_threads = 1 FORMAT JSONEachRow";

/// ClickHouse, as the user that may repair.
pub(super) struct Store {
    agent: ureq::Agent,
    url: String,
    database: String,
    user: String,
    password: String,
}

/// Rows of one day and version.
#[derive(Debug, Deserialize)]
pub(super) struct Count {
    pub(super) env: String,
    pub(super) day: String,
    pub(super) version: String,
    rows: String,
}

impl Count {
    pub(super) fn rows(&self) -> Result<u64> {
        self.rows.parse().context("a count is no number")
    }
}

impl Store {
    pub(super) fn new(url: &str, database: &str, user: &str, password: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(Some(LIMIT));
        Self {
            agent: config.build().into(),
            url: format!("{}/", url.trim_end_matches('/')),
            database: database.to_owned(),
            user: user.to_owned(),
            password: password.to_owned(),
        }
    }

    /// The running stack's.
    pub(super) fn of(stores: &Stores) -> Self {
        let maintain = &stores.clickhouse_users.maintain;
        Self::new(&stores.clickhouse_url, &stores.clickhouse_database, &maintain.user, &maintain.password)
    }

    /// Days of a project with rows of another version than this one.
    pub(super) fn days(&self, project: &str) -> Result<Vec<Count>> {
        self.select(DAYS, &[("project", project), ("version", CLASSIFIER_VERSION)])
    }

    /// The next rows of a day, after an event id.
    pub(super) fn batch<R: DeserializeOwned>(
        &self,
        project: &str,
        count: &Count,
        after: &str,
        limit: u32,
    ) -> Result<Vec<R>> {
        let limit = limit.to_string();
        let parameters = [
            ("project", project),
            ("env", &count.env),
            ("day", &count.day),
            ("after", after),
            ("version", CLASSIFIER_VERSION),
            ("limit", &limit),
        ];
        self.select(BATCH, &parameters)
    }

    /// Writes rows, given as lines of JSONEachRow.
    pub(super) fn insert(&self, lines: &[u8]) -> Result<()> {
        let mut settings = WRITE.to_vec();
        settings.push(("query", "INSERT INTO events FORMAT JSONEachRow"));
        self.post(&settings, &[], lines).map(|_| ())
    }

    fn select<R: DeserializeOwned>(&self, sql: &str, parameters: &[(&str, &str)]) -> Result<Vec<R>> {
        let text = self.post(READ, parameters, sql.as_bytes())?;
        let rows = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        rows.context("ClickHouse's answer is not what was asked for")
    }

    fn post(&self, settings: &[(&str, &str)], parameters: &[(&str, &str)], body: &[u8]) -> Result<String> {
        let mut request = self
            .agent
            .post(&self.url)
            .header("X-ClickHouse-User", &self.user)
            .header("X-ClickHouse-Key", &self.password)
            .query("database", &self.database)
            .query_pairs(settings.iter().copied());
        for (name, value) in parameters {
            request = request.query(format!("param_{name}"), escaped(value));
        }
        let mut answer = request.send(body).context("cannot reach ClickHouse")?;
        // A batch may be larger than what the client reads by default.
        let text = answer.body_mut().with_config().limit(u64::MAX).read_to_string()?;
        if answer.status() != 200 {
            bail!("ClickHouse: {}", text.trim());
        }
        Ok(text)
    }
}

/// Parameters travel in the TSV escaped form (ClickHouse, "HTTP interface: queries with parameters").
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\0' => text.push_str("\\0"),
            other => text.push(other),
        }
    }
    text
}
