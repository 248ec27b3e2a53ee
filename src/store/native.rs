//! HTTP calls over `reqwest`, outside of a Worker.

use std::time::Duration;

use reqwest::{Client, Method};

use super::StoreError;
use super::http::{Answer, Call, EXCEPTION_CODE, MAX_ANSWER, SUMMARY, rows_read, too_large};

/// Maximum time for a connection, if the call has more.
const CONNECT: Duration = Duration::from_secs(10);

/// Sends calls. Keeps connections open for the next call.
#[derive(Clone)]
pub(super) struct Wire(Option<Client>);

impl Default for Wire {
    fn default() -> Self {
        Self(Client::builder().connect_timeout(CONNECT).build().ok())
    }
}

impl Wire {
    /// Sends a call and reads the complete answer within `limit`.
    pub(super) async fn exchange(&self, call: Call, limit: Duration) -> Result<Answer, StoreError> {
        self.exchange_up_to(call, limit, MAX_ANSWER.into()).await
    }

    /// The same for an answer of up to `max` bytes, if the store announces its length.
    pub(super) async fn exchange_up_to(&self, call: Call, limit: Duration, max: u64) -> Result<Answer, StoreError> {
        let Some(client) = &self.0 else {
            return Err(StoreError::Unusable("this system cannot set up an HTTP client".to_owned()));
        };
        let method = if call.method == "GET" { Method::GET } else { Method::POST };
        let request = client.request(method, call.url).timeout(limit).body(call.body);
        let request = call.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let response = request.send().await.map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let exception_code = header(EXCEPTION_CODE).map(ToOwned::to_owned);
        let rows_read = header(SUMMARY).map_or(0, rows_read);
        if let Some(length) = response.content_length().filter(|length| *length > max) {
            return Err(too_large(length));
        }
        let body = response.bytes().await.map_err(|error| failure(&error))?;
        Ok(Answer { status, exception_code, rows_read, body: body.into() })
    }
}

fn failure(error: &reqwest::Error) -> StoreError {
    if error.is_timeout() { StoreError::TimedOut } else { StoreError::Unreachable(chain(error)) }
}

/// The error and its causes, without the URL, which may contain a caller's values.
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
