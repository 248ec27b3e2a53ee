//! An event as parsed from a body, before validation.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::scalar::Scalar;

/// The fields of an event as sent, borrowed from the body. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "documented on `Event`")]
pub struct RawEvent<'a> {
    #[serde(borrow, default)]
    pub event: Scalar<'a>,
    #[serde(borrow, default)]
    pub event_id: Scalar<'a>,
    #[serde(borrow, default)]
    pub timestamp: Scalar<'a>,
    #[serde(borrow, default)]
    pub anonymous_id: Scalar<'a>,
    #[serde(borrow, default)]
    pub user_id: Scalar<'a>,
    #[serde(borrow, default)]
    pub session_id: Scalar<'a>,
    #[serde(borrow, default)]
    pub url: Scalar<'a>,
    #[serde(borrow, default)]
    pub referrer: Scalar<'a>,
    #[serde(borrow, default)]
    pub path: Scalar<'a>,
    #[serde(borrow, default)]
    pub title: Scalar<'a>,
    #[serde(borrow, default)]
    pub properties: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub revenue: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub context: Option<&'a RawValue>,
}

impl<'a> RawEvent<'a> {
    /// The event id that the client sent, if it is a string that is not empty.
    pub fn sent_id(&self) -> Option<std::borrow::Cow<'a, str>> {
        match &self.event_id {
            Scalar::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    }
}
