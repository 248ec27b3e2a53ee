//! The error type of the API: a machine-readable code with its HTTP status, and what the caller gets to see.
//!
//! Errors of inner layers (stores, decoding) are converted to it once. What an upstream answered is never shown to a
//! caller: it is kept in [`ApiError::internal`] and written to the log.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;

use crate::limit::{Exceeded, Left};

/// URL of the errors' documentation. The `type` of a problem is this and the code.
pub const ERROR_DOCS: &str = "https://headwater.dev/errors/";

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// A machine-readable error code (`docs/concepts.md`, "Errors"). Clients see [`Self::as_str`], never this name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[doc = $doc])* $name,)* }

        impl ErrorCode {
            /// Every code, roughly by status.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as written in `error`, e.g. `invalid_payload`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status that goes with the code.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// A short title for people, the same for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not valid for the route.
    InvalidPayload = "invalid_payload", 400, "The payload is not valid";
    /// A query parameter is missing, unknown or out of range.
    InvalidParams = "invalid_params", 400, "A parameter is not valid";
    /// A dimension that does not exist or cannot be grouped by.
    InvalidGroupBy = "invalid_group_by", 400, "This column cannot be grouped by";
    /// The batch has more events than allowed.
    BatchTooLarge = "batch_too_large", 400, "The batch holds too many events";
    /// The event is older than the project's retention.
    TimestampTooOld = "timestamp_too_old", 400, "The event is older than the project's retention";
    /// The `Content-Encoding` is neither `gzip` nor `identity`.
    UnsupportedEncoding = "unsupported_encoding", 400, "The content encoding is not supported";
    /// A key other than a publishable one was sent in the query string, where proxies log it.
    KeyInQueryNotAllowed = "key_in_query_not_allowed", 400, "This kind of key must not be sent in a URL";
    /// No key was sent.
    MissingBearerToken = "missing_bearer_token", 401, "No API key was sent";
    /// The key's form or checksum is wrong.
    MalformedApiKey = "malformed_api_key", 401, "The API key is malformed";
    /// No such key.
    InvalidApiKey = "invalid_api_key", 401, "The API key is not valid";
    /// The key has expired.
    ExpiredApiKey = "expired_api_key", 401, "The API key has expired";
    /// The key was revoked.
    RevokedApiKey = "revoked_api_key", 401, "The API key was revoked";
    /// A signed-in user's session token is not valid.
    InvalidSession = "invalid_session", 401, "The session is not valid";
    /// The page's origin is not one of the key's allowed origins.
    OriginNotAllowed = "origin_not_allowed", 403, "This origin may not use the key";
    /// The key lacks the scope.
    InsufficientScope = "insufficient_scope", 403, "The API key lacks the scope for this";
    /// No key of this kind can do this, whatever its scopes.
    KeyKindNotAllowed = "key_kind_not_allowed", 403, "This kind of API key cannot do this";
    /// Only an account key can do this.
    AccountKeyRequired = "account_key_required", 403, "This needs an account key";
    /// Only a secret key can request erasure.
    ForgetRequiresSecretKey = "forget_requires_secret_key", 403, "This needs a secret key";
    /// The route or the resource does not exist.
    NotFound = "not_found", 404, "Not found";
    /// The route does not have this method.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// The body is larger than the route's limit.
    PayloadTooLarge = "payload_too_large", 413, "The body is too large";
    /// The body's media type is not supported.
    UnsupportedMediaType = "unsupported_media_type", 415, "The media type is not supported";
    /// The project's quota is used up, and its mode is to block.
    QuotaExceeded = "quota_exceeded", 402, "The quota is used up";
    /// A rate limit of requests or events was reached.
    RateLimited = "rate_limited", 429, "Too many requests";
    /// A bug or a misconfiguration of Headwater.
    InternalError = "internal_error", 500, "Something went wrong on our side";
    /// A store gave an unexpected answer.
    UpstreamFailed = "upstream_failed", 502, "A store gave an unusable answer";
    /// The control plane, which knows the keys, cannot be reached.
    ControlPlaneUnavailable = "control_plane_unavailable", 503, "API keys cannot be checked right now";
    /// The event store cannot be reached.
    StoreUnavailable = "store_unavailable", 503, "The event store cannot be reached right now";
    /// The query took too long and was cancelled.
    QueryTimeout = "query_timeout", 504, "The query took too long";
}

