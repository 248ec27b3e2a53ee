//! Erasure and export of a person's data.

use serde_json::json;

use super::Schemas;
use super::build::described;
use super::derive::Derived;
use super::operation::Operation;
use crate::app::documented::{Asked, ForgetAccepted, ForgetReceipt};
use intake::error::ErrorCode;
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
    let id = "0b8f6a52-7f0e-4a3c-9d52-3f6c2a1e9b10";
    Derived::new()
        .body::<Asked>(json!([{ "user_id": "u-1842" }, { "user_id": "u-1842", "anonymous_id": "d-77a0" }]))
        .answer::<ForgetAccepted>(json!([{ "ok": true, "request_id": id }]))
        .answer::<ForgetReceipt>(json!([{
            "request_id": id, "status": "done", "requested_at": "2026-11-21T10:00:34.567Z",
            "done_at": "2026-11-21T10:05:02.100Z",
            "counts": { "events": 412, "sessions": 31, "identities": 3, "dead_letters": 0, "buffered": 2 },
        }]))
        .schemas()
}
