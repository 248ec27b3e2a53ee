//! One HTTP exchange with a store, bounded in time, and in size as far as the store announces it.

use std::time::Duration;

use reqwest::RequestBuilder;

use super::StoreError;

/// Largest answer that is read, in bytes; 10,000 rows of ten columns stay far below it.
const MAX_ANSWER: u64 = 32 * 1024 * 1024;

/// An answer, read whole.
pub(super) struct Answer {
    pub(super) status: u16,
    /// ClickHouse's error code, where it sent one.
    pub(super) exception_code: Option<String>,
    /// Rows that ClickHouse says it read (`X-ClickHouse-Summary`); 0 where it does not say.
    pub(super) rows_read: u64,
    pub(super) body: Vec<u8>,
}

/// Sends a request and reads the whole answer within `limit`.
pub(super) async fn exchange(request: RequestBuilder, limit: Duration) -> Result<Answer, StoreError> {
    let response = request.timeout(limit).send().await.map_err(|error| failure(&error))?;
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let exception_code = header("x-clickhouse-exception-code").map(ToOwned::to_owned);
    let rows_read = header("x-clickhouse-summary").map_or(0, rows_read);
    // A store that announces more than we ever ask for lies; a Worker has 128 MB for everything.
    if let Some(length) = response.content_length().filter(|length| *length > MAX_ANSWER) {
        return Err(StoreError::Unusable(format!("an answer of {length} bytes")));
    }
    let body = response.bytes().await.map_err(|error| failure(&error))?;
    Ok(Answer { status, exception_code, rows_read, body: body.into() })
}

/// `{"read_rows":"123",…}`
fn rows_read(summary: &str) -> u64 {
    #[derive(serde::Deserialize)]
    struct Summary {
        read_rows: String,
    }
    serde_json::from_str::<Summary>(summary).ok().and_then(|summary| summary.read_rows.parse().ok()).unwrap_or(0)
}

fn failure(error: &reqwest::Error) -> StoreError {
    // In wasm an aborted fetch is all that a timeout leaves behind.
    let text = chain(error);
    if error.is_timeout() || text.contains("AbortError") || text.contains("aborted") {
        StoreError::TimedOut
    } else {
        StoreError::Unreachable(text)
    }
}

/// The error and its causes; without the URL, which may hold credentials or a caller's values.
fn chain(error: &reqwest::Error) -> String {
    let mut text = if error.is_connect_like() { "connection failed" } else { "exchange failed" }.to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

trait ConnectLike {
    fn is_connect_like(&self) -> bool;
}

impl ConnectLike for reqwest::Error {
    #[cfg(not(target_arch = "wasm32"))]
    fn is_connect_like(&self) -> bool {
        self.is_connect()
    }

    #[cfg(target_arch = "wasm32")]
    fn is_connect_like(&self) -> bool {
        self.is_request()
    }
}

/// The first part of a store's words, as text, for the log.
pub(super) fn excerpt(body: &[u8]) -> String {
    let end = body.len().min(500);
    String::from_utf8_lossy(body.get(..end).unwrap_or_default()).trim().to_owned()
}