#[cfg(feature = "documented")]
impl schemars::JsonSchema for ErrorCode {
    fn schema_name() -> Cow<'static, str> {
        "ErrorCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let about = |code: &Self| format!("- `{}` ({}): {}", code.as_str(), code.status(), code.title());
        schemars::json_schema!({
            "type": "string", "enum": Self::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>(),
            "description": Self::ALL.iter().map(about).collect::<Vec<_>>().join("\n"),
        })
    }
}

/// A problem document (RFC 9457).
#[derive(Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct Problem<'a> {
    /// Where the code is explained.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "uri")))]
    r#type: String,
    /// The same for every occurrence.
    title: &'a str,
    #[cfg_attr(feature = "documented", schemars(range(min = 400, max = 599)))]
    status: u16,
    #[cfg_attr(feature = "documented", schemars(with = "ErrorCode"))]
    error: &'a str,
    /// This occurrence, for people.
    detail: &'a str,
    /// The wrong fields of the input.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fields: &'a [FieldError],
    /// As in `X-Request-Id`.
    request_id: &'a str,
}

/// What is wrong with one field of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub path: String,
    /// What is wrong and what is allowed.
    pub message: Cow<'static, str>,
}

/// An error response.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// The machine-readable code, which determines status and title.
    pub code: ErrorCode,
    /// What went wrong this time, safe to show to the caller.
    pub detail: Cow<'static, str>,
    /// The wrong fields, if the input was wrong.
    pub fields: Vec<FieldError>,
    /// Seconds to wait before sending the same request again (`Retry-After`).
    pub retry_after: Option<u32>,
    /// The limit that was reached, for 429.
    pub limit: Option<(&'static str, Left)>,
    /// The path's methods (`Allow`), for 405.
    pub allow: Option<String>,
    /// What really happened, for the log only.
    pub internal: Option<String>,
}

impl ApiError {
    /// An error with a detail. Status 503 sets `retry_after` to 2 seconds.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        let retry_after = match code.status() {
            503 => Some(2),
            _ => None,
        };
        Self { code, detail: detail.into(), fields: Vec::new(), retry_after, limit: None, allow: None, internal: None }
    }

    /// Adds a wrong field.
    #[must_use]
    pub fn field(mut self, path: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        self.fields.push(FieldError { path: path.into(), message: message.into() });
        self
    }

    /// Sets what really happened, for the log.
    #[must_use]
    pub fn because(mut self, internal: impl Into<String>) -> Self {
        self.internal = Some(internal.into());
        self
    }

    /// `rate_limited` by the limit with this name.
    pub fn limited(name: &'static str, exceeded: Exceeded) -> Self {
        let seconds = exceeded.retry_after_s;
        let mut error =
            Self::new(ErrorCode::RateLimited, format!("the rate limit for {name} is reached: retry after {seconds} s"));
        error.retry_after = Some(seconds);
        error.limit = Some((name, exceeded.left));
        error
    }

    /// `invalid_params` for one query parameter.
    pub fn param(name: &str, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self::new(ErrorCode::InvalidParams, format!("`{name}`: {message}")).field(format!("?{name}"), message)
    }

    /// The body as `application/problem+json` (RFC 9457).
    pub fn to_problem(&self, request_id: &str) -> String {
        let problem = Problem {
            r#type: format!("{ERROR_DOCS}{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status(),
            error: self.code.as_str(),
            detail: &self.detail,
            fields: &self.fields,
            request_id,
        };
        // Serializing plain strings cannot fail; if it ever did, the code alone would still be an answer.
        serde_json::to_string(&problem).unwrap_or_else(|_| format!("{{\"error\":\"{}\"}}", self.code.as_str()))
    }

    /// One line for the log: request id, status, code, detail and the internal reason.
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
    fn a_problem_has_its_members_and_hides_the_internal_reason() {
        let error = ApiError::new(ErrorCode::InvalidPayload, "`event`: is missing")
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
    fn every_unavailable_code_says_when_to_retry() {
        for code in ErrorCode::ALL {
            assert_eq!(ApiError::new(*code, "").retry_after.is_some(), code.status() == 503, "{code:?}");
        }
    }

    #[test]
    fn details_name_the_parameter_and_the_limit() {
        let error = ApiError::param("limit", "must be from 1 to 1000");
        assert_eq!((&*error.detail, error.fields[0].path.as_str()), ("`limit`: must be from 1 to 1000", "?limit"));
        let rate = crate::limit::READ;
        let left = Left { rate, remaining: 0, full_in_s: 4 };
        let error = ApiError::limited("questions", Exceeded { left, retry_after_s: 1 });
        assert_eq!(
            (&*error.detail, error.retry_after),
            ("the rate limit for questions is reached: retry after 1 s", Some(1))
        );
    }
}
