//! JSON Schemas of values with a parser of their own. Compiled only with the feature `documented`, for the generated
//! documents.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{MAX_NESTING, MAX_PROPERTIES};
use crate::time::{LAST_MS, YEAR_2000_MS};

/// `timestamp`, as [`crate::time`] parses it.
pub struct EventTime;

impl JsonSchema for EventTime {
    fn schema_name() -> Cow<'static, str> {
        "EventTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([T ].+)?$",
                  "description": "ISO 8601; UTC if it has no offset." },
                { "type": "number", "minimum": YEAR_2000_MS, "maximum": LAST_MS,
                  "description": "Milliseconds since 1970." },
            ],
            "description": "When it happened, not before 2000. Absent: from an `event_id` that is a UUIDv7, else the time of \
                receipt. More than 24 hours in the future: the time of receipt is used instead, and the answer says so.",
            "examples": ["2026-11-21T10:00:00.000Z", "2026-11-21T11:00:00+01:00", "2026-11-21", 1_795_255_200_000_i64],
        })
    }
}

/// `properties`, as [`super::properties`] checks them.
pub struct Properties;

impl JsonSchema for Properties {
    fn schema_name() -> Cow<'static, str> {
        "Properties".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": format!(
                "Anything, at most {MAX_NESTING} deep. More than {MAX_PROPERTIES} bytes of JSON are replaced by \
                 `{{\"__truncated\":true,\"original_bytes\":N}}`, and the event is kept."
            ),
            "examples": [{ "plan": "pro", "seats": 3, "tags": ["a", "b"] }],
        })
    }
}

/// `amount` of a revenue.
pub struct Amount;

impl JsonSchema for Amount {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "number", "minimum": -1e12, "maximum": 1e12 },
            { "type": "string", "pattern": r"^-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$" },
        ] })
    }
}
