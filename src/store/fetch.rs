//! HTTP calls over the runtime's `fetch`. Compiled for wasm only.

use std::fmt::Write as _;
use std::time::Duration;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::StoreError;
use super::http::{Answer, Call, EXCEPTION_CODE, MAX_ANSWER, SUMMARY, rows_read, too_large};

#[wasm_bindgen(module = "/src/store/fetch.js")]
extern "C" {
    /// Returns a number (the status of an answer without body and exception), an array (status, exception code and
    /// summary or null, body) or a string (what failed).
    async fn exchange(
        method: &str,
        url: &str,
        headers: &str,
        body: &[u8],
        limit_ms: u32,
        exception_code: &str,
        summary: &str,
        max_answer: u32,
    ) -> JsValue;
}

/// Sends calls. The runtime keeps the connections.
#[derive(Clone, Default)]
pub(super) struct Wire {}

impl Wire {
    /// Sends a call and reads the complete answer within `limit`.
    pub(super) async fn exchange(&self, call: Call, limit: Duration) -> Result<Answer, StoreError> {
        send(call, limit).await
    }
}

async fn send(call: Call, limit: Duration) -> Result<Answer, StoreError> {
    let mut headers = String::new();
    for (name, value) in &call.headers {
        // Headers are passed as lines, so none can contain a line break.
        if value.contains('\n') {
            return Err(StoreError::Unusable(format!("the value of {name} is not a valid header")));
        }
        let _ = write!(headers, "{name}\n{value}\n");
    }
    let limit = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX);
    let answer =
        exchange(call.method, &call.url, &headers, &call.body, limit, EXCEPTION_CODE, SUMMARY, MAX_ANSWER).await;
    read(&answer)
}

fn read(answer: &JsValue) -> Result<Answer, StoreError> {
    if let Some(status) = answer.as_f64() {
        return Ok(Answer { status: status_of(status), exception_code: None, rows_read: 0, body: Vec::new() });
    }
    if let Some(failure) = answer.as_string() {
        return Err(match failure.split_once(": ") {
            Some(("TimeoutError", _)) => StoreError::TimedOut,
            Some(("TooLarge", length)) => too_large(length),
            _ => StoreError::Unreachable(failure),
        });
    }
    let parts: &Array = answer.unchecked_ref();
    Ok(Answer {
        status: status_of(parts.get(0).as_f64().unwrap_or_default()),
        exception_code: parts.get(1).as_string(),
        rows_read: parts.get(2).as_string().map_or(0, |summary| rows_read(&summary)),
        body: Uint8Array::new(&parts.get(3)).to_vec(),
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a status has three digits")]
fn status_of(number: f64) -> u16 {
    number as u16
}
