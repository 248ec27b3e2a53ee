//! Arguments that several tools share.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use query::{MAX_FILTERS, Metric};

/// Longest name of an event.
pub(super) const MAX_EVENT: usize = 128;
/// Longest description of a period in words.
const MAX_PERIOD: usize = 80;

/// A condition in JSON. Clients refuse an array without `items` at any depth.
pub(super) fn condition() -> Value {
    let scalar = json!(["string", "number", "boolean"]);
    let argument = json!({ "type": ["string", "number", "boolean", "array"], "items": { "type": scalar } });
    json!({ "type": "array", "items": { "type": ["string", "number", "boolean", "array"], "items": argument } })
}

/// Arguments that several tools share, described for a model.
pub(super) fn parts() -> Map<String, Value> {
    let named = |mut schema: Value, description: &str| {
        schema["type"] = json!(["array", "string"]);
        schema["maxLength"] = MAX_EVENT.into();
        schema["description"] = description.into();
        schema
    };
    let pair = json!({ "type": ["string", "array"], "maxLength": MAX_PERIOD, "items": { "type": "string" },
        "minItems": 2, "maxItems": 2 });
    let with = |mut schema: Value, more: Value| {
        for (name, value) in more.as_object().into_iter().flatten() {
            schema[name] = value.clone();
        }
        schema
    };
    let metrics: Vec<&str> = Metric::ALL.iter().map(|metric| metric.as_str()).collect();
    let parts = json!({
        "date_range": with(pair.clone(), json!({
            "description": "The period: today, yesterday, 24h, 7d, 3mo, week, month, last_month, year, or in words: last 30 \
                days, last week, 2026-10, October 2026, Q3 2026, 2026-10-01 to 2026-10-15, since 2026-10-01. Or a pair of \
                dates (both included) or of instants (the second excluded). Default 30d; at most five years.",
            "examples": ["last 30 days", "2026-10", ["2026-10-01", "2026-10-31"]],
        })),
        "timezone": { "type": "string", "maxLength": query::MAX_ZONE,
            "description": "IANA time zone for day boundaries, such as Europe/Berlin. Default: the project's." },
        "filters": { "type": "array", "maxItems": MAX_FILTERS, "items": condition(),
            "description": "Conditions that must all hold: [\"is\",\"country\",[\"DE\",\"AT\"]]. Operators: is, is_not, \
                contains, not_contains, starts_with, matches (one text, or a list where one match is enough), gt, gte, lt, \
                lte (a number, on revenue or prop:KEY), exists, and, or, not, has_done, has_not_done. \
                [\"is\",\"segment\",[\"NAME\"]] is a saved segment (list_segments). See docs://query-language.",
            "examples": [[["is", "country", ["DE"]], ["not", ["contains", "path", ["/admin"]]]]] },
        "include_bots": { "type": "boolean", "description": "Count bots as well. Default false." },
        "cursor": { "type": "string", "maxLength": query::MAX_CURSOR,
            "description": "next_cursor of the previous answer; all other arguments must be the same." },
        "breakdown": { "type": "string", "maxLength": 210,
            "description": "Break down by a column (source, country, device_type, …) or prop:KEY." },
        "compare": with(pair, json!({
            "description": "A period to compare with: previous_period, year_over_year, words for a complete period (last \
                month, 2025-10), or a pair of dates.",
        })),
        "metrics": { "type": "array", "minItems": 1, "maxItems": query::MAX_METRICS, "items": { "enum": metrics },
            "description": "What to measure. Default events. get_metric_definitions says what each means." },
        "goal": named(condition(), "For conversion_rate: a condition on single events, such as \
            [\"is\",\"event\",[\"signup\"]], or the name of an event."),
        "projects": { "type": ["string", "array"], "maxLength": 128, "items": { "type": "string", "maxLength": 128 },
            "minItems": 1, "maxItems": 20,
            "description": "all, or slugs or ids of projects (list_projects). Default all; at most 20." },
    });
    parts.as_object().cloned().unwrap_or_default()
}

/// A condition, or the name of an event.
pub(super) fn named(mut condition: Value) -> Value {
    condition["type"] = json!(["string", "array"]);
    condition["maxLength"] = MAX_EVENT.into();
    condition
}

/// A member that several tools share, by its name in [`parts`].
macro_rules! part {
    ($($type:ident = $name:literal,)*) => {$(
        pub(super) struct $type;
        impl JsonSchema for $type {
            fn inline_schema() -> bool { true }
            fn schema_name() -> std::borrow::Cow<'static, str> { $name.into() }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Schema::try_from(parts()[$name].clone()).unwrap()
            }
        }
    )*};
}
part! {
    DateRange = "date_range", Zone = "timezone", Filters = "filters", IncludeBots = "include_bots", Cursor = "cursor",
    Compare = "compare", Metrics = "metrics", Goal = "goal", Projects = "projects",
}

/// A whole number from 1 to `MAX`.
pub(super) struct Rows<const MAX: u32>;
impl<const MAX: u32> JsonSchema for Rows<MAX> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rows".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": MAX })
    }
}

/// A text of 1 to `MAX` characters.
pub(super) struct Text<const MAX: usize>;
impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}
