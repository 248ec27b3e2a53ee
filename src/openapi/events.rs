//! Asking for events as they are, for what is sent, and for what happens now.

use serde_json::{Map, Value, json};

use super::Schemas;
use super::build::{count, examples, instant, list, object, one_of, or_null, parameter, reference, told};
use super::operation::Operation;
use super::questions::{ASKED, page, project, which, whose_and_when};
use intake::error::ErrorCode;
use query::{DEFAULT_EVENTS_LIMIT, EVENT_COLUMNS, Format, Holds, MAX_EVENTS_LIMIT};

/// What can become of a question without groups.
const PLAIN: &[ErrorCode] =
    &[ErrorCode::InvalidParams, ErrorCode::RateLimited, ErrorCode::StoreUnavailable, ErrorCode::QueryTimeout];

pub(super) fn operations() -> Vec<Operation> {
    let mut query = whose_and_when();
    query.extend(which());
    query.extend(page(MAX_EVENTS_LIMIT, DEFAULT_EVENTS_LIMIT));
    let mut realtime = vec![project()];
    realtime.extend(which());
    let mut export = vec![parameter(
        "format",
        "What it is written as; `ndjson` where absent.",
        one_of(["ndjson", "csv", "parquet"]),
    )];
    export.extend(whose_and_when());
    export.extend(which());
    let file = || told(json!({ "type": "string" }), "A file; docs/reading-events.md tells what is in it.");
    vec![
        Operation::new("GET", "/v1/export", "export", "Questions", "All events of a period as a file")
            .about(
                "Handed on as the store writes it; one of a project at a time. NDJSON ends with a line \
                 `{\"$end\":{\"complete\":true,\"rows\":N}}`; without it, or with `false`, rows are missing. CSV and Parquet \
                 that are not whole break off.",
            )
            .takes(export)
            .answers_with(200, Format::Ndjson.media_type(), file())
            .answers_with(200, Format::Csv.media_type(), file())
            .answers_with(200, Format::Parquet.media_type(), file())
            .fails(PLAIN),
        Operation::new("GET", "/v1/query", "events", "Questions", "Events as they are, newest first")
            .about("A page begins behind the last event of the one before: what is written meanwhile moves none.")
            .takes(query)
            .answers(200, "EventPage")
            .fails(PLAIN),
        Operation::new("GET", "/v1/realtime", "realtime", "Questions", "The last 5 and 30 minutes")
            .about("Visitors, top pages and sources. Windows are whole UTC minutes, the running one included.")
            .takes(realtime)
            .answers(200, "Realtime")
            .fails(ASKED),
        Operation::new("GET", "/v1/schema", "schema", "Questions", "Names of events and keys of properties in use")
            .about("Of the last 90 days; of frequent events a sample is looked into for keys.")
            .takes(vec![project()])
            .answers(200, "InUse")
            .fails(PLAIN),
    ]
}

pub(super) fn schemas() -> Schemas {
    vec![("EventPage", event_page()), ("StoredEvent", stored()), ("Realtime", realtime()), ("InUse", in_use())]
}

fn event_page() -> Value {
    let meta = object(
        &["from", "to", "timezone", "rows_read", "elapsed_ms"],
        json!({
            "from": instant(), "to": instant(), "timezone": { "type": "string" }, "rows_read": count(),
            "elapsed_ms": count(),
        }),
    );
    object(
        &["rows", "next_cursor", "meta"],
        json!({
            "rows": { "type": "array", "items": reference("StoredEvent"), "maxItems": MAX_EVENTS_LIMIT },
            "next_cursor": told(or_null(json!({ "type": "string" })), "Where the next page begins; null: this is the last one."),
            "meta": meta,
        }),
    )
}

fn stored() -> Value {
    let money =
        object(&["amount", "currency"], json!({ "amount": { "type": "string" }, "currency": { "type": "string" } }));
    let column = |holds: Holds| match holds {
        Holds::Text => json!({ "type": "string" }),
        Holds::Time => instant(),
        Holds::Hash => told(json!({ "type": "string" }), "64 bits as a decimal text; empty where there is none."),
        Holds::Money => told(or_null(money.clone()), "The amount as text: a number could lose digits."),
        Holds::Json => told(json!({ "type": "object" }), "As sent, to the byte."),
    };
    let members: Map<String, Value> =
        EVENT_COLUMNS.iter().map(|(name, holds)| ((*name).to_owned(), column(*holds))).collect();
    let required: Vec<&str> = EVENT_COLUMNS.iter().map(|(name, _)| *name).collect();
    let mut stored = object(&required, members.into());
    stored["additionalProperties"] = false.into();
    told(stored, "An event as it is stored; what is not known is empty.")
}

fn realtime() -> Value {
    let rows = || list(&reference("StatsRow"), 10);
    let window = object(
        &["minutes", "visitors", "events", "pages", "sources"],
        json!({
            "minutes": count(), "visitors": count(), "events": count(),
            "pages": told(rows(), "`path`, `visitors`, `events`; most visitors first."),
            "sources": told(rows(), "`source`, `visitors`, `events`; most visitors first."),
        }),
    );
    let meta = object(&["from", "to", "now"], json!({ "from": instant(), "to": instant(), "now": instant() }));
    let top = json!([{ "path": "/", "visitors": 3, "events": 4 }]);
    let sources = json!([{ "source": "google", "visitors": 3, "events": 4 }]);
    let example =
        |minutes: u32| json!({ "minutes": minutes, "visitors": 3, "events": 4, "pages": top, "sources": sources });
    examples(
        object(
            &["windows", "series", "meta"],
            json!({
                "windows": { "type": "array", "items": window, "minItems": 2, "maxItems": 2 },
                "series": told(list(&reference("StatsRow"), 30), "`visitors` and `events` of each minute of the longer window."),
                "meta": meta,
            }),
        ),
        json!([{
            "windows": [example(5), example(30)],
            "series": [{ "time": "2026-11-21T10:00:00Z", "visitors": 3, "events": 4 }],
            "meta": { "from": "2026-11-21T09:31:00.000Z", "to": "2026-11-21T10:01:00.000Z", "now": "2026-11-21T10:00:34.567Z" },
        }]),
    )
}

fn in_use() -> Value {
    let property = object(
        &["key", "types"],
        json!({
            "key": { "type": "string" },
            "types": { "type": "array", "items": one_of(["array", "boolean", "null", "number", "object", "string"]) },
        }),
    );
    let event = object(
        &["name", "count", "first_seen", "last_seen", "properties"],
        json!({
            "name": { "type": "string" }, "count": count(), "first_seen": instant(), "last_seen": instant(),
            "properties": told(list(&property, 100), "Most frequent first."),
        }),
    );
    examples(
        object(
            &["events", "dimensions", "meta"],
            json!({
                "events": told(list(&event, 200), "Most frequent first."),
                "dimensions": told(json!({ "type": "array", "items": reference("Axis") }), "As `GET /v1/metrics`."),
                "meta": object(&["from", "to", "rows_read"], json!({ "from": instant(), "to": instant(), "rows_read": count() })),
            }),
        ),
        json!([{
            "events": [{ "name": "purchase", "count": 7, "first_seen": "2026-11-01T10:00:00.000Z",
                "last_seen": "2026-11-21T10:00:00.000Z", "properties": [{ "key": "plan", "types": ["string"] }] }],
            "dimensions": [{ "name": "source", "events": true, "sessions": true }],
            "meta": { "from": "2026-08-23T10:00:00.000Z", "to": "2026-11-22T10:00:00.000Z", "rows_read": 14 },
        }]),
    )
}
