//! The event store: a client of ClickHouse's HTTP interface for inserts, SELECTs with bound parameters, and
//! maintenance.

use std::time::Duration;

use super::StoreError;
use super::address::Address;
use super::http::{Answer, Call, Wire, excerpt};

/// A user of the store.
#[derive(Clone)]
pub struct Credentials {
    /// Name.
    pub user: String,
    /// Password; may be empty.
    pub password: String,
}

/// A client of ClickHouse's HTTP interface.
#[derive(Clone)]
pub struct ClickHouse {
    pub(super) address: Address,
    pub(super) database: String,
    insert: Credentials,
    read: Credentials,
    maintain: Option<Credentials>,
    pub(super) wire: Wire,
}

/// The answer to a SELECT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selected {
    /// The body, in the format that the statement names.
    pub body: Vec<u8>,
    /// Number of rows that the store read, from its summary.
    pub rows_read: u64,
}

/// Settings of every insert. Defaults differ between versions, so they are all set.
const INSERT_SETTINGS: &[(&str, &str)] = &[
    ("date_time_input_format", "basic"),
    ("input_format_skip_unknown_fields", "0"),
    ("input_format_null_as_default", "0"),
];

/// Settings of small inserts. With an asynchronous insert that is waited for, the server writes the inserts of many
/// requests together and answers after they are written.
const GATHERED: &[(&str, &str)] = &[("async_insert", "1"), ("wait_for_async_insert", "1")];

/// Settings of large inserts: written as one block and deduplicated by token, including the marks that the materialized
/// view derives from it.
const ONCE: &[(&str, &str)] = &[
    ("async_insert", "0"),
    ("insert_deduplicate", "1"),
    ("deduplicate_blocks_in_dependent_materialized_views", "1"),
    ("input_format_parallel_parsing", "0"),
    ("max_insert_block_size", "1000000"),
    ("max_execution_time", "30"),
];

/// Settings of every read. The store limits time and rows, and an answer that exceeds a limit is an error, never a
/// shortened answer.
const READ_SETTINGS: &[(&str, &str)] = &[
    ("max_execution_time", "10"),
    ("timeout_overflow_mode", "throw"),
    ("max_result_rows", "100000"),
    ("result_overflow_mode", "throw"),
    ("max_memory_usage", "2000000000"),
    // A question with the maximum of conditions and values is a long statement.
    ("max_query_size", "8388608"),
    ("max_ast_elements", "500000"),
    ("max_expanded_ast_elements", "1000000"),
    ("output_format_json_quote_64bit_integers", "0"),
    ("output_format_json_escape_forward_slashes", "0"),
    ("date_time_output_format", "simple"),
    ("do_not_merge_across_partitions_select_final", "1"),
    // Otherwise an error could follow a 200, because the status is sent before the answer is complete.
    ("wait_end_of_query", "1"),
];

/// Settings of streamed answers. Small blocks and few threads, so that exports do not slow down questions.
const EXPORT_SETTINGS: &[(&str, &str)] = &[
    ("timeout_overflow_mode", "throw"),
    ("max_result_rows", "0"),
    ("max_memory_usage", "2000000000"),
    ("max_threads", "2"),
    ("max_block_size", "8192"),
    ("output_format_json_escape_forward_slashes", "0"),
    ("output_format_csv_crlf_end_of_line", "0"),
    ("format_csv_null_representation", ""),
    ("output_format_parquet_string_as_string", "1"),
    ("do_not_merge_across_partitions_select_final", "1"),
    ("wait_end_of_query", "0"),
    // ClickHouse cancels the query if the client disconnects.
    ("cancel_http_readonly_queries_on_client_close", "1"),
];

/// Maximum length of a question's URL, which contains its values. ClickHouse and proxies accept this length.
const MAX_URL: usize = 60_000;

/// Time limit of a read: the store's own limit plus the network.
pub const READ_LIMIT: Duration = Duration::from_secs(12);

/// Time for the network beyond the store's own limit.
const WAY: Duration = Duration::from_secs(2);

impl ClickHouse {
    /// A client for the server at `url`. `None` if that is not an `http` or `https` URL.
    pub fn new(url: &str, database: &str, insert: Credentials, read: Credentials) -> Option<Self> {
        Some(Self {
            address: Address::parse(url)?,
            database: database.to_owned(),
            insert,
            read,
            maintain: None,
            wire: Wire::default(),
        })
    }

