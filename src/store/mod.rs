//! Clients of the two stores. The same code is tested natively against real engines and runs in wasm; only
//! what carries a call differs (`http.rs`). Every call has a time limit; every answer is judged here once.

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

/// What went wrong with a store. Texts are for the log and never leave the Worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// No connection, or it broke: whether the store acted is unknown.
    Unreachable(String),
    /// No answer in time: whether the store acted is unknown.
    TimedOut,
    /// The store ended the query because its time, memory or rows were used up.
    LimitReached(String),
    /// The store is there and says it cannot serve now (overload, shutdown, its own dependency down).
    Busy(String),
    /// The store understood and refuses: a definite answer.
    Refused {
        /// HTTP status.
        status: u16,
        /// The store's own code, e.g. ClickHouse's `62` or an SQLSTATE; empty if it gave none.
        code: String,
        /// The store's words.
        message: String,
    },
    /// The answer is not what the store's protocol allows.
    Unusable(String),
}

impl StoreError {
    /// What went wrong without the store's own words, which may quote an event or an id.
    pub fn without_words(&self) -> String {
        match self {
            Self::Unreachable(_) => "the store cannot be reached".to_owned(),
            Self::TimedOut => "the store does not answer in time".to_owned(),
            Self::LimitReached(_) => "the store broke off at a limit".to_owned(),
            Self::Busy(_) => "the store cannot serve now".to_owned(),
            Self::Refused { status, code, .. } => format!("the store refuses it: {status}, code {code}"),
            Self::Unusable(_) => "the store's answer is unusable".to_owned(),
        }
    }

    /// The error of a call to the event store.
    pub fn events(self) -> ApiError {
        match self {
            Self::LimitReached(reason) => {
                ApiError::new(ErrorCode::QueryTimeout, "narrow the period, the filters or the columns").because(reason)
            }
            error => error.outward(ErrorCode::StoreUnavailable, "the event store does not answer; send it again later"),
        }
    }

    /// The error of a question to the event store.
    pub fn question(self) -> ApiError {
        match self {
            // CANNOT_COMPILE_REGEXP: the only part of a statement that is the caller's language.
            Self::Refused { code, message, .. } if code == "427" => query::bad_pattern(message),
            Self::Refused { status: 414, message, .. } => ApiError::new(
                ErrorCode::InvalidParams,
                "the conditions, those of segments among them, hold too many or too long values: some 50,000 bytes in all \
                 can be asked for",
            )
            .because(message),
            error => error.events(),
        }
    }

    /// The error of a call to the control plane.
    pub fn control_plane(self) -> ApiError {
        self.outward(ErrorCode::ControlPlaneUnavailable, "keys cannot be checked right now; send it again later")
    }

    fn outward(self, unavailable: ErrorCode, detail: &'static str) -> ApiError {
        match self {
            Self::Refused { status, code, message } => {
                ApiError::new(ErrorCode::UpstreamFailed, "a store refused what it was asked")
                    .because(format!("{status} {code}: {message}"))
            }
            Self::Unusable(reason) => {
                ApiError::new(ErrorCode::UpstreamFailed, "a store gave an unusable answer").because(reason)
            }
            Self::Unreachable(reason) | Self::Busy(reason) | Self::LimitReached(reason) => {
                ApiError::new(unavailable, detail).because(reason)
            }
            Self::TimedOut => ApiError::new(unavailable, detail).because("no answer in time"),
        }
    }
}
