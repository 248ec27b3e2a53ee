//! Reads rows of other classifier versions and writes them back.

use anyhow::{Context as _, Result};
use classifier::CLASSIFIER_VERSION;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::event_store::EventStore;

const DAYS: &str = "SELECT env, toString(toDate(timestamp)) AS day, classifier_version AS version, count() AS rows \
    FROM events FINAL WHERE project_id = {project:UUID} AND classifier_version != {version:String} \
    GROUP BY env, day, version ORDER BY env, day, version FORMAT JSONEachRow";

/// In the order of the sorting key, so that a batch is a range of it; one thread stops at the limit, where several
/// would read ahead.
const BATCH: &str = "SELECT * FROM events FINAL WHERE project_id = {project:UUID} AND env = {env:String} \
    AND toDate(timestamp) = {day:Date} AND event_id > {after:String} AND classifier_version != {version:String} \
    ORDER BY event_id LIMIT {limit:UInt64} SETTINGS max_threads = 1 FORMAT JSONEachRow";

/// ClickHouse, as a user that may read and write events.
pub(super) struct Store(pub(super) EventStore);

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
        self.rows.parse().context("a count is not a number")
    }
}

impl Store {
    /// Days of a project with rows of another version than this one.
    pub(super) fn days(&self, project: &str) -> Result<Vec<Count>> {
        self.0.select(DAYS, &[("project", project), ("version", CLASSIFIER_VERSION)])
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
        self.0.select(BATCH, &parameters)
    }

    /// Writes rows, given as lines of JSONEachRow.
    pub(super) fn insert(&self, lines: &[u8]) -> Result<()> {
        self.0.insert("events", lines)
    }
}
