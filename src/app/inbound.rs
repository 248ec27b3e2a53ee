//! A request and an answer without a runtime's types.

use std::any::Any;
use std::borrow::Cow;
use std::time::Duration;

use intake::error::{ApiError, ErrorCode};
use intake::ingest::too_large;

/// How long a client may take to send a body. This is the only place that says so: `src/shell` passes it to the
/// JavaScript that reads bodies (`fetch.js`, `boundary.js`).
pub const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// It is larger than asked for.
    TooLarge,
    /// The client went away, or the runtime gave it up: its words.
    Broken(String),
}

impl BodyError {
    /// The error for a body that may have `limit` bytes.
    pub(super) fn refused(self, limit: usize) -> ApiError {
        match self {
            Self::TooLarge => too_large(limit),
            Self::Broken(reason) => {
                ApiError::new(ErrorCode::InvalidPayload, "the body ended before its time").because(reason)
            }
        }
    }
}

/// Where a visitor is; parts that are not known are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// ISO 3166 alpha-2.
    pub country: String,
    /// Name of the part of the country.
    pub region: String,
    /// Name of the city.
    pub city: String,
}

/// A request as the app sees it.
pub trait Inbound {
    /// `GET`, `POST`, ….
    fn method(&self) -> &str;
    /// Path, not decoded.
    fn path(&self) -> &str;
    /// Query string without `?`.
    fn query(&self) -> &str;
    /// A header, by its lower-case name; `None` where it is empty or not there.
    fn header(&self, name: &str) -> Option<Cow<'_, str>>;
    /// The visitor's place as the network tells it.
    fn place(&self) -> Place;
    /// The continent the request came from (`EU`, …); empty where the network does not tell.
    fn continent(&self) -> String;
    /// The whole body, of at most `limit` bytes, sent within [`BODY_TIMEOUT`]; `announced` is its `Content-Length`, if
    /// it has one.
    fn body(&mut self, announced: Option<usize>, limit: usize) -> impl Future<Output = Result<Vec<u8>, BodyError>>;
}

/// An answer.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Body.
    pub body: Body,
}

impl Body {
    /// The bytes of a whole body; none of a stream.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Stream(_) => &[],
        }
    }
}

/// A body that only the runtime knows.
pub struct Stream(pub Box<dyn Any>);

/// An answer's body.
pub enum Body {
    /// All of it; may be empty.
    Whole(Vec<u8>),
    /// Comes as the store writes it.
    Stream(Stream),
}

impl Reply {
    /// An answer in JSON.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type", Cow::Borrowed("application/json"))],
            body: Body::Whole(body.into()),
        }
    }

    /// A value of ours as an answer in JSON.
    ///
    /// # Errors
    /// `internal_error`, which plain structures never bring about.
    pub fn of(status: u16, value: &impl serde::Serialize) -> Result<Self, ApiError> {
        serde_json::to_vec(value).map(|body| Self::json(status, body)).map_err(|error| {
            ApiError::new(ErrorCode::InternalError, "the answer could not be written").because(error.to_string())
        })
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Whole(Vec::new()) }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A request without a body, for tests.
#[cfg(test)]
#[derive(Default)]
pub(super) struct Head {
    /// By lower-case names.
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) place: Place,
}

#[cfg(test)]
impl Inbound for Head {
    fn method(&self) -> &'static str {
        "GET"
    }
    fn path(&self) -> &'static str {
        "/"
    }
    fn query(&self) -> &'static str {
        ""
    }
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        // As the trait has it, an empty one is not there.
        self.headers.iter().find_map(|(one, value)| (*one == name && !value.is_empty()).then_some((*value).into()))
    }
    fn place(&self) -> Place {
        self.place.clone()
    }
    fn continent(&self) -> String {
        String::new()
    }
    async fn body(&mut self, _announced: Option<usize>, _limit: usize) -> Result<Vec<u8>, BodyError> {
        Err(BodyError::TooLarge)
    }
}
