//! Successful answers.

use std::fmt::Write as _;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use serde_json::{Map, Value};

use super::{
    error::Error,
    prefer::{Applied, Resolution, Return},
    range::content_range,
    request::Request,
    transaction::Outcome,
};

/// Of a read of a table or view.
pub(super) fn read(request: &Request, outcome: Outcome) -> Result<Response, Error> {
    let (status, range) = request.query.range.answer(outcome.rows, outcome.total)?;
    Draft::new(request, status, &range, Applied::Read).with_body().finish(outcome)
}

/// Of a call.
pub(super) fn call(request: &Request, outcome: Outcome, void: bool) -> Result<Response, Error> {
    let (status, range) = request.query.range.answer(outcome.rows, outcome.total)?;
    if void {
        return Draft::new(request, StatusCode::NO_CONTENT, &range, Applied::Read).finish(outcome);
    }
    Draft::new(request, status, &range, Applied::Read).with_body().finish(outcome)
}

/// Of an insert; `resolvable` says that there are columns to recognise duplicates by.
pub(super) fn insert(request: &Request, outcome: Outcome, resolvable: bool, table: &str) -> Result<Response, Error> {
    let merged = request.prefer.resolution == Some(Resolution::Merge) && outcome.inserted.is_some_and(|rows| rows <= 0);
    let status = if merged { StatusCode::OK } else { StatusCode::CREATED };
    let range = content_range(1, 0, request.prefer.count.then_some(outcome.rows));
    let applied = if resolvable { Applied::Upsert } else { Applied::Write };
    let mut draft = Draft::new(request, status, &range, applied);
    if let Some(location) = outcome.location.as_deref().and_then(|filters| location(table, filters)) {
        draft.header(header::LOCATION, &location);
    }
    if request.prefer.returning == Some(Return::Representation) {
        draft = draft.with_body();
    }
    draft.finish(outcome)
}

/// Of an update or delete.
pub(super) fn mutation(request: &Request, outcome: Outcome) -> Result<Response, Error> {
    let total = request.prefer.count.then_some(outcome.rows);
    let range = if request.method == Method::PATCH {
        content_range(0, outcome.rows - 1, total)
    } else {
        content_range(1, 0, total)
    };
    if request.prefer.returning == Some(Return::Representation) {
        return Draft::new(request, StatusCode::OK, &range, Applied::Write).with_body().finish(outcome);
    }
    Draft::new(request, StatusCode::NO_CONTENT, &range, Applied::Write).finish(outcome)
}

struct Draft<'request> {
    request: &'request Request,
    status: StatusCode,
    headers: HeaderMap,
    has_body: bool,
}

impl<'request> Draft<'request> {
    fn new(request: &'request Request, status: StatusCode, range: &str, applied: Applied) -> Self {
        let mut draft = Self { request, status, headers: HeaderMap::new(), has_body: false };
        draft.header(header::CONTENT_RANGE, range);
        let preferences = request.prefer.applied(applied);
        if !preferences.is_empty() {
            draft.header(HeaderName::from_static("preference-applied"), &preferences);
        }
        draft
    }

    fn with_body(mut self) -> Self {
        self.has_body = true;
        let media = self.request.media;
        self.header(header::CONTENT_TYPE, media.content_type());
        if self.request.names_schema {
            let schema = self.request.schema.clone();
            self.header(HeaderName::from_static("content-profile"), &schema);
        }
        self
    }

    fn header(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }

    /// Applies what a function set through `response.status` and `response.headers`.
    fn finish(mut self, outcome: Outcome) -> Result<Response, Error> {
        if let Some(status) = &outcome.status {
            let chosen = status.parse().ok().and_then(|number| StatusCode::from_u16(number).ok());
            self.status = chosen.ok_or_else(|| guc("PGRST112", "response.status guc must be a valid status code"))?;
        }
        if let Some(headers) = &outcome.headers {
            self.chosen_headers(headers)?;
        }
        let shown = self.has_body && self.request.method != Method::HEAD;
        let body = if shown { Body::from(outcome.body) } else { Body::empty() };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        Ok(response)
    }

    fn chosen_headers(&mut self, text: &str) -> Result<(), Error> {
        let bad = || {
            guc(
                "PGRST111",
                "response.headers guc must be a JSON array composed of objects with a single key and a string value",
            )
        };
        let list: Vec<Map<String, Value>> = serde_json::from_str(text).map_err(|_| bad())?;
        for object in list {
            let mut entries = object.into_iter();
            let (Some((name, Value::String(value))), None) = (entries.next(), entries.next()) else {
                return Err(bad());
            };
            self.header(name.parse().map_err(|_| bad())?, &value);
        }
        Ok(())
    }
}

fn guc(code: &str, message: &str) -> Error {
    Error::new(StatusCode::INTERNAL_SERVER_ERROR, code, message)
}

/// `/table?id=eq.1`
fn location(table: &str, filters: &str) -> Option<String> {
    let filters: Map<String, Value> = serde_json::from_str(filters).ok()?;
    let mut url = format!("/{}", encode(table));
    for (index, (column, filter)) in filters.iter().enumerate() {
        let separator = if index == 0 { '?' } else { '&' };
        let _ = write!(url, "{separator}{}={}", encode(column), encode(filter.as_str()?));
    }
    Some(url)
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
