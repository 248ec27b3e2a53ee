//! The one error type at the edge: a machine code that knows its status, and what may be said outside.
//!
//! Inner errors (stores, decoding) are converted once, here. What an upstream said never reaches a
//! caller: it travels in [`ApiError::internal`] and ends in the log.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;

use crate::limit::{Exceeded, Left};

/// Where the documentation of an error code lives; the `type` of a problem is this plus the code.
pub const ERROR_DOCS: &str = "https://headwater.dev/errors/";

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// A machine code of the wire contract. Its string form is the contract, not this name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[doc = $doc])* $name,)* }

        impl ErrorCode {
            /// Every code, in the order of the contract's table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as written in `error`, e.g. `invalid_payload`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status that goes with the code.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// A short sentence for people, the same for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not what the route takes.
    InvalidPayload = "invalid_payload", 400, "The payload is not valid";
    /// A query parameter is missing, unknown or out of range.
    InvalidParams = "invalid_params", 400, "A parameter is not valid";
    /// A group-by column that does not exist.
    InvalidGroupBy = "invalid_group_by", 400, "This column cannot be grouped by";
    /// More events in one batch than are taken.
    BatchTooLarge = "batch_too_large", 400, "The batch holds too many events";
    /// The event is older than the project keeps events.
    TimestampTooOld = "timestamp_too_old", 400, "The event is older than the project's retention";
    /// A `Content-Encoding` that is not understood.
    UnsupportedEncoding = "unsupported_encoding", 400, "The content encoding is not supported";
    /// Only publishable keys may stand in a URL.
    KeyInQueryNotAllowed = "key_in_query_not_allowed", 400, "This kind of key may not stand in a URL";
    /// No key was sent.
    MissingBearerToken = "missing_bearer_token", 401, "No API key was sent";
    /// The key's form or checksum is wrong.
    MalformedApiKey = "malformed_api_key", 401, "The API key is malformed";
    /// No such key.
    InvalidApiKey = "invalid_api_key", 401, "The API key is not valid";
    /// The key's time is over.
    ExpiredApiKey = "expired_api_key", 401, "The API key has expired";
    /// The key was revoked.
    RevokedApiKey = "revoked_api_key", 401, "The API key was revoked";
    /// A signed-in user's session token is not valid.
    InvalidSession = "invalid_session", 401, "The session is not valid";
    /// The page's origin is not on the key's list.
    OriginNotAllowed = "origin_not_allowed", 403, "This origin may not use the key";
    /// The key lacks the scope.
    InsufficientScope = "insufficient_scope", 403, "The API key lacks the scope for this";
    /// The kind of key cannot do this at all.
    KeyKindNotAllowed = "key_kind_not_allowed", 403, "This kind of API key cannot do this";
    /// Only an account key may do this.
    AccountKeyRequired = "account_key_required", 403, "This needs an account key";
    /// Only a secret key may ask for erasure.
    ForgetRequiresSecretKey = "forget_requires_secret_key", 403, "This needs a secret key";
    /// No such route or thing.
    NotFound = "not_found", 404, "Not found";
    /// The route exists, for other methods.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// The body is larger than the route takes.
    PayloadTooLarge = "payload_too_large", 413, "The body is too large";
    /// The body's media type is not taken.
    UnsupportedMediaType = "unsupported_media_type", 415, "The media type is not supported";
    /// The project's quota is used up and it blocks.
    QuotaExceeded = "quota_exceeded", 402, "The quota is used up";
    /// Too many requests or events.
    RateLimited = "rate_limited", 429, "Too many requests";
    /// A fault of ours.
    InternalError = "internal_error", 500, "Something went wrong on our side";
    /// A store answered with something that cannot be used.
    UpstreamFailed = "upstream_failed", 502, "A store gave an unusable answer";
    /// Keys cannot be checked at the moment.
    ControlPlaneUnavailable = "control_plane_unavailable", 503, "API keys cannot be checked right now";
    /// Events cannot be stored or read at the moment.
    StoreUnavailable = "store_unavailable", 503, "The event store cannot be reached right now";
    /// The query took too long and was ended.
    QueryTimeout = "query_timeout", 504, "The query took too long";
}

