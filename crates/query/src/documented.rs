//! JSON Schemas that cannot be derived: values with a parser of their own, and rows whose members depend on the
//! question. Compiled only with the feature `documented`, for the generated documents.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::dimension::{Dimension, Interval, MAX_KEY};
use crate::filter::{Filter, MAX_DEPTH, MAX_NODES, MAX_PATTERN, MAX_VALUE, MAX_VALUES};
use crate::funnel::{MAX_STEPS, MIN_STEPS, Steps};
use crate::matching::Shared;
use crate::member::{
    Breakdown, Condition, Conditions, Cursor, Dimensions, MAX_CURSOR, MAX_DIMENSIONS, MAX_METRICS, MAX_PROJECT,
    MAX_ZONE, Metrics, Project, Whole, ZoneName,
};
use crate::metric::Metric;
use crate::range::{COMPARE_WORDS, Compare, Period, WORDS};
use crate::read::OrderBy;
use crate::references::{MAX_NAME, MAX_NAMED};
use crate::retention::CohortBy;
use crate::window::Window;
use intake::time::LAST_MS;
use schema::{Column, Holds};

/// Implements `JsonSchema` as a named component, or inline.
macro_rules! described {
    ($type:ty, inline, |$generator:ident| $body:expr) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $body
            }
        }
    };
    ($type:ty, $name:literal, |$generator:ident| $body:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $body
            }
        }
    };
}

fn names<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    words.into_iter().collect()
}

/// One value, or a list of them.
fn one_or_more(item: &Schema, least: usize, most: usize) -> Schema {
    json_schema!({ "anyOf": [
        { "type": "array", "items": item, "minItems": least, "maxItems": most, "uniqueItems": true }, item,
    ] })
}

fn property() -> Value {
    json!({
        "type": "string", "pattern": format!(r"^prop:[\s\S]{{1,{MAX_KEY}}}$"),
        "description": "A property by its key at the top level.",
    })
}

fn columns() -> Value {
    json!({ "type": "string", "enum": names(Column::GROUPABLE.iter().map(|column| column.as_str())) })
}

described!(Metric, "Metric", |_generator| {
    let definitions: Vec<String> = Metric::ALL
        .iter()
        .map(|metric| format!("- `{}` ({}): {}", metric.as_str(), metric.unit(), metric.definition()))
        .collect();
    json_schema!({
        "type": "string", "enum": names(Metric::ALL.iter().map(|metric| metric.as_str())),
        "description": definitions.join("\n"),
    })
});

described!(Dimension, "Dimension", |_generator| {
    let times: Vec<String> = Interval::ALL.iter().map(|one| format!("time:{}", one.as_str())).collect();
    json_schema!({
        "anyOf": [columns(), property(), { "type": "string", "enum": times }],
        "description": format!(
            "What to group by. Metrics of sessions cannot be grouped by {}; {} go with metrics of sessions alone (see \
             `GET /v1/metrics`).",
            Column::not_of_sessions(),
            Column::not_of_events()
        ),
        "examples": ["source", "prop:plan", "time:day"],
    })
});

described!(Metrics, inline, |generator| one_or_more(&generator.subschema_for::<Metric>(), 1, MAX_METRICS));
described!(Dimensions, inline, |generator| one_or_more(&generator.subschema_for::<Dimension>(), 0, MAX_DIMENSIONS));
described!(Breakdown, inline, |generator| generator.subschema_for::<Dimension>());
described!(Project, inline, |_generator| json_schema!({ "type": "string", "maxLength": MAX_PROJECT }));
described!(ZoneName, inline, |_generator| json_schema!({
    "type": "string", "minLength": 1, "maxLength": MAX_ZONE, "examples": ["Europe/Berlin"],
}));
described!(Cursor, inline, |_generator| json_schema!({ "type": "string", "maxLength": MAX_CURSOR }));
described!(Condition, inline, |generator| generator.subschema_for::<Filter>());
described!(Conditions, inline, |generator| json_schema!({
    "type": "array", "items": generator.subschema_for::<Filter>(), "maxItems": MAX_NODES,
}));
described!(Steps, inline, |generator| json_schema!({
    "type": "array", "items": generator.subschema_for::<Filter>(), "minItems": MIN_STEPS, "maxItems": MAX_STEPS,
}));
described!(CohortBy, inline, |generator| json_schema!({
    "anyOf": [{ "type": "string", "enum": ["first"] }, generator.subschema_for::<Filter>()],
}));
described!(Shared, inline, |_generator| json_schema!({
    "anyOf": [{ "type": "string", "enum": ["person", "user_id"] }, property()],
}));
described!(Window, inline, |_generator| json_schema!({
    "type": "string", "pattern": "^[0-9]{1,7}[smhd]$", "default": "7d", "examples": ["30m", "12h", "7d"],
}));

