//! Errors in a question: the path, what is wrong there, and what is allowed.

use std::borrow::Cow;

use intake::error::{ApiError, ErrorCode};

/// A path in a question: a JSON pointer in bodies, `?name` for query parameters.
#[derive(Debug, Clone)]
pub struct Path<'a> {
    text: Cow<'a, str>,
    /// Whether items below have this same path: a list in a query parameter is one string.
    flat: bool,
}

/// An error at a path of the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The machine code.
    pub code: ErrorCode,
    /// The path.
    pub path: String,
    /// What is wrong there and what is allowed, without the path.
    pub message: String,
}

impl<'a> Path<'a> {
    /// The path of a JSON value.
    pub fn new(path: impl Into<Cow<'a, str>>) -> Self {
        Self { text: path.into(), flat: false }
    }

    /// The path of a query parameter, which its list items share.
    pub fn flat(path: impl Into<Cow<'a, str>>) -> Self {
        Self { text: path.into(), flat: true }
    }

    /// The same path, shared by everything below it.
    pub fn flattened(&self) -> Path<'static> {
        Path::flat(self.text.clone().into_owned())
    }

    /// The path of a member below it.
    pub fn member(&self, name: &str) -> Path<'static> {
        // `~` and `/` are escaped (RFC 6901). The name comes from the caller, so its length is limited.
        let name: String = name.chars().take(64).collect();
        Path::new(format!("{}/{}", self.text, name.replace('~', "~0").replace('/', "~1")))
    }

    /// The path of an item below it.
    pub fn index(&self, index: usize) -> Path<'static> {
        if self.flat { self.flattened() } else { Path::new(format!("{}/{index}", self.text)) }
    }

    /// As a string.
    pub(super) fn to_text(&self) -> String {
        self.text.to_string()
    }

    /// An `invalid_params` error at this path.
    pub fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { code: ErrorCode::InvalidParams, path: self.text.to_string(), message: message.into() }
    }
}

impl Fault {
    /// With another error code.
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
