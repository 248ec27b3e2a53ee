//! The one reader of request bodies: media type, encoding, size, time, and the bytes that an instance holds.

use std::pin::pin;

use futures_util::future::{Either, select};
use serde_json::Value;

use super::in_flight::InFlight;
use super::inbound::{BODY_TIMEOUT, BodyError, Inbound};
use super::{App, Deadline};
use intake::error::{ApiError, ErrorCode};
use intake::ingest::Encoding;

/// What body a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Largest size in bytes, unpacked.
    pub max: usize,
    media: Media,
    /// Whether it may be packed with `Content-Encoding: gzip`; otherwise that header is not looked at.
    gzip: bool,
}

/// Which `Content-Type` is accepted. A request without one always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Media {
    /// Any: what the body is decides.
    Any,
    /// JSON.
    Json,
    /// JSON, or what a beacon can send without a preflight.
    JsonOrText,
}

const KIB: usize = 1024;

/// No body; what is sent is not read.
pub(super) const NONE: Bound = Bound { max: 0, media: Media::Any, gzip: false };
/// One event.
pub(super) const EVENT: Bound = Bound { max: 64 * KIB, media: Media::JsonOrText, gzip: true };
/// Up to 1000 events.
pub(super) const BATCH: Bound = Bound { max: 1024 * KIB, ..EVENT };
/// The ids of a person.
pub(super) const PERSON: Bound = Bound { max: 16 * KIB, ..EVENT };
/// A question, or a segment.
pub(super) const QUESTION: Bound = Bound { max: 64 * KIB, media: Media::Any, gzip: false };
/// Settings of a project or a key.
pub(super) const SETTINGS: Bound = QUESTION;
/// A message of MCP.
pub(super) const MESSAGE: Bound = Bound { max: 1024 * KIB, media: Media::Json, gzip: false };

/// A body, and the room it takes in the instance's memory until this is dropped.
pub(super) struct Body<'a> {
    pub(super) bytes: Vec<u8>,
    pub(super) held: InFlight<'a>,
}

impl App {
    /// Reads a body, unpacked. The request's deadline starts again once all of it is there.
    ///
    /// # Errors
    /// `unsupported_media_type`, `payload_too_large`, `invalid_payload` for one that is not sent within 15 seconds,
    /// breaks off or cannot be unpacked, and `store_unavailable` where too many bodies are in memory.
    pub(super) async fn body(
        &self,
        request: &mut impl Inbound,
        bound: Bound,
        deadline: &Deadline,
    ) -> Result<Body<'_>, ApiError> {
        let Bound { max, media, gzip } = bound;
        let encoding = request.header("content-encoding").filter(|_| gzip);
        let encoding = Encoding::of(encoding.as_deref())?;
        if let Some(content_type) = request.header("content-type") {
            media.check(&content_type)?;
        }
        let announced = request.header("content-length").and_then(|length| length.parse::<usize>().ok());
        let sent = announced.unwrap_or(max).min(max);
        let held = self.hold(if encoding == Encoding::Gzip { sent + max } else { sent })?;
        let body = match select(pin!(request.body(announced, max)), pin!((self.runtime.sleep)(BODY_TIMEOUT))).await {
            Either::Left((body, _)) => body,
            Either::Right(_) => Err(BodyError::Broken(format!("it took longer than {BODY_TIMEOUT:?}"))),
        };
        let body = body.map_err(|error| error.refused(max))?;
        deadline.restart();
        Ok(Body { bytes: encoding.unpack(body, max)?, held })
    }

    /// Reads a body of at most `max` bytes as JSON.
    ///
    /// # Errors
    /// Those of [`Self::body`], and `invalid_payload`.
    pub(super) async fn json_body(
        &self,
        request: &mut impl Inbound,
        deadline: &Deadline,
        max: usize,
    ) -> Result<Value, ApiError> {
        let body = self.body(request, Bound { max, ..QUESTION }, deadline).await?;
        intake::json::read(&body.bytes).map_err(|error| {
            ApiError::new(ErrorCode::InvalidPayload, format!("the body is not JSON: {error}")).field("", "must be JSON")
        })
    }
}

impl Media {
    fn check(self, content_type: &str) -> Result<(), ApiError> {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let refused = match (self, essence.as_str()) {
            (Self::Any, _)
            | (Self::Json, "application/json")
            | (Self::JsonOrText, "" | "application/json" | "text/plain") => return Ok(()),
            (Self::Json, _) => "send a message with Content-Type: application/json",
            (Self::JsonOrText, _) => "send JSON with Content-Type: application/json (or text/plain from a beacon)",
        };
        Err(ApiError::new(ErrorCode::UnsupportedMediaType, refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_compared_without_parameters_and_case() {
        let accepts = |media: Media, content_type: &str| media.check(content_type).is_ok();
        assert!(accepts(Media::JsonOrText, "text/plain;charset=UTF-8") && accepts(Media::Json, "Application/JSON"));
        assert!(!accepts(Media::Json, "text/plain") && !accepts(Media::JsonOrText, "text/html"));
        assert!(accepts(Media::Any, "text/html"));
    }
}
