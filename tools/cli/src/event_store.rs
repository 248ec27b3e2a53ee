//! ClickHouse as the commands use it, the local stack's or another: a blocking adapter over the Worker's client, with
//! the settings that each kind of statement needs.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use headwater::store::{ClickHouse, Credentials, Order, StoreError};
use intake::hex;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use statement::Statement;

use crate::blocking::wait;
use crate::dev_file::{DevFile, Stores};
use crate::state::StateArg;
use crate::tls;

/// How long one statement may take.
const LIMIT: Duration = Duration::from_mins(10);

/// For reads. A value must come out so that it can be written again unchanged, to the last digit; defaults that differ
/// between versions are set. The server answers 200 only once the answer is complete.
const READ: &[(&str, &str)] = &[
    ("wait_end_of_query", "1"),
    ("output_format_json_quote_64bit_integers", "1"),
    ("output_format_json_quote_decimals", "1"),
    ("date_time_output_format", "simple"),
    ("asterisk_include_materialized_columns", "0"),
    ("asterisk_include_alias_columns", "0"),
    ("do_not_merge_across_partitions_select_final", "1"),
];

/// For writes. Writing a batch twice is harmless; dropping a batch as a repetition is not. So inserts are not
/// deduplicated.
const WRITE: &[(&str, &str)] = &[
    ("wait_end_of_query", "1"),
    ("async_insert", "0"),
    ("insert_deduplicate", "0"),
    ("date_time_input_format", "basic"),
    ("input_format_skip_unknown_fields", "0"),
    ("input_format_null_as_default", "0"),
];

/// For writes that must happen once. An insert is one block per month; the table and its views skip a block that was
/// written before.
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

/// Which ClickHouse a command works on, if not the local stack's.
#[derive(Debug, Clone, clap::Args)]
#[expect(clippy::struct_field_names, reason = "they name the options")]
pub(crate) struct EventStoreArgs {
    /// ClickHouse, instead of the local stack's.
    #[arg(long, value_name = "URL", env = "HEADWATER_CLICKHOUSE_URL", requires = "clickhouse_user")]
    pub(crate) clickhouse_url: Option<String>,
    /// A user with the rights that the command needs.
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
    /// The store that the options name, if they name one.
    pub(crate) fn named(&self) -> Result<Option<EventStore>> {
        let (Some(url), Some(user)) = (&self.clickhouse_url, &self.clickhouse_user) else { return Ok(None) };
        tls::check([Some(url.as_str())])?;
        EventStore::new(url, &self.clickhouse_database, user, &self.clickhouse_password).map(Some)
    }

    /// The store that the options name, else the local stack's, as the user that may change everything.
    pub(crate) fn open(&self, state: &StateArg) -> Result<EventStore> {
        match self.named()? {
            Some(store) => Ok(store),
            None => EventStore::maintainer_of(&DevFile::of(state)?.stores),
        }
    }
}

/// A ClickHouse reached over HTTP, as one of its users.
pub struct EventStore {
    client: ClickHouse,
    user: Credentials,
    /// Where it is, for messages: without what an address may hold besides.
    shown: String,
    database: String,
}

impl EventStore {
    /// A store by its parts.
    ///
    /// # Errors
    /// Where the URL is not a plain `http://` or `https://` address.
    pub fn new(url: &str, database: &str, user: &str, password: &str) -> Result<Self> {
        let client = ClickHouse::for_operator(url, database).context(
            "the address of ClickHouse is not like http://127.0.0.1:8123 or https://clickhouse.example.com:8443",
        )?;
        let user = Credentials { user: user.to_owned(), password: password.to_owned() };
        Ok(Self { client, user, shown: url.to_owned(), database: database.to_owned() })
    }

