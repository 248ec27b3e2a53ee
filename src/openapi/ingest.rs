//! Sending events.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{one_of, parameter, reference};
use super::derive::Derived;
use super::operation::Operation;
use crate::app::documented::{Acknowledged, Batch as BatchAnswer};
use crate::app::{MAX_BATCH_BODY, MAX_EVENT_BODY};
use intake::error::ErrorCode;
use intake::event::RawEvent;
use intake::ingest::{Batch, Identification, MAX_EVENTS};

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
    Derived::new()
        .body::<RawEvent>(json!([
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
        ]))
        .body::<Identification>(json!([
            { "anonymous_id": "visitor-1", "user_id": "customer-7", "traits": { "plan": "pro" } },
        ]))
        .body::<Batch>(json!([
            { "events": [{ "event": "pageview", "url": "https://example.com/" }, { "event": "signup" }] },
            [{ "event": "pageview", "url": "https://example.com/" }],
        ]))
        .answer::<Acknowledged>(json!([{ "ok": true, "event_id": "01a1fc25-40ad-72ea-9425-245b22ad2c45" }]))
        .answer::<BatchAnswer>(json!([{ "ok": true, "accepted": 1, "results": [{
            "index": 1, "status": "rejected", "code": "invalid_payload", "detail": "event: is missing",
        }] }]))
        .schemas()
}