/// What is wrong with one field of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: Cow<'static, str>,
}

/// An error as it leaves the Worker.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// The machine code; status and title follow from it.
    pub code: ErrorCode,
    /// One sentence about this occurrence, safe to show.
    pub detail: Cow<'static, str>,
    /// Fields at fault, if the input was.
    pub fields: Vec<FieldError>,
    /// Seconds after which the same request may be sent again.
    pub retry_after: Option<u32>,
    /// The limit that was reached, for 429.
    pub limit: Option<(&'static str, Left)>,
    /// Methods that exist on the path, for 405.
    pub allow: Option<String>,
    /// For the log alone: what really happened. Never part of an answer.
    pub internal: Option<String>,
}

impl ApiError {
    /// An error with a sentence about this occurrence.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        let retry_after = match code.status() {
            503 => Some(2),
            _ => None,
        };
        Self { code, detail: detail.into(), fields: Vec::new(), retry_after, limit: None, allow: None, internal: None }
    }

    /// Names the field at fault.
    #[must_use]
    pub fn field(mut self, path: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        self.fields.push(FieldError { path: path.into(), message: message.into() });
        self
    }

    /// Keeps what happened for the log.
    #[must_use]
    pub fn because(mut self, internal: impl Into<String>) -> Self {
        self.internal = Some(internal.into());
        self
    }

    /// A `rate_limited` by the limit of this name.
    pub fn limited(name: &'static str, exceeded: Exceeded) -> Self {
        let seconds = exceeded.retry_after_s;
        let mut error =
            Self::new(ErrorCode::RateLimited, format!("the limit of {name} is reached; come back in {seconds} s"));
        error.retry_after = Some(seconds);
        error.limit = Some((name, exceeded.left));
        error
    }

    /// An `invalid_params` about one query parameter.
    pub fn param(name: &str, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self::new(ErrorCode::InvalidParams, format!("{name}: {message}")).field(format!("?{name}"), message)
    }

    /// The body as `application/problem+json` (RFC 9457).
    pub fn to_problem(&self, request_id: &str) -> String {
        #[derive(Serialize)]
        struct Problem<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            error: &'a str,
            detail: &'a str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            fields: &'a [FieldError],
            request_id: &'a str,
        }
        let problem = Problem {
            r#type: format!("{ERROR_DOCS}{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status(),
            error: self.code.as_str(),
            detail: &self.detail,
            fields: &self.fields,
            request_id,
        };
        // Serialising plain strings cannot fail; were it ever to, the code alone is still an answer.
        serde_json::to_string(&problem).unwrap_or_else(|_| format!("{{\"error\":\"{}\"}}", self.code.as_str()))
    }

    /// One line for the log: code, outward sentence, inward reason.
    pub fn to_log(&self, request_id: &str) -> String {
        let mut line = format!("{request_id} {} {}: {}", self.code.status(), self.code.as_str(), self.detail);
        if let Some(internal) = &self.internal {
            let _ = write!(line, " ({internal})");
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_the_contracts_members_and_hides_the_reason() {
        let error = ApiError::new(ErrorCode::InvalidPayload, "event: is missing")
            .field("/events/3/event", "is missing")
            .because("SELECT secret");
        let problem: serde_json::Value = serde_json::from_str(&error.to_problem("req_1")).unwrap();
        assert_eq!(problem["error"], "invalid_payload");
        assert_eq!(problem["status"], 400);
        assert_eq!(problem["type"], "https://headwater.dev/errors/invalid_payload");
        assert_eq!(problem["fields"][0]["path"], "/events/3/event");
        assert_eq!(problem["request_id"], "req_1");
        assert!(!problem.to_string().contains("SELECT"));
        assert!(error.to_log("req_1").contains("SELECT"));
    }

    #[test]
    fn every_unavailable_code_says_when_to_come_back() {
        for code in ErrorCode::ALL {
            assert_eq!(ApiError::new(*code, "").retry_after.is_some(), code.status() == 503, "{code:?}");
        }
    }
}
