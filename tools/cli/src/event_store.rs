//! ClickHouse as the commands use it: the running stack's, or a hosted one.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use headwater::store::escaped;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use statement::Statement;

use crate::dev_file::DevFile;
use crate::hosted;
use crate::state::StateArg;

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

/// One insert is one block a month, and a block that was written before is left out, by the table and by what its
/// views write.
const WRITE_ONCE: &[(&str, &str)] = &[
    ("wait_end_of_query", "1"),
    ("async_insert", "0"),
    ("insert_deduplicate", "1"),
    ("deduplicate_blocks_in_dependent_materialized_views", "1"),
    ("max_insert_block_size", "1048576"),
    ("min_insert_block_size_rows", "1048576"),
    ("min_insert_block_size_bytes", "268435456"),
    ("max_partitions_per_insert_block", "100"),
    ("date_time_input_format", "basic"),
    ("input_format_skip_unknown_fields", "0"),
    ("input_format_null_as_default", "0"),
];

/// Which ClickHouse a command is for, where it is not the running stack's.
#[derive(Debug, Clone, clap::Args)]
#[expect(clippy::struct_field_names, reason = "they name the options")]
pub(crate) struct EventStoreArgs {
    /// ClickHouse, in place of the running stack's.
    #[arg(long, value_name = "URL", env = "HEADWATER_CLICKHOUSE_URL", requires = "clickhouse_user")]
    pub(crate) clickhouse_url: Option<String>,
    /// User that may do what the command does.
    #[arg(long, value_name = "NAME", env = "HEADWATER_CLICKHOUSE_USER")]
    clickhouse_user: Option<String>,
    /// Its password.
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "HEADWATER_CLICKHOUSE_PASSWORD",
        hide_env_values = true,
        default_value = ""
    )]
    clickhouse_password: String,
    /// Its database.
    #[arg(long, value_name = "NAME", default_value = "headwater")]
    clickhouse_database: String,
}

impl EventStoreArgs {
    /// The store that was named, else the running stack's, as the user that may repair.
    pub(crate) fn open(&self, state: &StateArg) -> Result<EventStore> {
        hosted::with_tls([self.clickhouse_url.as_deref()])?;
        if let (Some(url), Some(user)) = (&self.clickhouse_url, &self.clickhouse_user) {
            return Ok(EventStore::new(url, &self.clickhouse_database, user, &self.clickhouse_password));
        }
        let dev: Option<DevFile> = state.open()?.read("dev.json")?;
        let stores = dev.context("nothing runs here: start it with `cargo xtask up`, or name the stores")?.stores;
        let maintain = &stores.clickhouse_users.maintain;
        Ok(EventStore::new(&stores.clickhouse_url, &stores.clickhouse_database, &maintain.user, &maintain.password))
    }
}

/// A ClickHouse reached over HTTP.
pub(crate) struct EventStore {
    agent: ureq::Agent,
    url: String,
    database: String,
    user: String,
    password: String,
}

impl EventStore {
    pub(crate) fn new(url: &str, database: &str, user: &str, password: &str) -> Self {
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

    /// The rows of a SELECT of ours that names JSONEachRow as its format.
    pub(crate) fn select<R: DeserializeOwned>(&self, sql: &str, parameters: &[(&str, &str)]) -> Result<Vec<R>> {
        let text = self.post(READ, parameters, sql.as_bytes())?;
        let rows = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        rows.context("ClickHouse's answer is not what was asked for")
    }

    /// Writes lines of JSONEachRow into a table.
    pub(crate) fn insert(&self, table: &'static str, lines: &[u8]) -> Result<()> {
        let query = format!("INSERT INTO {table} FORMAT JSONEachRow");
        let mut settings = WRITE.to_vec();
        settings.push(("query", &query));
        self.post(&settings, &[], lines).map(|_| ())
    }

    /// Writes lines of JSONEachRow into a table, unless the very same lines were written before: their hash is the
    /// token, so that no other rows can be taken for them.
    pub(crate) fn insert_once(&self, table: &'static str, lines: &[u8]) -> Result<()> {
        let query = format!("INSERT INTO {table} FORMAT JSONEachRow");
        let token = Sha256::digest(lines).iter().fold(String::new(), |token, byte| format!("{token}{byte:02x}"));
        let mut settings = WRITE_ONCE.to_vec();
        settings.extend([("query", query.as_str()), ("insert_deduplication_token", &token)]);
        self.post(&settings, &[], lines).map(|_| ())
    }

    /// Runs another statement of ours.
    pub(crate) fn execute(&self, sql: &str, parameters: &[(&str, &str)]) -> Result<()> {
        self.post(WRITE, parameters, sql.as_bytes()).map(|_| ())
    }

    /// Runs a statement that brings its values and settings with it; the answer as it came.
    pub(crate) fn run(&self, statement: &Statement, settings: &[(&str, &str)]) -> Result<Vec<u8>> {
        let values: Vec<(&str, &str)> =
            statement.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let limit = LIMIT.as_secs().to_string();
        let mut all = settings.to_vec();
        all.push(("max_execution_time", &limit));
        self.post(&all, &values, statement.sql.as_bytes()).map(String::into_bytes)
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
