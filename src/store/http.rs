//! One HTTP exchange with a store, bounded in time, and in size as far as the store announces it.
//!
//! Natively over `reqwest`, so that the clients are tested against real engines; in a Worker over its own
//! `fetch`, which is what `reqwest` would call there, for a tenth of the code.

use super::StoreError;
#[cfg(target_arch = "wasm32")]
pub(super) use super::fetch::Wire;
#[cfg(not(target_arch = "wasm32"))]
pub(super) use super::native::Wire;

/// Largest answer that is read, in bytes; 10,000 rows of ten columns stay far below it.
pub(super) const MAX_ANSWER: u32 = 32 * 1024 * 1024;

/// The header by which ClickHouse tells its own error code.
pub(super) const EXCEPTION_CODE: &str = "x-clickhouse-exception-code";
/// The header by which it tells what a statement took.
pub(super) const SUMMARY: &str = "x-clickhouse-summary";

/// What is sent.
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn get(url: String) -> Self {
        Self { method: "GET", url, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn post(url: String, body: impl Into<Vec<u8>>) -> Self {
        Self { method: "POST", url, headers: Vec::new(), body: body.into() }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// An answer, read whole.
pub(super) struct Answer {
    pub(super) status: u16,
    /// ClickHouse's error code, where it sent one.
    pub(super) exception_code: Option<String>,
    /// Rows that ClickHouse says it read (`X-ClickHouse-Summary`); 0 where it does not say.
    pub(super) rows_read: u64,
    pub(super) body: Vec<u8>,
}

/// Rows that were read, of ClickHouse's summary `{"read_rows":"123",…}`.
pub(super) fn rows_read(summary: &str) -> u64 {
    #[derive(serde::Deserialize)]
    struct Summary {
        read_rows: String,
    }
    serde_json::from_str::<Summary>(summary).ok().and_then(|summary| summary.read_rows.parse().ok()).unwrap_or(0)
}

/// A store that announces more than we ever ask for lies; a Worker has 128 MB for everything.
pub(super) fn too_large(length: impl std::fmt::Display) -> StoreError {
    StoreError::Unusable(format!("an answer of {length} bytes"))
}

/// The first part of a store's words, as text, for the log.
pub(super) fn excerpt(body: &[u8]) -> String {
    let end = body.len().min(500);
    String::from_utf8_lossy(body.get(..end).unwrap_or_default()).trim().to_owned()
}
