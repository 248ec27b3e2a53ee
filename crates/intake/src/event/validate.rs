//! Validates an event as sent: the result is an event that can be stored, or an error for each wrong field.

use std::borrow::Cow;

use uuid::Uuid;

use super::scalar::Scalar;
use super::shown::Shown;
use super::{Context, RawEvent, Revenue, properties};
use crate::error::{ErrorCode, FieldError};
use crate::time::{DAY_MS, LAST_MS, Timestamp, YEAR_2000_MS};

/// Most characters of an event's name and of the ids of events, devices and sessions (`docs/concepts.md`, "Limits").
pub const MAX_ID: usize = 128;
/// Most characters of `user_id`.
pub const MAX_USER_ID: usize = 256;
/// Most characters of `url`, `referrer` and `path`.
pub const MAX_ADDRESS: usize = 2048;
/// Most characters of `title`.
pub const MAX_TITLE: usize = 512;

/// What an event is validated against.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// When the request was received.
    pub received_at: Timestamp,
    /// The project's retention: older events are rejected. `None`: events are kept for ever.
    pub retention_days: Option<u32>,
    /// Whether `context` is used (secret keys) or ignored (publishable keys, which anybody can read).
    pub trusted: bool,
}

/// A valid event. Lengths are in characters. Text fields that were not sent are empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    /// Name, 1..128.
    pub event: Cow<'a, str>,
    /// Id, 1..128; unique within project, env and UTC day (`docs/concepts.md`, "Identity of an event").
    pub event_id: Cow<'a, str>,
    /// When it happened.
    pub timestamp: Timestamp,
    /// The time sent was more than 24 h in the future, so `timestamp` is the time of receipt instead.
    pub time_replaced: bool,
    /// The device's id, up to 128.
    pub anonymous_id: Cow<'a, str>,
    /// The person's id, up to 256.
    pub user_id: Cow<'a, str>,
    /// The client's own session id, up to 128.
    pub session_id: Cow<'a, str>,
    /// URL of the page as sent, up to 2048.
    pub url: Cow<'a, str>,
    /// URL of the referrer as sent, up to 2048.
    pub referrer: Cow<'a, str>,
    /// Path as sent, up to 2048; if empty, the path of `url` is stored.
    pub path: Cow<'a, str>,
    /// Page title, up to 512.
    pub title: Cow<'a, str>,
    /// Properties as JSON text.
    pub properties: Cow<'a, str>,
    /// Amount and currency, if any.
    pub revenue: Option<Revenue>,
    /// The visitor's device, as any sender may describe it.
    pub shown: Shown,
    /// The visitor's request as a trusted server describes it.
    pub context: Option<Context<'a>>,
}

/// Why an event was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The machine-readable code.
    pub code: ErrorCode,
    /// The wrong fields. Paths are JSON pointers relative to the event, e.g. `/timestamp`.
    pub fields: Vec<FieldError>,
}

impl Rejection {
    /// A rejection with one wrong field.
    pub fn one(code: ErrorCode, path: &str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, fields: vec![FieldError { path: path.to_owned(), message: message.into() }] }
    }

    /// All of it in one line for people: `` `url`: must be a string, not an array; `revenue.currency`: is missing ``.
    pub fn detail(&self) -> String {
        let parts: Vec<String> = self
            .fields
            .iter()
            .map(|field| match field.path.trim_start_matches('/') {
                "" => field.message.to_string(),
                path => format!("`{}`: {}", path.replace('/', "."), field.message),
            })
            .collect();
        parts.join("; ")
    }
}

/// Validates an event. `fresh_id` makes an id for an event that was sent without one.
///
/// # Errors
/// `invalid_payload` with every wrong field, or, if all fields are valid, `timestamp_too_old`.
pub fn validate<'a>(raw: RawEvent<'a>, bounds: &Bounds, fresh_id: &dyn Fn() -> Uuid) -> Result<Event<'a>, Rejection> {
    let mut check = Check { fields: Vec::new() };
    let event = check.name("/event", raw.event, MAX_ID);
    let event_id = check.id("/event_id", raw.event_id, MAX_ID);
    let anonymous_id = check.id("/anonymous_id", raw.anonymous_id, MAX_ID);
    let user_id = check.id("/user_id", raw.user_id, MAX_USER_ID);
    let session_id = check.id("/session_id", raw.session_id, MAX_ID);
    let url = check.text("/url", raw.url, MAX_ADDRESS);
    let referrer = check.text("/referrer", raw.referrer, MAX_ADDRESS);
    let path = check.text("/path", raw.path, MAX_ADDRESS);
    let title = check.text("/title", raw.title, MAX_TITLE);
    let sent_time = check.time("/timestamp", &raw.timestamp);
    let properties = match raw.properties.map(|json| properties::read(json.get())) {
        None => Cow::Borrowed(""),
        Some(Ok(text)) => text,
        Some(Err(message)) => {
            check.fault("/properties", message);
            Cow::Borrowed("")
        }
    };
    let revenue = raw.revenue.and_then(|json| {
        Revenue::read(json.get()).unwrap_or_else(|(path, message)| check.fail(format!("/revenue{path}"), message))
    });
    let shown = raw.context.and_then(|json| {
        Shown::read(json.get()).map_or_else(|(path, message)| check.fail(format!("/context{path}"), message), Some)
    });
    let context = raw.context.filter(|_| bounds.trusted).and_then(|json| {
        Context::read(json.get()).unwrap_or_else(|(path, message)| check.fail(format!("/context{path}"), message))
    });
    if !check.fields.is_empty() {
        return Err(Rejection { code: ErrorCode::InvalidPayload, fields: check.fields });
    }

    let sent_time = sent_time.or_else(|| time_of_id(&event_id, bounds));
    let latest = bounds.received_at.plus(DAY_MS);
    let (timestamp, time_replaced) = match sent_time {
        Some(time) if time > latest => (bounds.received_at, true),
        Some(time) => (time, false),
        None => (bounds.received_at, false),
    };
    if let Some(days) = bounds.retention_days
        && timestamp < bounds.received_at.plus(-i64::from(days) * DAY_MS)
    {
        let message = format!("is older than {days} days, the project's retention");
        return Err(Rejection::one(ErrorCode::TimestampTooOld, "/timestamp", message));
    }
    let event_id = if event_id.is_empty() { Cow::Owned(fresh_id().to_string()) } else { event_id };
    Ok(Event {
        event,
        event_id,
        timestamp,
        time_replaced,
        anonymous_id,
        user_id,
        session_id,
        url,
        referrer,
        path,
        title,
        properties,
        revenue,
        shown: shown.unwrap_or_default(),
        context,
    })
}

