//! `$identify`: says that a device belongs to a person. An event like any other, so that it is stored,
//! counted once, kept and erased by the same rules.

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

/// Reads `{"anonymous_id", "user_id", "traits", …}` as the event it is: `traits` are its properties; id,
/// time, page and context may be given as for any event.
///
/// # Errors
/// `invalid_payload` where it is no object.
pub fn identification(text: &str) -> Result<RawEvent<'_>, ApiError> {
    let mut event = super::one_event(text)?;
    let Object(RawIdentification { traits }) = serde_json::from_str(text).map_err(|error| {
        ApiError::new(ErrorCode::InvalidPayload, format!("the body is not an identification as JSON: {error}"))
            .field("", "must be a JSON object")
    })?;
    event.event = Scalar::Text(IDENTIFY.into());
    event.properties = traits;
    Ok(event)
}

/// What a valid event lacks as an identification: both ids must be there.
pub fn identification_faults(event: &Event<'_>) -> Vec<FieldError> {
    [("/anonymous_id", &event.anonymous_id), ("/user_id", &event.user_id)]
        .into_iter()
        .filter(|(_, id)| id.is_empty())
        .map(|(path, _)| FieldError { path: path.to_owned(), message: "is missing".into() })
        .collect()
}

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
