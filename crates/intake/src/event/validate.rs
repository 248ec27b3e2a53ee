//! From an event as sent to an event that may be stored: every wrong field is named with its path.

use std::borrow::Cow;

use uuid::Uuid;

use super::scalar::Scalar;
use super::{Context, RawEvent, Revenue, properties, screen};
use crate::error::{ErrorCode, FieldError};
use crate::time::{DAY_MS, LAST_MS, Timestamp, YEAR_2000_MS};

/// Most characters of a name and of the ids of events, devices and sessions (contract, "Event").
pub const MAX_ID: usize = 128;
/// Most characters of a person's id.
pub const MAX_USER_ID: usize = 256;
/// Most characters of an address or a path.
pub const MAX_ADDRESS: usize = 2048;
/// Most characters of a page's title.
pub const MAX_TITLE: usize = 512;

/// What an event is judged by besides itself.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// When the request was received.
    pub received_at: Timestamp,
    /// Days for which the project keeps events; `None` keeps them for ever.
    pub retention_days: Option<u32>,
    /// Whether `context` is believed: only from secret keys.
    pub trusted: bool,
}

/// An event that may be stored. Lengths are in characters.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    /// Name, 1..128.
    pub event: Cow<'a, str>,
    /// Identity within project, env and UTC day, 1..128.
    pub event_id: Cow<'a, str>,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Whether the sent time lay more than 24 h ahead and the time of receipt was taken instead.
    pub time_replaced: bool,
    /// The device's id, up to 128; empty where none was sent.
    pub anonymous_id: Cow<'a, str>,
    /// The person's id, up to 256; empty where none was sent.
    pub user_id: Cow<'a, str>,
    /// The client's own session, up to 128; empty where none was sent.
    pub session_id: Cow<'a, str>,
    /// Page address as sent, up to 2048.
    pub url: Cow<'a, str>,
    /// Referring address as sent, up to 2048.
    pub referrer: Cow<'a, str>,
    /// Path as sent, up to 2048; empty: taken from `url`.
    pub path: Cow<'a, str>,
    /// Page title, up to 512.
    pub title: Cow<'a, str>,
    /// Properties as JSON text; empty where none were sent.
    pub properties: Cow<'a, str>,
    /// Money, if any.
    pub revenue: Option<Revenue>,
    /// Class of the visitor's screen: `mobile`, `tablet`, `laptop`, `desktop`; empty where it is unknown.
    pub screen: &'static str,
    /// What a trusted server said about the visitor.
    pub context: Option<Context<'a>>,
}

/// Why an event is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The contract's code.
    pub code: ErrorCode,
    /// Fields at fault; paths begin at the event, e.g. `/timestamp`.
    pub fields: Vec<FieldError>,
}

impl Rejection {
    /// A rejection with a single field.
    pub fn one(code: ErrorCode, path: &str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, fields: vec![FieldError { path: path.to_owned(), message: message.into() }] }
    }

    /// `event: is missing; url: must be a string`, for people.
    pub fn detail(&self) -> String {
        let parts: Vec<String> = self
            .fields
            .iter()
            .map(|field| match field.path.trim_start_matches('/') {
                "" => field.message.to_string(),
                name => format!("{name}: {}", field.message),
            })
            .collect();
        parts.join("; ")
    }
}

/// Judges an event. `fresh_id` is used where the client sent none.
///
/// # Errors
/// All fields at fault at once; `timestamp_too_old` alone where only the age is.
pub fn validate<'a>(raw: RawEvent<'a>, bounds: &Bounds, fresh_id: &dyn Fn() -> Uuid) -> Result<Event<'a>, Rejection> {
    let mut check = Check { fields: Vec::new() };
    let event = check.required("/event", raw.event, MAX_ID);
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
        Revenue::read(json.get()).unwrap_or_else(|(path, message)| check.none(format!("/revenue{path}"), message))
    });
    let screen = raw.context.map_or(Ok(""), |json| screen::class(json.get())).unwrap_or_else(|(path, message)| {
        check.fault(format!("/context{path}"), message);
        ""
    });
    let context = raw.context.filter(|_| bounds.trusted).and_then(|json| {
        Context::read(json.get()).unwrap_or_else(|(path, message)| check.none(format!("/context{path}"), message))
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
        let message = format!("is older than the {days} days for which the project keeps events");
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
        screen,
        context,
    })
}

/// The time inside a UUIDv7, where it lies between 2000 and a day ahead (contract, "Identity of an event").
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

    fn none<T>(&mut self, path: String, message: &'static str) -> Option<T> {
        self.fault(path, message);
        None
    }

    fn text<'a>(&mut self, path: &str, value: Scalar<'a>, max: usize) -> Cow<'a, str> {
        match value {
            Scalar::Absent => Cow::Borrowed(""),
            // Counting is only needed where the bytes are more than the characters may be.
            Scalar::Text(text) if text.len() <= max || text.chars().count() <= max => text,
            Scalar::Text(_) => {
                self.fault(path, format!("must be at most {max} characters"));
                Cow::Borrowed("")
            }
            Scalar::Integer(_) | Scalar::Float(_) => self.wrong(path, "number"),
            Scalar::Other(kind) => self.wrong(path, kind),
        }
    }

    fn wrong<'a>(&mut self, path: &str, kind: &'static str) -> Cow<'a, str> {
        self.fault(path, format!("must be a string, not a JSON {kind}"));
        Cow::Borrowed("")
    }

    fn id<'a>(&mut self, path: &str, value: Scalar<'a>, max: usize) -> Cow<'a, str> {
        if matches!(&value, Scalar::Text(text) if text.is_empty()) {
            self.fault(path, "must not be empty; leave it out instead");
        }
        self.text(path, value, max)
    }

    fn required<'a>(&mut self, path: &str, value: Scalar<'a>, max: usize) -> Cow<'a, str> {
        if value == Scalar::Absent {
            self.fault(path, "is missing");
            return Cow::Borrowed("");
        }
        self.id(path, value, max)
    }

    fn time(&mut self, path: &str, value: &Scalar<'_>) -> Option<Timestamp> {
        const FORM: &str = "must be ISO 8601 or milliseconds since 1970";
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
            None => self.none(path.to_owned(), FORM),
            Some(time) if time.0 < YEAR_2000_MS => self.none(path.to_owned(), "must not lie before the year 2000"),
            Some(time) if time.0 > LAST_MS => self.none(path.to_owned(), FORM),
            Some(time) => Some(time),
        }
    }
}

#[cfg(test)]
mod tests;