impl<const MAX: u32> JsonSchema for Whole<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Whole{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": MAX })
    }
}

described!(OrderBy, "OrderBy", |_generator| json_schema!({
    "type": "array",
    "items": {
        "type": "array", "minItems": 2, "maxItems": 2, "items": {},
        "prefixItems": [
            { "type": "string", "description": "One of the question's metrics or dimensions." },
            { "type": "string", "enum": ["asc", "desc"] },
        ],
    },
    "description": "Sort keys, in order. The time axis, the first metric and all dimensions follow, so that pages do not \
        overlap.",
    "examples": [[["visitors", "desc"], ["source", "asc"]]],
}));

/// A date or an instant.
pub struct Edge;

described!(Edge, "Edge", |_generator| json_schema!({
    "anyOf": [
        { "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([T ].+)?$",
          "description": "A date, which begins at midnight in the question's time zone, or an instant (ISO 8601)." },
        { "type": "string", "pattern": "^[0-9]{1,15}$", "description": "Milliseconds since 1970." },
        { "type": "integer", "minimum": 0, "maximum": LAST_MS, "description": "Milliseconds since 1970." },
    ],
    "description": "A date or an instant.",
    "examples": ["2026-11-21", "2026-11-21T10:00:00Z", 1_795_255_200_000_i64],
}));

/// A period in one word.
pub struct PeriodWord;

described!(PeriodWord, "PeriodWord", |_generator| json_schema!({
    "anyOf": [
        { "type": "string", "enum": WORDS },
        { "type": "string", "pattern": "^[0-9]{1,4}(h|d|mo)$" },
    ],
    "description": "`24h`, `30d` or `12mo`: the last hours, days or months, including the current one. `week` from Monday, \
        `month` from the first, `year` from January, up to now. `yesterday` and `last_month` are complete. At most five years.",
    "examples": ["today", "30d", "12mo", "last_month"],
}));

described!(Period, "Period", |generator| json_schema!({
    "anyOf": [
        generator.subschema_for::<PeriodWord>(),
        { "type": "array", "items": generator.subschema_for::<Edge>(), "minItems": 2, "maxItems": 2,
          "description": "A pair of dates, both included, or of instants, the second excluded." },
    ],
    "description": "The period; by default the last 30 days.",
    "examples": ["7d", ["2026-10-01", "2026-10-31"], ["2026-10-01T12:00:00Z", "2026-10-02T12:00:00Z"]],
}));

described!(Compare, "Compare", |generator| json_schema!({
    "anyOf": [
        { "type": "string", "enum": COMPARE_WORDS },
        { "type": "array", "items": generator.subschema_for::<Edge>(), "minItems": 2, "maxItems": 2 },
    ],
    "description": "A period to compare with: `previous_period` (of the same length, directly before), `year_over_year`, or a \
        pair of dates or instants.",
}));

/// A condition: a list of an operator and its arguments. `items` says nothing about them, but generators of clients
/// refuse an array without it, and `false`.
fn condition(operators: &[&str], arguments: Vec<Value>, description: &str) -> Value {
    let mut items = vec![json!({ "type": "string", "enum": operators })];
    items.extend(arguments);
    let count = items.len();
    json!({
        "type": "array", "prefixItems": items, "items": {}, "minItems": count, "maxItems": count,
        "description": description,
    })
}

