//! What is wrong with a question, and where.

use std::borrow::Cow;

use intake::error::{ApiError, ErrorCode};

/// A place in a question: a JSON pointer for bodies, `?name` for query parameters.
#[derive(Debug, Clone)]
pub struct Path<'a> {
    text: Cow<'a, str>,
    /// A list in a parameter is one text: its items have no places of their own.
    flat: bool,
}

/// Something wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The machine code.
    pub code: ErrorCode,
    /// Where.
    pub path: String,
    /// What is expected there.
    pub message: String,
}

impl<'a> Path<'a> {
    /// A JSON value by its name.
    pub fn new(path: impl Into<Cow<'a, str>>) -> Self {
        Self { text: path.into(), flat: false }
    }

    /// A list in a query parameter.
    pub fn flat(path: impl Into<Cow<'a, str>>) -> Self {
        Self { text: path.into(), flat: true }
    }

    /// The same place, of which nothing below is a place of its own.
    pub fn flattened(&self) -> Path<'static> {
        Path::flat(self.text.clone().into_owned())
    }

    /// A member below it.
    pub fn member(&self, name: &str) -> Path<'static> {
        // A pointer's own signs are escaped (RFC 6901); what a caller named is shown in bounds.
        let name: String = name.chars().take(64).collect();
        Path::new(format!("{}/{}", self.text, name.replace('~', "~0").replace('/', "~1")))
    }

    /// An item below it.
    pub fn index(&self, index: usize) -> Path<'static> {
        if self.flat { self.flattened() } else { Path::new(format!("{}/{index}", self.text)) }
    }

    /// Its text.
    pub(super) fn to_text(&self) -> String {
        self.text.to_string()
    }

    /// Something is wrong here.
    pub fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { code: ErrorCode::InvalidParams, path: self.text.to_string(), message: message.into() }
    }
}

impl Fault {
    /// Under another code.
    #[must_use]
    pub fn code(mut self, code: ErrorCode) -> Self {
        self.code = code;
        self
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        let name = fault.path.trim_start_matches(['?', '/']);
        let detail = if name.is_empty() { fault.message.clone() } else { format!("{name}: {}", fault.message) };
        Self::new(fault.code, detail).field(fault.path, fault.message)
    }
}
