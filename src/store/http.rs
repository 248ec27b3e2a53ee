//! One HTTP call to a store, limited in time and, if the store announces a length, in size.
//!
//! Natively over `reqwest`, so that the clients are tested against real stores; in a Worker over `fetch`, which
//! `reqwest` would also call there, with a tenth of the code.

use super::StoreError;
#[cfg(target_arch = "wasm32")]
pub(super) use super::fetch::Wire;
#[cfg(not(target_arch = "wasm32"))]
pub(super) use super::native::Wire;

/// Maximum size of an answer in bytes. 10,000 rows of ten columns are far smaller.
pub(super) const MAX_ANSWER: u32 = 32 * 1024 * 1024;

/// The header with ClickHouse's error code.
pub(super) const EXCEPTION_CODE: &str = "x-clickhouse-exception-code";
/// The header with ClickHouse's summary of a statement.
pub(super) const SUMMARY: &str = "x-clickhouse-summary";

/// A request to a store.
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

/// A complete answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// ClickHouse's error code, if it sent one.
    pub(super) exception_code: Option<String>,
    /// Number of rows that ClickHouse read (`X-ClickHouse-Summary`); 0 if unknown.
    pub(super) rows_read: u64,
    pub(super) body: Vec<u8>,
}

/// Reads the number of rows from ClickHouse's summary `{"read_rows":"123",…}`.
pub(super) fn rows_read(summary: &str) -> u64 {
    #[derive(serde::Deserialize)]
    struct Summary {
        read_rows: String,
    }
    serde_json::from_str::<Summary>(summary).ok().and_then(|summary| summary.read_rows.parse().ok()).unwrap_or(0)
}

/// The error for an answer that is larger than any statement allows. A Worker has 128 MB of memory.
pub(super) fn too_large(length: impl std::fmt::Display) -> StoreError {
    StoreError::Unusable(format!("an answer of {length} bytes"))
}

/// The first part of a store's message, for the log.
pub(super) fn excerpt(body: &[u8]) -> String {
    let end = body.len().min(500);
    String::from_utf8_lossy(body.get(..end).unwrap_or_default()).trim().to_owned()
}