    /// The local stack's, as the user that may change everything.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn maintainer_of(stores: &Stores) -> Result<Self> {
        let user = &stores.clickhouse_users.maintain;
        Self::new(&stores.clickhouse_url, &stores.clickhouse_database, &user.user, &user.password)
    }

    /// Its database.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// The rows of a SELECT of ours that names JSONEachRow as its format.
    pub fn select<R: DeserializeOwned>(&self, sql: &str, parameters: &[(&str, &str)]) -> Result<Vec<R>> {
        let parameters = owned(parameters);
        let order = Order { body: sql.as_bytes(), parameters: &parameters, settings: READ, ..Order::default() };
        let answer = self.order(order)?;
        let rows = str::from_utf8(&answer)?.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        rows.context("ClickHouse's answer is not in the expected form")
    }

    /// Writes lines of JSONEachRow into a table.
    pub fn insert(&self, table: &'static str, lines: &[u8]) -> Result<()> {
        let query = format!("INSERT INTO {table} FORMAT JSONEachRow");
        self.order(Order { query: Some(&query), body: lines, settings: WRITE, ..Order::default() }).map(|_| ())
    }

    /// Writes lines of JSONEachRow into a table, unless the very same lines were written before: their hash is the
    /// token, so that no other rows can be taken for them.
    pub fn insert_once(&self, table: &'static str, lines: &[u8]) -> Result<()> {
        let query = format!("INSERT INTO {table} FORMAT JSONEachRow");
        let token = hex::encode(&Sha256::digest(lines));
        let mut settings = WRITE_ONCE.to_vec();
        settings.push(("insert_deduplication_token", &token));
        self.order(Order { query: Some(&query), body: lines, settings: &settings, ..Order::default() }).map(|_| ())
    }

    /// Runs another statement of ours.
    pub fn execute(&self, sql: &str, parameters: &[(&str, &str)]) -> Result<()> {
        let parameters = owned(parameters);
        let order = Order { body: sql.as_bytes(), parameters: &parameters, settings: WRITE, ..Order::default() };
        self.order(order).map(|_| ())
    }

    /// Runs a statement that brings its values and settings with it; the answer as it came.
    pub fn run(&self, statement: &Statement, settings: &[(&str, &str)]) -> Result<Vec<u8>> {
        let limit = LIMIT.as_secs().to_string();
        let mut all = settings.to_vec();
        all.push(("max_execution_time", &limit));
        let parameters = &statement.parameters;
        self.order(Order { body: statement.sql.as_bytes(), parameters, settings: &all, ..Order::default() })
    }

    /// Runs a statement with the server's own settings; `without_database` where the database may not exist yet. The
    /// answer as text.
    pub(crate) fn text(&self, sql: &str, without_database: bool) -> Result<String> {
        let settings = &[("wait_end_of_query", "1")];
        let answer = self.order(Order { body: sql.as_bytes(), settings, without_database, ..Order::default() })?;
        Ok(String::from_utf8(answer)?)
    }

    /// Whether a server answers at all; without credentials.
    pub(crate) fn alive(&self, limit: Duration) -> Result<()> {
        wait(self.client.alive(limit))?.map_err(|error| self.explained(&error))
    }

    fn order(&self, order: Order<'_>) -> Result<Vec<u8>> {
        self.attempt(order, LIMIT)?.map_err(|error| self.explained(&error))
    }

    /// Runs a statement; what the store answered, also where that is a refusal.
    pub(crate) fn attempt(&self, order: Order<'_>, limit: Duration) -> Result<Result<Vec<u8>, StoreError>> {
        wait(self.client.order(&self.user, order, limit))
    }

    /// An error of the store in words for people.
    pub(crate) fn explained(&self, error: &StoreError) -> anyhow::Error {
        match error {
            StoreError::Unreachable(reason) => anyhow!("cannot reach ClickHouse at {}: {reason}", self.shown),
            StoreError::TimedOut => anyhow!("ClickHouse at {} did not answer in time", self.shown),
            StoreError::LimitReached(message) | StoreError::Busy(message) | StoreError::Refused { message, .. } => {
                anyhow!("ClickHouse: {message}")
            }
            StoreError::Unusable(reason) => anyhow!("ClickHouse's answer is unusable: {reason}"),
        }
    }
}

fn owned(parameters: &[(&str, &str)]) -> Vec<(String, String)> {
    parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
