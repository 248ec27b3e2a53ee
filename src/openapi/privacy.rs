//! Erasure and export of a person's data.

use serde_json::json;

use super::Schemas;
use super::build::{closed, count, described, each_or_null, examples, instant, object, one_of, or_null, text};
use super::derive::answer;
use super::operation::Operation;
use crate::app::answers::ForgetAccepted;
use intake::error::ErrorCode;
use intake::event::{MAX_ID, MAX_USER_ID};
use query::Format;

/// What can be wrong with a request about a person, besides the key.
const CODES: &[ErrorCode] = &[
    ErrorCode::InvalidPayload,
    ErrorCode::UnsupportedEncoding,
    ErrorCode::PayloadTooLarge,
    ErrorCode::UnsupportedMediaType,
    ErrorCode::RateLimited,
    ErrorCode::StoreUnavailable,
];
const ACCESS_CODES: &[ErrorCode] = &[
    ErrorCode::InvalidPayload,
    ErrorCode::UnsupportedEncoding,
    ErrorCode::PayloadTooLarge,
    ErrorCode::UnsupportedMediaType,
    ErrorCode::RateLimited,
    ErrorCode::StoreUnavailable,
    ErrorCode::QueryTimeout,
];

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("POST", "/v1/forget", "forget", "Privacy", "Erase what is stored about a person")
            .about(
                "A `user_id` includes all devices of the user, an `anonymous_id` includes its user if it has one. The cron erases \
                 within minutes, and for 30 days also what arrives later. The same ids sent again return the same \
                 request. `docs/forget.md` lists what is erased.",
            )
            .reads("PersonAsked")
            .answers(202, "ForgetAccepted")
            .fails(CODES),
        Operation::new("GET", "/v1/forget/{id}", "forgotten", "Privacy", "Get the state of an erasure request")
            .answers(200, "ForgetReceipt")
            .fails(&[ErrorCode::NotFound, ErrorCode::RateLimited]),
        Operation::new("POST", "/v1/access", "access", "Privacy", "Export everything that is stored about a person")
            .about(
                "Exactly the rows that erasure would delete, one JSON object per line with its place in \
                 `table`: `events`, `sessions`, `identities`, `dead_letters`, `buffer` (what waits), `forget_requests`. \
                 It ends with a line `{\"$end\":{\"complete\":true,\"rows\":N}}`; without it, or with `false`, rows are \
                 missing.",
            )
            .reads("PersonAsked")
            .answers_with(200, Format::Ndjson.media_type(), described(json!({ "type": "string" }), "A line for each row."))
            .fails(ACCESS_CODES),
    ]
}

pub(super) fn schemas() -> Schemas {
    let ids = each_or_null(json!({
        "user_id": described(text(1, MAX_USER_ID), "Your own id of the person."),
        "anonymous_id": described(text(1, MAX_ID), "A device's id."),
    }));
    let mut asked = closed(&[], ids);
    asked["anyOf"] = json!([
        { "required": ["user_id"], "properties": { "user_id": { "type": "string" } } },
        { "required": ["anonymous_id"], "properties": { "anonymous_id": { "type": "string" } } },
    ]);
    let counts = object(
        &["events", "sessions", "identities", "dead_letters", "buffered"],
        json!({
            "events": described(count(), "Events in the store, each once."),
            "sessions": count(),
            "identities": described(count(), "Identifications, once a day."),
            "dead_letters": count(),
            "buffered": described(count(), "Events that still waited for the store."),
        }),
    );
    let example = "0b8f6a52-7f0e-4a3c-9d52-3f6c2a1e9b10";
    let written = vec![
        (
            "PersonAsked",
            examples(asked, json!([{ "user_id": "u-1842" }, { "user_id": "u-1842", "anonymous_id": "d-77a0" }])),
        ),
        (
            "ForgetReceipt",
            examples(
                object(
                    &["request_id", "status", "requested_at", "done_at", "counts"],
                    json!({
                        "request_id": { "type": "string", "format": "uuid" },
                        "status": described(one_of(["pending", "done"]), "`done`: everything found so far is erased."),
                        "requested_at": described(instant(), "When it was last requested."),
                        "done_at": or_null(instant()),
                        "counts": described(counts, "What was erased so far, including what arrived later."),
                    }),
                ),
                json!([{
                    "request_id": example, "status": "done", "requested_at": "2026-11-21T10:00:34.567Z",
                    "done_at": "2026-11-21T10:05:02.100Z",
                    "counts": { "events": 412, "sessions": 31, "identities": 3, "dead_letters": 0, "buffered": 2 },
                }]),
            ),
        ),
    ];
    [written, answer::<ForgetAccepted>(&json!([{ "ok": true, "request_id": example }]))].concat()
}