described!(Filter, "Filter", |_generator| {
    // Not a reference to itself: generators of clients (openapi-python-client) leave out every schema that refers to a
    // list that contains itself. `$comment` names the type for `sdk-node/types.mjs`.
    let filter = json!({ "type": "array", "items": {}, "description": "A condition.", "$comment": "Filter" });
    let filters = |least: usize| json!({ "type": "array", "items": filter, "minItems": least, "maxItems": MAX_NODES });
    let values = |longest: usize| {
        let one = json!({ "anyOf": [
            { "type": "string", "maxLength": longest }, { "type": "number" }, { "type": "boolean" },
        ] });
        json!({ "anyOf": [{ "type": "array", "items": one, "minItems": 1, "maxItems": MAX_VALUES }, one] })
    };
    let segment = json!({ "type": "string", "maxLength": MAX_NAME });
    let segments = json!({ "type": "array", "items": segment, "minItems": 1, "maxItems": MAX_NAMED });
    let subject = json!({ "anyOf": [columns(), property()] });
    let revenue = json!({ "const": "revenue" });
    let texts = ["is", "is_not", "contains", "not_contains", "starts_with"];
    json_schema!({
        "anyOf": [
            condition(&["and"], vec![filters(0)], "All of them."),
            condition(&["or"], vec![filters(1)], "At least one of them."),
            condition(&["not"], vec![filter.clone()], "Not this one."),
            condition(
                &["has_done", "has_not_done"],
                vec![filter.clone()],
                "The visitor has, or has not, an event in the period that meets a condition on single events.",
            ),
            condition(
                &texts,
                vec![subject.clone(), values(MAX_VALUE)],
                "Compares a text with one or more values; one match is enough. Case-sensitive.",
            ),
            condition(
                &["is", "is_not"],
                vec![json!({ "const": "segment" }), json!({ "anyOf": [segments, segment] })],
                "Meets, or does not meet, the conditions of one of these saved segments, by name or id.",
            ),
            condition(
                &["matches"],
                vec![subject.clone(), values(MAX_PATTERN)],
                "A regular expression (RE2 syntax) matches anywhere in the text.",
            ),
            condition(
                &["gt", "gte", "lt", "lte"],
                vec![json!({ "anyOf": [property(), revenue] }), json!({ "type": "number" })],
                "Compares a number.",
            ),
            condition(
                &["exists"],
                vec![json!({ "anyOf": [columns(), property(), revenue] })],
                "The property exists, or the column is not empty.",
            ),
        ],
        "description": format!(
            "A condition. A question has at most {MAX_NODES} of them, including those of its segments, nested at most \
             {MAX_DEPTH} deep."
        ),
        "examples": [
            ["is", "country", ["DE", "AT", "CH"]],
            ["matches", "path", ["^/blog/"]],
            ["gte", "prop:seats", 10],
            ["exists", "revenue"],
            ["or", [["is", "source", "google"], ["and", [["is", "medium", "email"], ["not", ["is", "os", "iOS"]]]]]],
            ["has_done", ["is", "event", ["signup"]]],
        ],
    })
});

/// The JSON type of a metric's value.
fn value(metric: Metric) -> Value {
    match metric.unit() {
        "count" => json!({ "type": "integer", "minimum": 0 }),
        "amount by currency" => json!({ "type": "object", "additionalProperties": { "type": "number" } }),
        _ => json!({ "type": ["number", "null"] }),
    }
}

/// A row of metrics by dimensions.
pub struct StatsRow;

described!(StatsRow, "StatsRow", |_generator| {
    let mut members: Map<String, Value> =
        Metric::ALL.iter().map(|metric| (metric.as_str().to_owned(), value(*metric))).collect();
    members.extend(
        Column::GROUPABLE
            .iter()
            .map(|column| (column.as_str().to_owned(), json!({ "type": "string", "description": column.about() }))),
    );
    let time = "A date for days, weeks (their Monday) and months (their first day); for hours and minutes an instant with \
        the time zone's offset.";
    members.insert("time".to_owned(), json!({ "type": "string", "description": time, "examples": ["2026-11-21"] }));
    members.insert(
        "compare".to_owned(),
        json!({
            "type": "object", "description": "For each metric its value in the period compared with, and the change.",
            "additionalProperties": {
                "type": "object", "required": ["previous", "change"],
                "properties": {
                    "previous": { "description": "As the metric itself." },
                    "change": { "type": ["number", "null"], "description": "In percent; `null` if there is none." },
                },
            },
        }),
    );
    json_schema!({
        "type": "object", "properties": members, "patternProperties": { "^prop:": { "type": "string" } },
        "additionalProperties": false,
        "description": "The dimensions and metrics that were asked for. Shares and means of nothing are `null`.",
    })
});

/// An event as it is stored.
pub struct StoredEvent;

described!(StoredEvent, "StoredEvent", |_generator| {
    let column = |column: &Column| {
        let mut schema = match column.holds() {
            Holds::Text | Holds::Hash => json!({ "type": "string" }),
            Holds::Time => json!({ "type": "string", "format": "date-time" }),
            Holds::Money => json!({
                "type": ["object", "null"], "required": ["amount", "currency"],
                "properties": { "amount": { "type": "string" }, "currency": { "type": "string" } },
            }),
            Holds::Json => json!({ "type": "object" }),
        };
        schema["description"] = column.about().into();
        (column.as_str().to_owned(), schema)
    };
    let members: Map<String, Value> = Column::SHOWN.iter().map(column).collect();
    json_schema!({
        "type": "object", "properties": members, "additionalProperties": false,
        "required": names(Column::SHOWN.iter().map(|column| column.as_str())),
        "description": "An event as it is stored. What is unknown is empty.",
    })
});
