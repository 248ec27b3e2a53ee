//! The body of a request. PostgreSQL gets it as it came; here only its keys are read.

use std::{collections::BTreeSet, fmt};

use axum::{
    body::{Body, to_bytes},
    http::StatusCode,
};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::error::Error;

/// Bytes a body may have.
const LIMIT: usize = 1024 * 1024;

/// The keys of a body.
#[derive(Debug)]
pub(super) enum Payload {
    /// `{…}`
    Object(BTreeSet<String>),
    /// `[{…}, …]`
    Array(Vec<BTreeSet<String>>),
    /// Any other JSON.
    Other,
}

/// Reads the body; in a call an empty one means no arguments.
pub(super) async fn read(body: Body, call: bool) -> Result<(String, Payload), Error> {
    let bytes = to_bytes(body, LIMIT).await.map_err(|_| {
        Error::new(StatusCode::PAYLOAD_TOO_LARGE, "HW413", format!("The body exceeds {LIMIT} bytes or was cut off"))
    })?;
    let mut text = String::from_utf8(bytes.into()).map_err(|_| invalid())?;
    if call && text.is_empty() {
        "{}".clone_into(&mut text);
    }
    let payload = match text.trim_start().chars().next() {
        Some('{') => Payload::Object(parse::<Keys>(&text)?.0),
        Some('[') => match serde_json::from_str::<Vec<Keys>>(&text) {
            Ok(rows) => Payload::Array(rows.into_iter().map(|keys| keys.0).collect()),
            // Elements that are no objects; the text may still break off further on.
            Err(error) if error.is_data() => parse::<IgnoredAny>(&text).map(|_| Payload::Other)?,
            Err(_) => return Err(invalid()),
        },
        _ => parse::<IgnoredAny>(&text).map(|_| Payload::Other)?,
    };
    Ok((text, payload))
}

/// The error for a body that is no JSON.
pub(super) fn invalid() -> Error {
    Error::new(StatusCode::BAD_REQUEST, "PGRST102", "Empty or invalid json")
}

fn parse<'text, T: Deserialize<'text>>(text: &'text str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|_| invalid())
}

/// The keys of one object, whatever its values are.
struct Keys(BTreeSet<String>);

impl<'text> Deserialize<'text> for Keys {
    fn deserialize<D: Deserializer<'text>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;

        impl<'text> Visitor<'text> for KeysVisitor {
            type Value = Keys;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'text>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = BTreeSet::new();
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.insert(key);
                }
                Ok(Keys(keys))
            }
        }

        deserializer.deserialize_map(KeysVisitor)
    }
}
