//! Sending events.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{described, each_or_null, examples, list, object, one_of, parameter, pattern, reference, text};
use super::derive::answer;
use super::operation::Operation;
use crate::app::answers::{Acknowledged, Batch as BatchAnswer};
use crate::app::{MAX_BATCH_BODY, MAX_EVENT_BODY};
use intake::error::ErrorCode;
use intake::event::{MAX_ADDRESS, MAX_HEADER, MAX_ID, MAX_NESTING, MAX_PROPERTIES, MAX_TITLE, MAX_USER_ID};
use intake::ingest::MAX_EVENTS;

/// What can be wrong with events, besides the key.
const CODES: &[ErrorCode] = &[
    ErrorCode::InvalidPayload,
    ErrorCode::TimestampTooOld,
    ErrorCode::UnsupportedEncoding,
    ErrorCode::PayloadTooLarge,
    ErrorCode::UnsupportedMediaType,
    ErrorCode::QuotaExceeded,
    ErrorCode::RateLimited,
    ErrorCode::StoreUnavailable,
];
const BATCH_CODES: &[ErrorCode] = &[
    ErrorCode::InvalidPayload,
    ErrorCode::InvalidParams,
    ErrorCode::BatchTooLarge,
    ErrorCode::TimestampTooOld,
    ErrorCode::UnsupportedEncoding,
    ErrorCode::PayloadTooLarge,
    ErrorCode::UnsupportedMediaType,
    ErrorCode::QuotaExceeded,
    ErrorCode::RateLimited,
    ErrorCode::StoreUnavailable,
];

/// JSON, also as a beacon sends it.
fn body(schema: &str) -> Value {
    let beacon = json!({
        "type": "string", "contentMediaType": "application/json", "contentSchema": reference(schema),
        "description": "The same as text: a beacon sends it so that no preflight is needed.",
    });
    json!({ "application/json": { "schema": reference(schema) }, "text/plain": { "schema": beacon } })
}

fn sends(path: &'static str, id: &'static str, summary: &'static str, schema: &str) -> Operation {
    let mut operation = Operation::new("POST", path, id, "Events", summary).fails(CODES);
    operation.body = Some(body(schema));
    operation
}

pub(super) fn operations() -> Vec<Operation> {
    let atomic = parameter(
        "atomic",
        "`1`: one invalid event rejects the whole batch, and nothing is stored.",
        one_of(["0", "1", "false", "true"]),
    );
    vec![
        sends("/v1/track", "track", "Send one event", "Event")
            .about(format!("Up to {} KiB. Unknown members are ignored.", MAX_EVENT_BODY / 1024))
            .answers(202, "Accepted"),
        sends("/e", "trackUnblocked", "Send one event, at an address that content blockers do not list", "Event")
            .about("The same as `/v1/track`.")
            .answers(202, "Accepted"),
        sends("/v1/batch", "batch", "Send many events", "Batch")
            .about(format!(
                "Up to {MAX_EVENTS} events and {} KiB unpacked. Each event is validated on its own: `results` has an \
                 entry for each event that was rejected or changed, and the others are stored.",
                MAX_BATCH_BODY / 1024
            ))
            .takes(vec![atomic])
            .answers(202, "BatchAnswer")
            .fails(BATCH_CODES),
        sends("/v1/identify", "identify", "Link a device to a person", "Identification")
            .about(
                "Stored as an event named `$identify` with `traits` as its properties. From then on `users` counts the \
                 events of the device, earlier ones included, as the person's; `visitors` does not change.",
            )
            .answers(202, "Accepted"),
        script("/v1/a.js", "script", "The script for pages").about(
            "A script tag with `src=\"https://…/v1/a.js\"`, `data-key=\"pk_live_…\"` and `defer` sends page views and what its \
             attributes turn on (`sdk-browser/README.md`). With an `ETag`: `If-None-Match` returns 304 if nothing has changed.",
        ),
        script("/s.js", "scriptUnblocked", "The script for pages, at an address that content blockers do not list")
            .about("The same as `/v1/a.js`."),
    ]
}

fn script(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new("GET", path, id, "Events", summary).answers_with(
        200,
        "text/javascript; charset=utf-8",
        json!({ "type": "string" }),
    )
}

pub(super) fn schemas() -> Schemas {
    let written = vec![
        ("Event", event()),
        ("Identification", identification()),
        ("EventTime", time()),
        ("Properties", properties()),
        ("Revenue", revenue()),
        ("Context", context()),
        ("Batch", batch()),
    ];
    let derived = [
        answer::<Acknowledged>(&json!([{ "ok": true, "event_id": "01a1fc25-40ad-72ea-9425-245b22ad2c45" }])),
        answer::<BatchAnswer>(&json!([{ "ok": true, "accepted": 1, "results": [{
            "index": 1, "status": "rejected", "code": "invalid_payload", "detail": "event: is missing",
        }] }])),
    ];
    [written, derived.concat()].concat()
}

/// What every event may have.
fn common() -> Value {
    json!({
        "event_id": described(text(1, MAX_ID), "Identity of the event within a UTC day: the first one counts. Generated by the server \
            if absent; only an event with both `event_id` and `timestamp` is safe to send again."),
        "timestamp": reference("EventTime"),
        "anonymous_id": described(text(1, MAX_ID), "Id of the device, if the page keeps one."),
        "user_id": described(text(1, MAX_USER_ID), "Your own id of the person."),
        "session_id": described(text(1, MAX_ID), "The client's own session; without it, a session ends after 30 minutes without events."),
        "url": described(text(0, MAX_ADDRESS), "Address of the page. User info, fragment, click ids' values and parameters that \
            the project does not keep are not stored."),
        "referrer": described(text(0, MAX_ADDRESS), "Where the visitor came from. Its query is not stored."),
        "path": described(text(0, MAX_ADDRESS), "Taken from `url` if absent. A fragment is stored only if it is a route (`/app#/inbox`)."),
        "title": described(text(0, MAX_TITLE), "Title of the page."),
        "revenue": reference("Revenue"),
        "context": reference("Context"),
    })
}

