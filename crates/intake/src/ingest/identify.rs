//! `$identify`: links a device (`anonymous_id`) to a person (`user_id`). It is an event like any other, so that the same
//! rules store, deduplicate, keep and erase it (`docs/concepts.md`, "Visitors and users").

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{ApiError, ErrorCode, FieldError};
use crate::event::{Event, Object, RawEvent, Scalar};

/// Name of the event.
pub use schema::IDENTIFY;

#[derive(Deserialize)]
struct RawIdentification<'a> {
    #[serde(borrow, default)]
    traits: Option<&'a RawValue>,
}

/// Parses `{"anonymous_id", "user_id", "traits", …}` as an event with the name [`IDENTIFY`] and `traits` as its
/// properties. Id, time, page and context are optional, as for any event.
///
/// # Errors
/// `invalid_payload` if it is not a JSON object.
pub fn identification(text: &str) -> Result<RawEvent<'_>, ApiError> {
    let mut event = super::one_event(text)?;
    let Object(RawIdentification { traits }) = serde_json::from_str(text).map_err(|error| {
        ApiError::new(ErrorCode::InvalidPayload, format!("the body is not a valid identification: {error}"))
            .field("", "must be a JSON object, for example {\"anonymous_id\": \"d-1\", \"user_id\": \"u-1\"}")
    })?;
    event.event = Scalar::Text(IDENTIFY.into());
    event.properties = traits;
    Ok(event)
}

/// Errors for the ids that an otherwise valid identification lacks: it needs both.
pub fn identification_faults(event: &Event<'_>) -> Vec<FieldError> {
    [("/anonymous_id", &event.anonymous_id), ("/user_id", &event.user_id)]
        .into_iter()
        .filter(|(_, id)| id.is_empty())
        .map(|(path, _)| FieldError { path: path.to_owned(), message: MISSING_ID.into() })
        .collect()
}

const MISSING_ID: &str = "is missing: an identification needs both anonymous_id, the device, and user_id, the person";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traits_become_properties_and_the_name_is_ours() {
        let text = r#"{"event":"other","anonymous_id":"a","user_id":"u","traits":{"plan":"pro"},"properties":{"x":1}}"#;
        let event = identification(text).unwrap();
        assert_eq!(event.event, Scalar::Text(IDENTIFY.into()));
        assert_eq!(event.properties.unwrap().get(), r#"{"plan":"pro"}"#);
        assert!(identification("[]").is_err());
        assert!(identification(r#"{"user_id":"u"}"#).unwrap().properties.is_none());
    }
}