/// The time inside a UUIDv7 (RFC 9562), if it is between 2000 and 24 h from now (`docs/concepts.md`, "Time").
fn time_of_id(event_id: &str, bounds: &Bounds) -> Option<Timestamp> {
    let id = Uuid::try_parse(event_id).ok().filter(|id| id.get_version_num() == 7)?;
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let time = Timestamp(i64::try_from(seconds).ok()?.checked_mul(1000)? + i64::from(nanos / 1_000_000));
    (Timestamp(YEAR_2000_MS)..=bounds.received_at.plus(DAY_MS)).contains(&time).then_some(time)
}

struct Check {
    fields: Vec<FieldError>,
}

impl Check {
    fn fault(&mut self, path: impl Into<String>, message: impl Into<Cow<'static, str>>) {
        self.fields.push(FieldError { path: path.into(), message: message.into() });
    }

    fn fail<T>(&mut self, path: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Option<T> {
        self.fault(path, message);
        None
    }

    fn text<'a>(&mut self, path: &str, value: Scalar<'a>, max: usize) -> Cow<'a, str> {
        let message = match value {
            Scalar::Absent => return Cow::Borrowed(""),
            // Characters only need counting if there are more bytes than characters allowed.
            Scalar::Text(text) if text.len() <= max || text.chars().count() <= max => return text,
            Scalar::Text(text) => {
                format!("must be at most {max} characters long, this one has {}", text.chars().count())
            }
            Scalar::Integer(number) => format!("must be a string, not a number: send \"{number}\" in quotes"),
            Scalar::Float(_) => "must be a string, not a number".to_owned(),
            Scalar::Other(kind) => format!("must be a string, not {kind}"),
        };
        self.fault(path, message);
        Cow::Borrowed("")
    }

    fn id<'a>(&mut self, path: &str, value: Scalar<'a>, max: usize) -> Cow<'a, str> {
        if matches!(&value, Scalar::Text(text) if text.is_empty()) {
            self.fault(path, "must not be empty: leave the field out instead");
        }
        self.text(path, value, max)
    }

    fn name<'a>(&mut self, path: &str, value: Scalar<'a>, max: usize) -> Cow<'a, str> {
        match &value {
            Scalar::Absent => self.fault(path, "is missing: name the event, for example \"signup\""),
            Scalar::Text(text) if text.is_empty() => {
                self.fault(path, "must not be empty: name the event, for example \"signup\"");
            }
            _ => {}
        }
        self.text(path, value, max)
    }

    fn time(&mut self, path: &str, value: &Scalar<'_>) -> Option<Timestamp> {
        const FORM: &str = "must be ISO 8601, for example \"2026-11-21T10:00:00Z\", or milliseconds since 1970, for example 1795255200000";
        let time = match value {
            Scalar::Absent => return None,
            Scalar::Text(text) => Timestamp::parse_iso(text),
            Scalar::Integer(ms) => Some(Timestamp(*ms)),
            // JavaScript's performance clock yields fractions of a millisecond.
            #[expect(clippy::cast_possible_truncation, reason = "saturates, and the range is checked below")]
            Scalar::Float(ms) => Some(Timestamp(*ms as i64)),
            Scalar::Other(_) => None,
        };
        match time {
            None => self.fail(path, FORM),
            // 2000 to 2099 in seconds.
            Some(Timestamp(seconds)) if (YEAR_2000_MS / 1000..=LAST_MS / 1000).contains(&seconds) => {
                let ms = seconds * 1000;
                self.fail(path, format!("must be in milliseconds; this looks like seconds: send {ms} instead"))
            }
            Some(time) if time.0 < YEAR_2000_MS => self.fail(path, "must not be before the year 2000"),
            Some(time) if time.0 > LAST_MS => self.fail(path, "must not be after the year 2099"),
            Some(time) => Some(time),
        }
    }
}

#[cfg(test)]
mod tests;
