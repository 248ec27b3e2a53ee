//! Clients of the two stores. The same code is tested natively against real stores and runs in wasm; only the transport
//! differs (`http.rs`). Every call has a time limit. This module defines the errors.

mod address;
mod clickhouse;
#[cfg(target_arch = "wasm32")]
mod fetch;
mod http;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
mod operator;
mod postgrest;

pub use clickhouse::{ClickHouse, Credentials, Selected, escaped, refusal};
#[cfg(not(target_arch = "wasm32"))]
pub use operator::Order;
pub use postgrest::PostgRest;

use intake::error::{ApiError, ErrorCode};

/// An error of a store. Messages are for the log and never leave the Worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// No connection, or it broke. It is unknown whether the store acted.
    Unreachable(String),
    /// No answer in time. It is unknown whether the store acted.
    TimedOut,
    /// The store ended the query at a limit of time, memory or rows.
    LimitReached(String),
    /// The store answered that it cannot serve now (overload, shutdown, a dependency of its own is down).
    Busy(String),
    /// The store refused the request. A definite answer.
    Refused {
        /// HTTP status.
        status: u16,
        /// The store's own code, e.g. ClickHouse's `62` or an SQLSTATE; empty if it gave none.
        code: String,
        /// The store's message.
        message: String,
    },
    /// The answer is not what the store's protocol allows.
    Unusable(String),
}

impl StoreError {
    /// The error without the store's message, which may quote an event or an id.
    pub fn without_words(&self) -> String {
        match self {
            Self::Unreachable(_) => "the store cannot be reached".to_owned(),
            Self::TimedOut => "the store does not answer in time".to_owned(),
            Self::LimitReached(_) => "the store stopped at a limit".to_owned(),
            Self::Busy(_) => "the store cannot serve now".to_owned(),
            Self::Refused { status, code, .. } => format!("the store refused the request: {status}, code {code}"),
            Self::Unusable(_) => "the store's answer is unusable".to_owned(),
        }
    }

    /// The error of a call to the event store.
    pub fn events(self) -> ApiError {
        match self {
            Self::LimitReached(reason) => ApiError::new(
                ErrorCode::QueryTimeout,
                "the question took too long; use a shorter period, fewer dimensions or narrower filters",
            )
            .because(reason),
            error => error
                .outward(ErrorCode::StoreUnavailable, "the event store does not answer; send the request again later"),
        }
    }

    /// The error of a question to the event store.
    pub fn question(self) -> ApiError {
        match self {
            // CANNOT_COMPILE_REGEXP: only regular expressions are passed from the caller to the store.
            Self::Refused { code, message, .. } if code == "427" => query::bad_pattern(message),
            Self::Refused { status: 414, message, .. } => ApiError::new(
                ErrorCode::InvalidParams,
                "the conditions, including those of segments, have too many or too long values: about 50,000 bytes in total \
                 can be asked for",
            )
            .because(message),
            error => error.events(),
        }
    }

    /// The error of a call to the control plane.
    pub fn control_plane(self) -> ApiError {
        self.outward(ErrorCode::ControlPlaneUnavailable, "keys cannot be checked now; send the request again later")
    }

    fn outward(self, unavailable: ErrorCode, detail: &'static str) -> ApiError {
        match self {
            Self::Refused { status, code, message } => {
                ApiError::new(ErrorCode::UpstreamFailed, "a store refused the request")
                    .because(format!("{status} {code}: {message}"))
            }
            Self::Unusable(reason) => {
                ApiError::new(ErrorCode::UpstreamFailed, "a store returned an unusable answer").because(reason)
            }
            Self::Unreachable(reason) | Self::Busy(reason) | Self::LimitReached(reason) => {
                ApiError::new(unavailable, detail).because(reason)
            }
            Self::TimedOut => ApiError::new(unavailable, detail).because("no answer in time"),
        }
    }
}
