//! Exchanges over `reqwest`, outside of a Worker.

use std::time::Duration;

use reqwest::{Client, Method};

use super::StoreError;
use super::http::{Answer, Call, EXCEPTION_CODE, MAX_ANSWER, SUMMARY, rows_read, too_large};

pub(super) async fn send(call: Call, limit: Duration) -> Result<Answer, StoreError> {
    let method = if call.method == "GET" { Method::GET } else { Method::POST };
    let request = Client::new().request(method, call.url).timeout(limit).body(call.body);
    let request = call.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    let response = request.send().await.map_err(|error| failure(&error))?;
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let exception_code = header(EXCEPTION_CODE).map(ToOwned::to_owned);
    let rows_read = header(SUMMARY).map_or(0, rows_read);
    if let Some(length) = response.content_length().filter(|length| *length > u64::from(MAX_ANSWER)) {
        return Err(too_large(length));
    }
    let body = response.bytes().await.map_err(|error| failure(&error))?;
    Ok(Answer { status, exception_code, rows_read, body: body.into() })
}

fn failure(error: &reqwest::Error) -> StoreError {
    if error.is_timeout() { StoreError::TimedOut } else { StoreError::Unreachable(chain(error)) }
}

/// The error and its causes; without the URL, which may hold a caller's values.
fn chain(error: &reqwest::Error) -> String {
    let mut text = if error.is_connect() { "connection failed" } else { "exchange failed" }.to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
