//! Content negotiation: JSON, or JSON of exactly one row.

use axum::http::{HeaderMap, StatusCode, header};

use super::error::Error;

/// The form of a successful answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`
    Json,
    /// `application/vnd.pgrst.object+json`: one row, not in an array.
    Singular,
}

impl Media {
    /// The first type of `Accept` that this server writes.
    ///
    /// # Errors
    /// 501 for a type only a real PostgREST writes, 406 for one that nobody knows.
    pub(super) fn accepted(headers: &HeaderMap) -> Result<Self, Error> {
        let lines: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        if lines.is_empty() {
            return Ok(Self::Json);
        }
        let mut refused = Vec::new();
        for item in lines.iter().flat_map(|line| line.split(',')).map(str::trim) {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            if parts.any(|parameter| parameter == "nulls=stripped") {
                return Err(Error::unsupported(format!("Accept: {item} is not supported")));
            }
            match name.as_str() {
                "application/json"
                | "*/*"
                | "application/*"
                | "application/vnd.pgrst.array+json"
                | "application/vnd.pgrst.array" => return Ok(Self::Json),
                "application/vnd.pgrst.object+json" | "application/vnd.pgrst.object" => return Ok(Self::Singular),
                "text/csv"
                | "text/plain"
                | "text/xml"
                | "application/octet-stream"
                | "application/geo+json"
                | "application/openapi+json"
                | "application/vnd.pgrst.plan"
                | "application/vnd.pgrst.plan+json"
                | "application/vnd.pgrst.plan+text" => {
                    return Err(Error::unsupported(format!("Accept: {name} is not supported")));
                }
                _ => refused.push(name),
            }
        }
        Err(Error::new(
            StatusCode::NOT_ACCEPTABLE,
            "PGRST107",
            format!("None of these media types are available: {}", refused.join(", ")),
        ))
    }

    /// The value of `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Singular => "application/vnd.pgrst.object+json; charset=utf-8",
        }
    }
}

/// Refuses bodies that are not JSON; without a type they count as JSON.
pub(super) fn check_body(headers: &HeaderMap) -> Result<(), Error> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or_default();
    let name = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if name.is_empty() || name == "application/json" {
        return Ok(());
    }
    Err(Error::unsupported(format!("Content-Type: {name} is not supported")))
}
