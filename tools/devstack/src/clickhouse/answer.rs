//! Responses with ClickHouse's headers.

use std::fmt::Display;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::json;
use uuid::Uuid;

use super::engine::{CancelOnDrop, Engine};
use super::error::Error;
use super::format::content_type;
use super::output::{Reply, ReplyBody};

/// Values of response headers for one request.
pub(super) struct Facts {
    /// `X-ClickHouse-Query-Id`.
    pub(super) query_id: String,
    /// `X-ClickHouse-Exception-Tag`: marks an error in a body that has already started.
    pub(super) exception_tag: String,
    /// `X-ClickHouse-Format`.
    pub(super) format: String,
    timezone: String,
    version: String,
}

impl Facts {
    /// Creates the values for a new request.
    pub(super) fn new(engine: &Engine) -> Self {
        let mut exception_tag = Uuid::new_v4().simple().to_string();
        exception_tag.truncate(16);
        Self {
            query_id: Uuid::new_v4().to_string(),
            exception_tag,
            format: String::new(),
            timezone: engine.timezone.clone(),
            version: engine.version.clone(),
        }
    }
}

/// The response to a query that has succeeded so far. `guard` lives as long as the body.
pub(super) fn success(reply: Reply, gzip: bool, facts: &Facts, guard: Option<CancelOnDrop>) -> Response {
    let body = match reply.body {
        ReplyBody::Whole(bytes) => Body::from(bytes),
        ReplyBody::Stream(channel) => Body::new(channel.map_frame(move |frame| {
            let _kept = &guard;
            frame
        })),
    };
    let mut response = Response::new(body);
    common(&mut response, facts);
    set(&mut response, "content-type", content_type(&facts.format));
    set(&mut response, "x-clickhouse-format", &facts.format);
    if gzip {
        set(&mut response, "content-encoding", "gzip");
    }
    let progress = reply.progress;
    let summary = json!({
        "read_rows": progress.read_rows.to_string(),
        "read_bytes": progress.read_bytes.to_string(),
        "written_rows": progress.written_rows.to_string(),
        "written_bytes": progress.written_bytes.to_string(),
        "total_rows_to_read": "0",
        "result_rows": progress.result_rows.to_string(),
        "result_bytes": "0",
        "elapsed_ns": reply.elapsed.as_nanos().to_string(),
    });
    set(&mut response, "x-clickhouse-summary", summary);
    response
}

/// The response to a request that failed before any output was sent.
pub(super) fn failure(error: &Error, facts: &Facts) -> Response {
    let mut response = Response::new(Body::from(error.text(&facts.version)));
    *response.status_mut() = error.status();
    common(&mut response, facts);
    set(&mut response, "content-type", "text/plain; charset=UTF-8");
    set(&mut response, "x-clickhouse-exception-code", error.code);
    if error.status() == StatusCode::UNAUTHORIZED {
        set(&mut response, header::WWW_AUTHENTICATE.as_str(), "Basic realm=\"ClickHouse server HTTP API\"");
    }
    response
}

fn common(response: &mut Response, facts: &Facts) {
    set(response, "x-clickhouse-server-display-name", "devstack");
    set(response, "x-clickhouse-query-id", &facts.query_id);
    set(response, "x-clickhouse-timezone", &facts.timezone);
    set(response, "x-clickhouse-exception-tag", &facts.exception_tag);
}

/// Sets a header. Skips values that are not valid in a header, such as a query id with a line break.
fn set(response: &mut Response, name: &'static str, value: impl Display) {
    if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
        response.headers_mut().insert(name, value);
    }
}