fn event() -> Value {
    let mut properties = common();
    properties["properties"] = reference("Properties");
    let mut properties = each_or_null(properties);
    properties["event"] = described(text(1, MAX_ID), "Its name: `pageview` counts as one.");
    examples(
        described(object(&["event"], properties), "An event."),
        json!([
            {
                "event": "pageview", "event_id": "01a1fc25-40ad-72ea-9425-245b22ad2c45",
                "timestamp": "2026-11-21T10:00:00.000Z", "anonymous_id": "visitor-1", "title": "Pricing",
                "url": "https://example.com/pricing?utm_source=newsletter&utm_medium=email",
                "referrer": "https://mail.example.net/",
            },
            {
                "event": "purchase", "timestamp": 1_795_255_200_000_i64, "user_id": "customer-7",
                "revenue": { "amount": "19.99", "currency": "EUR" }, "properties": { "plan": "pro", "seats": 3 },
                "context": { "ip": "203.0.113.7", "user_agent": "Mozilla/5.0", "country": "DE", "dnt": false },
            },
        ]),
    )
}

fn identification() -> Value {
    let mut properties = common();
    properties["traits"] = described(reference("Properties"), "What is known about the person.");
    let mut properties = each_or_null(properties);
    properties["anonymous_id"] = described(text(1, MAX_ID), "The device.");
    properties["user_id"] = described(text(1, MAX_USER_ID), "The person.");
    examples(
        object(&["anonymous_id", "user_id"], properties),
        json!([{ "anonymous_id": "visitor-1", "user_id": "customer-7", "traits": { "plan": "pro" } }]),
    )
}

fn time() -> Value {
    examples(
        described(
            json!({ "anyOf": [
                described(pattern(r"^\d{4}-\d{2}-\d{2}([T ].+)?$"), "ISO 8601; UTC if it has no offset."),
                { "type": "number", "minimum": intake::time::YEAR_2000_MS, "maximum": intake::time::LAST_MS,
                  "description": "Milliseconds since 1970." },
            ] }),
            "When it happened, not before 2000. Absent: from an `event_id` that is a UUIDv7, else the time of receipt. \
             More than 24 hours in the future: the time of receipt is used instead, and the answer says so.",
        ),
        json!(["2026-11-21T10:00:00.000Z", "2026-11-21T11:00:00+01:00", "2026-11-21", 1_795_255_200_000_i64]),
    )
}

fn properties() -> Value {
    examples(
        described(
            json!({ "type": "object" }),
            &format!(
                "Anything, at most {MAX_NESTING} deep. More than {MAX_PROPERTIES} bytes of JSON are replaced by \
                 `{{\"__truncated\":true,\"original_bytes\":N}}`, and the event is kept."
            ),
        ),
        json!([{ "plan": "pro", "seats": 3, "tags": ["a", "b"] }]),
    )
}

fn revenue() -> Value {
    examples(
        described(
            object(
                &["amount", "currency"],
                json!({
                    "amount": {
                        "description": "At most 10^12 in size, four digits after the point; negative for a refund. As \
                            text it keeps every digit.",
                        "anyOf": [
                            { "type": "number", "minimum": -1e12, "maximum": 1e12 },
                            pattern(r"^-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$"),
                        ],
                    },
                    "currency": described(pattern("^[A-Za-z]{3}$"), "ISO 4217."),
                }),
            ),
            "Revenue of the event.",
        ),
        json!([{ "amount": "19.99", "currency": "EUR" }, { "amount": -5, "currency": "usd" }]),
    )
}

fn context() -> Value {
    let header = |what: &str| described(text(0, MAX_HEADER), what);
    examples(
        described(
            object(
                &[],
                each_or_null(json!({
                    "ip": described(json!({ "type": "string" }), "The visitor's IPv4 or IPv6 address."),
                    "user_agent": header("The visitor's `User-Agent`."),
                    "country": described(pattern("^[A-Za-z]{2}$"), "ISO 3166."),
                    "language": header("The visitor's `Accept-Language`."),
                    "dnt": { "type": "boolean", "description": "Whether the visitor asked not to be tracked." },
                    "screen": described(
                        object(&[], each_or_null(json!({
                            "width": { "type": "number" }, "height": { "type": "number" },
                        }))),
                        "Size of the visitor's screen in CSS pixels, from any key. Stored as a class by width: `mobile` \
                         below 576, `tablet` below 992, `laptop` below 1440, else `desktop`.",
                    ),
                })),
            ),
            "What is known about the visitor. Except for `screen` it is taken from `sk` keys only: used like a browser's \
             own headers, and discarded like them. From other keys it is ignored.",
        ),
        json!([{ "ip": "203.0.113.7", "user_agent": "Mozilla/5.0", "country": "DE" }]),
    )
}

fn batch() -> Value {
    let mut events = list(&reference("Event"), MAX_EVENTS);
    events["minItems"] = 1.into();
    examples(
        json!({ "anyOf": [object(&["events"], json!({ "events": events.clone() })), events] }),
        json!([
            { "events": [{ "event": "pageview", "url": "https://example.com/" }, { "event": "signup" }] },
            [{ "event": "pageview", "url": "https://example.com/" }],
        ]),
    )
}
