//! Sending events.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{
    count, described, each_or_null, examples, list, object, one_of, parameter, pattern, reference, text,
};
use super::operation::Operation;
use crate::app::{MAX_BATCH_BODY, MAX_EVENT_BODY};
use intake::error::ErrorCode;
use intake::event::{MAX_ADDRESS, MAX_HEADER, MAX_ID, MAX_NESTING, MAX_PROPERTIES, MAX_TITLE, MAX_USER_ID};
use intake::ingest::{MAX_EVENTS, TIME_REPLACED};

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
        "`1`: one bad event refuses the whole batch, and nothing is stored.",
        one_of(["0", "1", "false", "true"]),
    );
    vec![
        sends("/v1/track", "track", "Sends one event", "Event")
            .about(format!("Up to {} KiB. Members that are not named here are passed over.", MAX_EVENT_BODY / 1024))
            .answers(202, "Accepted"),
        sends("/e", "trackUnblocked", "Sends one event, under a name that blockers leave alone", "Event")
            .about("The same as `/v1/track`.")
            .answers(202, "Accepted"),
        sends("/v1/batch", "batch", "Sends many events", "Batch")
            .about(format!(
                "Up to {MAX_EVENTS} events and {} KiB unpacked. Each event is judged by itself: `results` has a \
                 verdict for every one that is not plainly accepted, and the others are stored.",
                MAX_BATCH_BODY / 1024
            ))
            .takes(vec![atomic])
            .answers(202, "BatchAnswer")
            .fails(BATCH_CODES),
        sends("/v1/identify", "identify", "Says that a device belongs to a person", "Identification")
            .about(
                "Stored as an event named `$identify`, of which `traits` are the properties. From then on `users` counts \
                 the events of the device as the person's, earlier ones included; `visitors` never does.",
            )
            .answers(202, "Accepted"),
        script("/v1/a.js", "script", "The script for pages").about(
            "A script tag with `src=\"https://…/v1/a.js\"`, `data-key=\"pk_live_…\"` and `defer` sends page views, and more if its \
             attributes ask for it (`sdk-browser/README.md`). With an `ETag`: `If-None-Match` is answered with 304.",
        ),
        script("/s.js", "scriptUnblocked", "The script for pages, under a name that blockers leave alone")
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
    vec![
        ("Event", event()),
        ("Identification", identification()),
        ("EventTime", time()),
        ("Properties", properties()),
        ("Revenue", revenue()),
        ("Context", context()),
        ("Batch", batch()),
        ("Accepted", accepted()),
        ("BatchAnswer", batch_answer()),
        ("Verdict", verdict()),
    ]
}

/// What every event may have.
fn common() -> Value {
    json!({
        "event_id": described(text(1, MAX_ID), "Tells events apart within a UTC day: the first one counts. Made by the server \
            where absent; only an event with both `event_id` and `timestamp` is safe to send again."),
        "timestamp": reference("EventTime"),
        "anonymous_id": described(text(1, MAX_ID), "The device's id, where the page keeps one."),
        "user_id": described(text(1, MAX_USER_ID), "Your own id of the person."),
        "session_id": described(text(1, MAX_ID), "The client's own session; without it a gap of 30 minutes ends one."),
        "url": described(text(0, MAX_ADDRESS), "Address of the page. User info, fragment, click ids' values and parameters that \
            the project does not keep are not stored."),
        "referrer": described(text(0, MAX_ADDRESS), "Where the visitor came from. Its query is not stored."),
        "path": described(text(0, MAX_ADDRESS), "Taken from `url` where absent. Of a fragment a route (`/app#/inbox`) is stored."),
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
        described(object(&["event"], properties), "Something that happened."),
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
                described(pattern(r"^\d{4}-\d{2}-\d{2}([T ].+)?$"), "ISO 8601; UTC where it names no zone."),
                { "type": "number", "minimum": intake::time::YEAR_2000_MS, "maximum": intake::time::LAST_MS,
                  "description": "Milliseconds since 1970." },
            ] }),
            "When it happened, not before 2000. Absent: from an `event_id` that is a UUIDv7, else the time of receipt. \
             More than 24 hours ahead: the time of receipt is taken instead, and the answer says so.",
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
            "Money that the event brought.",
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
                    "dnt": { "type": "boolean", "description": "The visitor asked not to be tracked." },
                    "screen": described(
                        object(&[], each_or_null(json!({
                            "width": { "type": "number" }, "height": { "type": "number" },
                        }))),
                        "Size of the visitor's screen in CSS pixels, from any key. Stored as a class by width: `mobile` \
                         below 576, `tablet` below 992, `laptop` below 1440, else `desktop`.",
                    ),
                })),
            ),
            "What is known about the visitor. All but `screen` is taken from `sk` keys only, used as a browser's own \
             headers would be, and not stored. From other keys it is ignored.",
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

fn accepted() -> Value {
    examples(
        object(
            &["ok", "event_id"],
            json!({
                "ok": { "const": true },
                "event_id": { "type": "string", "description": "As sent, or as made." },
                "code": { "const": TIME_REPLACED.0, "description": "A remark, where there is one." },
                "detail": { "type": "string" },
            }),
        ),
        json!([{ "ok": true, "event_id": "01a1fc25-40ad-72ea-9425-245b22ad2c45" }]),
    )
}

fn batch_answer() -> Value {
    examples(
        object(
            &["ok", "accepted", "results"],
            json!({
                "ok": { "const": true },
                "accepted": described(count(), "How many were stored."),
                "results": list(&reference("Verdict"), MAX_EVENTS),
            }),
        ),
        json!([{ "ok": true, "accepted": 1, "results": [{
            "index": 1, "status": "rejected", "code": "invalid_payload", "detail": "event: is missing",
        }] }]),
    )
}

fn verdict() -> Value {
    let codes = ErrorCode::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| matches!(*code, "invalid_payload" | "timestamp_too_old"));
    let codes = codes.chain(["duplicate", TIME_REPLACED.0]);
    described(
        object(
            &["index", "status", "code", "detail"],
            json!({
                "index": described(count(), "Place in the batch, from 0."),
                "event_id": { "type": "string", "description": "Where it could be read." },
                "status": one_of(["accepted", "duplicate", "rejected"]),
                "code": one_of(codes),
                "detail": { "type": "string" },
            }),
        ),
        "What became of an event that was not plainly accepted. `duplicate`: the same `event_id` stood earlier in the \
         request.",
    )
}
