//! A batch: many events in one body. Each is validated by itself; valid events are stored even if others are rejected.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::error::{ApiError, ErrorCode, FieldError};
use crate::event::{Bounds, Event, Object, RawEvent, Rejection, validate};
use crate::time::Day;
use crate::words::Words;

/// Most events of one batch (`docs/concepts.md`, "Limits").
pub const MAX_EVENTS: usize = 1000;

/// The events of a batch as sent. An event that cannot be parsed is an error in its place.
#[derive(Debug)]
pub struct Batch<'a> {
    /// In the order sent.
    pub events: Vec<Result<RawEvent<'a>, Rejection>>,
    /// JSON pointer to the list: `/events`, or empty for a bare array.
    pub path: &'static str,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
struct Envelope<T> {
    #[cfg_attr(feature = "documented", schemars(extend("minItems" = 1, "maxItems" = MAX_EVENTS)))]
    events: T,
}

#[cfg(feature = "documented")]
impl schemars::JsonSchema for Batch<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Batch".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let envelope = generator.subschema_for::<Envelope<Vec<RawEvent<'_>>>>();
        let bare = envelope.get("properties").and_then(|members| members.get("events")).cloned();
        schemars::json_schema!({ "anyOf": [envelope, bare] })
    }
}

/// Parses `{"events":[…]}` or a bare array.
///
/// # Errors
/// `invalid_payload` if it is neither or empty, `batch_too_large` for more than [`MAX_EVENTS`] events.
pub fn batch(text: &str) -> Result<Batch<'_>, ApiError> {
    let bare = text.trim_start().starts_with('[');
    let path = if bare { "" } else { "/events" };
    // Nearly always the whole batch can be parsed in one pass. If not, it is split into events first, so that one bad
    // event does not spoil the others.
    let events = if let Ok(events) = list::<Vec<Object<RawEvent<'_>>>>(text, bare) {
        events.into_iter().map(|Object(event)| Ok(event)).collect::<Vec<_>>()
    } else {
        let parts = list::<Vec<&RawValue>>(text, bare).map_err(|error| {
            ApiError::new(ErrorCode::InvalidPayload, format!("the body is not a valid batch: {error}"))
                .field("", "must be an array of events, or an object such as {\"events\": [{\"event\": \"signup\"}]}")
        })?;
        parts
            .into_iter()
            .map(|part| {
                serde_json::from_str(part.get()).map(|Object(event)| event).map_err(|error| {
                    Rejection::one(ErrorCode::InvalidPayload, "", format!("is not a valid event: {error}"))
                })
            })
            .collect()
    };
    match events.len() {
        0 => Err(ApiError::new(ErrorCode::InvalidPayload, "the batch is empty")
            .field(path, "must contain at least one event")),
        1..=MAX_EVENTS => Ok(Batch { events, path }),
        count => Err(ApiError::new(
            ErrorCode::BatchTooLarge,
            format!("a batch can have at most {MAX_EVENTS} events, this one has {count}: send several batches"),
        )),
    }
}

fn list<'a, T: Deserialize<'a>>(text: &'a str, bare: bool) -> serde_json::Result<T> {
    if bare {
        serde_json::from_str(text)
    } else {
        serde_json::from_str::<Object<Envelope<T>>>(text).map(|Object(envelope)| envelope.events)
    }
}

/// What was done with an event that gets a [`Verdict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Stored, but changed.
    Accepted,
    /// Not stored again: an earlier event of this request has the same identity.
    Duplicate,
    /// Not stored: it is not valid.
    Rejected,
}

/// The result for an event of a batch that was rejected or changed. `duplicate`: the same `event_id` came earlier in
/// the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct Verdict {
    /// Index in the batch, from 0.
    pub index: usize,
    /// The event's id, if it could be parsed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "documented", schemars(with = "String"))]
    pub event_id: Option<String>,
    /// What happened to the event.
    pub status: Status,
    /// The machine code.
    #[cfg_attr(feature = "documented", schemars(extend("enum" = [
        ErrorCode::InvalidPayload.as_str(), ErrorCode::TimestampTooOld.as_str(), "duplicate", TIME_REPLACED.0,
    ])))]
    pub code: &'static str,
    /// The reason, for people.
    pub detail: String,
}

/// A validated batch.
#[derive(Debug, Default)]
pub struct Judged<'a> {
    /// The events to store, in order.
    pub events: Vec<Event<'a>>,
    /// A result for each event that was rejected, changed or a duplicate.
    pub verdicts: Vec<Verdict>,
    /// All wrong fields, with paths from the body's root: the error for `?atomic=1`.
    pub faults: Vec<FieldError>,
    /// Code of the first rejection: the error's code for `?atomic=1`.
    pub first_code: Option<ErrorCode>,
}

/// Validates each event of a batch. `fresh_id` is called for each event without an id.
pub fn judge<'a>(batch: Batch<'a>, bounds: &Bounds, fresh_id: &dyn Fn() -> Uuid) -> Judged<'a> {
    let mut judged = Judged { events: Vec::with_capacity(batch.events.len()), ..Judged::default() };
    let mut seen: HashSet<(Cow<'a, str>, Day), Words> =
        HashSet::with_capacity_and_hasher(batch.events.len(), Words::default());
    let path = batch.path;
    for (index, raw) in batch.events.into_iter().enumerate() {
        let sent_id = raw.as_ref().ok().and_then(RawEvent::sent_id);
        match raw.and_then(|raw| validate(raw, bounds, fresh_id)) {
            Ok(event) => {
                let identity = sent_id.map(|id| (id, event.timestamp.day()));
                if let Some(identity) = identity
                    && !seen.insert(identity)
                {
                    judged.verdicts.push(Verdict {
                        index,
                        event_id: Some(event.event_id.into_owned()),
                        status: Status::Duplicate,
                        code: "duplicate",
                        detail: "an earlier event of this request has the same event_id and day".to_owned(),
                    });
                    continue;
                }
                if event.time_replaced {
                    judged.verdicts.push(Verdict {
                        index,
                        event_id: Some(event.event_id.to_string()),
                        status: Status::Accepted,
                        code: TIME_REPLACED.0,
                        detail: TIME_REPLACED.1.to_owned(),
                    });
                }
                judged.events.push(event);
            }
            Err(rejection) => {
                judged.verdicts.push(Verdict {
                    index,
                    event_id: sent_id.map(Cow::into_owned),
                    status: Status::Rejected,
                    code: rejection.code.as_str(),
                    detail: rejection.detail(),
                });
                judged.first_code.get_or_insert(rejection.code);
                judged.faults.extend(
                    rejection.fields.into_iter().map(|field| FieldError {
                        path: format!("{path}/{index}{}", field.path),
                        message: field.message,
                    }),
                );
            }
        }
    }
    judged
}

/// Code and detail for an event whose timestamp was replaced by the time of receipt.
pub const TIME_REPLACED: (&str, &str) = (
    "timestamp_replaced",
    "the timestamp is more than 24 hours in the future: stored with the time of receipt instead",
);

#[cfg(test)]
mod tests;
