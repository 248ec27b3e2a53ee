//! Every answer that is not a success, in the shape PostgREST gives it.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::sqlstate;

/// A refusal or failure. Boxed, because every result carries it.
#[derive(Debug)]
pub(super) struct Error(Box<Problem>);

#[derive(Debug)]
struct Problem {
    status: StatusCode,
    /// SQLSTATE, `PGRSTxxx`, or `HWxxx` for what this server adds.
    code: String,
    message: String,
    details: Option<String>,
    hint: Option<String>,
}

impl Error {
    /// An error with a code and a message.
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Problem { status, code: code.to_owned(), message: message.into(), details: None, hint: None }))
    }

    /// Adds the second text.
    pub(super) fn details(mut self, details: impl Into<String>) -> Self {
        self.0.details = Some(details.into());
        self
    }

    /// Adds what to try.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// A real PostgREST may answer this; this server does not.
    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "HW501", what)
            .hint("This server speaks a subset of PostgREST; a real one may answer.")
    }

    /// No session with the database.
    pub(super) fn database_down() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "PGRST001", "Database client error. Retrying the connection.")
    }

    /// All connections are taken.
    pub(super) fn busy() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "PGRST003", "Timed out acquiring connection from connection pool.")
    }

    /// An error of the database. `signed_in` decides between 403 and 401.
    pub(super) fn from_database(error: &tokio_postgres::Error, signed_in: bool) -> Self {
        let Some(refused) = error.as_db_error() else {
            if error.is_closed()
                || std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
            {
                return Self::database_down();
            }
            return Self::new(StatusCode::INTERNAL_SERVER_ERROR, "PGRSTX00", error.to_string());
        };
        let code = refused.code().code();
        Self(Box::new(Problem {
            status: sqlstate::status(code, refused.message(), signed_in),
            code: code.to_owned(),
            message: refused.message().to_owned(),
            details: refused.detail().map(str::to_owned),
            hint: refused.hint().map(str::to_owned),
        }))
    }

    /// Whether the session with the database is gone.
    pub(super) fn is_database_down(&self) -> bool {
        self.0.code == "PGRST001"
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let Problem { status, code, message, details, hint } = *self.0;
        let body = json!({ "code": code, "details": details, "hint": hint, "message": message });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