    /// Adds the user that may change tables.
    #[must_use]
    pub fn maintained_by(self, maintain: Credentials) -> Self {
        Self { maintain: Some(maintain), ..self }
    }

    /// Whether there is a user for [`Self::execute`].
    pub fn is_maintained(&self) -> bool {
        self.maintain.is_some()
    }

    /// Inserts lines of JSONEachRow into a table and returns after the store has acknowledged them.
    ///
    /// `table` must be a constant, never a caller's text.
    ///
    /// # Errors
    /// After `Unreachable` and `TimedOut` it is unknown whether the rows were stored; after `Refused` none was.
    pub async fn insert(&self, table: &'static str, lines: Vec<u8>, limit: Duration) -> Result<(), StoreError> {
        self.insert_with(table, lines, GATHERED, None, limit).await
    }

    /// Inserts lines of JSONEachRow into a table under a token. While the store remembers the token
    /// (`non_replicated_deduplication_window` inserts), it stores it once. Other lines under a known token are dropped
    /// silently.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub async fn insert_once(
        &self,
        table: &'static str,
        lines: Vec<u8>,
        token: &str,
        limit: Duration,
    ) -> Result<(), StoreError> {
        self.insert_with(table, lines, ONCE, Some(token), limit).await
    }

    async fn insert_with(
        &self,
        table: &'static str,
        lines: Vec<u8>,
        settings: &[(&str, &str)],
        token: Option<&str>,
        limit: Duration,
    ) -> Result<(), StoreError> {
        let url = self
            .address
            .query()
            .append_pair("database", &self.database)
            .append_pair("query", &format!("INSERT INTO {table} FORMAT JSONEachRow"))
            .extend_pairs(INSERT_SETTINGS)
            .extend_pairs(settings)
            .extend_pairs(token.map(|token| ("insert_deduplication_token", token)))
            .finish();
        judge(self.wire.exchange(signed(Call::post(url, lines), &self.insert), limit).await?).map(|_| ())
    }

    /// Runs a SELECT with bound parameters and returns the complete answer in the format that it names.
    ///
    /// # Errors
    /// `LimitReached` if the store ended the query; `Refused` with status 414 if its values are too long.
    pub async fn select(&self, sql: String, parameters: &[(String, String)]) -> Result<Selected, StoreError> {
        let url = self
            .address
            .query()
            .append_pair("database", &self.database)
            .extend_pairs(READ_SETTINGS)
            .extend_pairs(bound(parameters))
            .finish();
        let answer = self.wire.exchange(signed(Call::post(bounded(url)?, sql), &self.read), READ_LIMIT).await?;
        let rows_read = answer.rows_read;
        judge(answer).map(|body| Selected { body, rows_read })
    }

    /// URL and user of a SELECT whose answer the runtime streams to the caller.
    ///
    /// # Errors
    /// `Refused` with status 414 if its values are too long.
    pub fn download(
        &self,
        parameters: &[(String, String)],
        limit: Duration,
    ) -> Result<(String, Credentials), StoreError> {
        let url = self
            .address
            .query()
            .append_pair("database", &self.database)
            .append_pair("max_execution_time", &limit.as_secs().to_string())
            .extend_pairs(EXPORT_SETTINGS)
            .extend_pairs(bound(parameters))
            .finish();
        Ok((bounded(url)?, self.read.clone()))
    }

    /// Runs a statement as the user that may change tables. The store has the same time `limit`.
    ///
    /// # Errors
    /// As [`Self::insert`]; `Unusable` if there is no such user.
    pub async fn execute(
        &self,
        sql: String,
        parameters: &[(String, String)],
        settings: &[(&str, &str)],
        limit: Duration,
    ) -> Result<Vec<u8>, StoreError> {
        let Some(user) = &self.maintain else {
            return Err(StoreError::Unusable("no user may change tables".to_owned()));
        };
        let url = self
            .address
            .query()
            .append_pair("database", &self.database)
            .append_pair("max_execution_time", &limit.as_secs().max(1).to_string())
            .extend_pairs(settings)
            .extend_pairs(bound(parameters))
            .finish();
        judge(self.wire.exchange(signed(Call::post(url, sql), user), limit + WAY).await?)
    }

    /// Checks that the server answers. Needs no credentials.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub async fn alive(&self, limit: Duration) -> Result<(), StoreError> {
        judge(self.wire.exchange(Call::get(self.address.path("/ping")), limit).await?).map(|_| ())
    }

    /// Checks that the server answers and that database, table and credentials are right.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub async fn ping(&self, limit: Duration) -> Result<(), StoreError> {
        let url = self
            .address
            .query()
            .append_pair("database", &self.database)
            .append_pair("query", "SELECT 1 FROM events LIMIT 0")
            .finish();
        judge(self.wire.exchange(signed(Call::get(url), &self.read), limit).await?).map(|_| ())
    }
}

