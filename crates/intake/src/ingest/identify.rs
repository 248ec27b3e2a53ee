//! `$identify`: links a device (`anonymous_id`) to a person (`user_id`). It is an event like any other, so that the same
//! rules store, deduplicate, keep and erase it (`docs/concepts.md`, "Visitors and users").

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{ApiError, ErrorCode, FieldError};
use crate::event::{Event, Object, RawEvent, Scalar};

/// Name of the event.
pub use schema::IDENTIFY;

/// What an identification has besides the members of an event.
#[derive(Deserialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
struct RawIdentification<'a> {
    /// What is known about the person.
    #[serde(borrow, default)]
    #[cfg_attr(feature = "documented", schemars(with = "Option<crate::event::Properties>"))]
    traits: Option<&'a RawValue>,
}

/// Links a device to a person. It has the members of an event, with `traits` instead of `event` and `properties`.
#[cfg(feature = "documented")]
#[derive(schemars::JsonSchema)]
#[schemars(transform = identifies)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Identification<'a> {
    #[schemars(flatten)]
    event: RawEvent<'a>,
    #[schemars(flatten)]
    own: RawIdentification<'a>,
    /// The device.
    #[schemars(length(min = 1, max = crate::event::MAX_ID))]
    anonymous_id: String,
    /// The person.
    #[schemars(length(min = 1, max = crate::event::MAX_USER_ID))]
    user_id: String,
}

#[cfg(feature = "documented")]
fn identifies(schema: &mut schemars::Schema) {
    if let Some(members) = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
        members.retain(|name, _| name != "event" && name != "properties");
    }
    schema.insert("required".to_owned(), serde_json::json!(["anonymous_id", "user_id"]));
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
