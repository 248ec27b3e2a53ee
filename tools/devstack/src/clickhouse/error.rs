//! ClickHouse's errors: code, text and HTTP status.

use axum::http::StatusCode;

/// An error in ClickHouse's format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Error {
    /// ClickHouse's error code.
    pub(super) code: i32,
    text: String,
}

/// Errors of this server itself. Code and name are ClickHouse's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind(i32, &'static str);

impl Kind {
    pub(super) const BAD_ARGUMENTS: Self = Self(36, "BAD_ARGUMENTS");
    pub(super) const NOT_IMPLEMENTED: Self = Self(48, "NOT_IMPLEMENTED");
    pub(super) const SYNTAX_ERROR: Self = Self(62, "SYNTAX_ERROR");
    pub(super) const UNKNOWN_TYPE_OF_QUERY: Self = Self(78, "UNKNOWN_TYPE_OF_QUERY");
    pub(super) const UNKNOWN_COMPRESSION_METHOD: Self = Self(89, "UNKNOWN_COMPRESSION_METHOD");
    pub(super) const UNKNOWN_SETTING: Self = Self(115, "UNKNOWN_SETTING");
    pub(super) const TOO_MANY_SIMULTANEOUS_QUERIES: Self = Self(202, "TOO_MANY_SIMULTANEOUS_QUERIES");
    pub(super) const SOCKET_TIMEOUT: Self = Self(209, "SOCKET_TIMEOUT");
    pub(super) const QUERY_IS_TOO_LARGE: Self = Self(229, "QUERY_IS_TOO_LARGE");
    pub(super) const ABORTED: Self = Self(236, "ABORTED");
    pub(super) const CANNOT_DECOMPRESS: Self = Self(271, "CANNOT_DECOMPRESS");
    pub(super) const INTO_OUTFILE_NOT_ALLOWED: Self = Self(358, "INTO_OUTFILE_NOT_ALLOWED");
    pub(super) const QUERY_WAS_CANCELLED: Self = Self(394, "QUERY_WAS_CANCELLED");
    pub(super) const TOO_MANY_ROWS_OR_BYTES: Self = Self(396, "TOO_MANY_ROWS_OR_BYTES");
    pub(super) const ACCESS_DENIED: Self = Self(497, "ACCESS_DENIED");
    pub(super) const AUTHENTICATION_FAILED: Self = Self(516, "AUTHENTICATION_FAILED");
}

impl Error {
    /// An error of this server.
    pub(super) fn new(Kind(code, name): Kind, message: &str) -> Self {
        Self { code, text: format!("Code: {code}. DB::Exception: {message}. ({name})") }
    }

    /// Parses an error of the engine, which starts with `Code: N.`. Messages without a code get 1002
    /// (`UNKNOWN_EXCEPTION`).
    pub(super) fn from_engine(message: &str) -> Self {
        let code = message
            .strip_prefix("Code: ")
            .and_then(|rest| rest.split('.').next())
            .and_then(|number| number.parse().ok());
        match code {
            Some(code) => Self { code, text: message.trim_end().to_owned() },
            None => Self::new(Kind(1002, "UNKNOWN_EXCEPTION"), message.trim_end().trim_end_matches('.')),
        }
    }

    /// The text for the client. It ends with the version, as on a real server.
    pub(super) fn text(&self, version: &str) -> String {
        if self.text.contains("(version ") {
            return format!("{}\n", self.text);
        }
        format!("{} (version {version})\n", self.text)
    }

    /// The HTTP status, as in ClickHouse's `exceptionCodeToHTTPStatus`.
    pub(super) fn status(&self) -> StatusCode {
        match self.code {
            194 => StatusCode::UNAUTHORIZED,
            192 | 193 | 497 | 512 | 516 => StatusCode::FORBIDDEN,
            6 | 8 | 15 | 25 | 26 | 27 | 36 | 37 | 38 | 41 | 44 | 53 | 62 | 72 | 117 | 123 | 167 | 168 | 223 | 321
            | 376 | 427 | 441 | 675 | 676 => StatusCode::BAD_REQUEST,
            46 | 47 | 50 | 56 | 60 | 63 | 73 | 78 | 81 | 115 | 152 | 336 | 511 => StatusCode::NOT_FOUND,
            229 => StatusCode::PAYLOAD_TOO_LARGE,
            48 => StatusCode::NOT_IMPLEMENTED,
            76 | 209 | 439 => StatusCode::SERVICE_UNAVAILABLE,
            381 => StatusCode::LENGTH_REQUIRED,
            159 => StatusCode::REQUEST_TIMEOUT,
            779 => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_message_keeps_its_code_and_gains_the_version() {
        let error = Error::from_engine("Code: 62. DB::Exception: Syntax error. (SYNTAX_ERROR)");
        assert_eq!(error.code, 62);
        assert_eq!(error.status(), StatusCode::BAD_REQUEST);
        assert_eq!(
            error.text("26.7.2.1"),
            "Code: 62. DB::Exception: Syntax error. (SYNTAX_ERROR) (version 26.7.2.1)\n"
        );
    }

    #[test]
    fn a_message_without_a_code_becomes_an_unknown_exception() {
        let error = Error::from_engine("the engine gave no result");
        assert_eq!(error.code, 1002);
        assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