pub(super) fn signed(call: Call, user: &Credentials) -> Call {
    call.header("x-clickhouse-user", &user.user).header("x-clickhouse-key", &user.password)
}

/// Checks the length of a URL.
fn bounded(url: String) -> Result<String, StoreError> {
    if url.len() <= MAX_URL {
        return Ok(url);
    }
    Err(StoreError::Refused { status: 414, code: String::new(), message: format!("{} bytes", url.len()) })
}

/// The query parameters of bound values.
pub(super) fn bound(parameters: &[(String, String)]) -> impl Iterator<Item = (String, String)> {
    parameters.iter().map(|(name, value)| (format!("param_{name}"), escaped(value)))
}

/// The value of `param_NAME` in TSV escaped form (ClickHouse, "HTTP interface: queries with parameters").
pub fn escaped(value: &str) -> String {
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

/// The error for an answer other than 200.
pub fn refusal(status: u16, code: &str, words: String) -> StoreError {
    let code = Some(code).filter(|code| !code.is_empty()).map(ToOwned::to_owned);
    let answer = Answer { status, exception_code: code, rows_read: 0, body: words.into_bytes() };
    judge(answer).err().unwrap_or_else(|| StoreError::Unusable("an answer without a body".to_owned()))
}

pub(super) fn judge(answer: Answer) -> Result<Vec<u8>, StoreError> {
    match (answer.status, answer.exception_code.as_deref()) {
        (200, None) => Ok(answer.body),
        // TIMEOUT_EXCEEDED, TOO_SLOW, TOO_MANY_ROWS, TOO_MANY_BYTES, TOO_MANY_ROWS_OR_BYTES,
        // MEMORY_LIMIT_EXCEEDED, QUERY_WAS_CANCELLED of ClickHouse's ErrorCodes.cpp.
        (_, Some("159" | "160" | "158" | "307" | "396" | "241" | "394")) => {
            Err(StoreError::LimitReached(excerpt(&answer.body)))
        }
        // TOO_MANY_SIMULTANEOUS_QUERIES, TOO_MANY_PARTS, TABLE_IS_READ_ONLY, NOT_ENOUGH_SPACE, and
        // authentication: an operator can fix it, and the caller can send the request again.
        (_, Some("202" | "252" | "242" | "243" | "516" | "192" | "193" | "194")) | (502..=504 | 429, _) => {
            Err(StoreError::Busy(excerpt(&answer.body)))
        }
        (status, code) => Err(StoreError::Refused {
            status,
            code: code.unwrap_or_default().to_owned(),
            message: excerpt(&answer.body),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_for_the_parameter_form() {
        assert_eq!(escaped("a\tb\n\\N\0'"), "a\\tb\\n\\\\N\\0'");
    }

    #[test]
    fn an_error_code_under_a_200_is_an_error() {
        let answer = |status, code: Option<&str>| Answer {
            status,
            rows_read: 0,
            exception_code: code.map(ToOwned::to_owned),
            body: b"words".to_vec(),
        };
        assert_eq!(judge(answer(200, None)), Ok(b"words".to_vec()));
        assert!(matches!(judge(answer(200, Some("27"))), Err(StoreError::Refused { .. })));
        assert!(matches!(judge(answer(500, Some("159"))), Err(StoreError::LimitReached(_))));
        assert!(matches!(judge(answer(503, None)), Err(StoreError::Busy(_))));
    }
}
