//! Saved filters.

use serde_json::json;

use super::Schemas;
use super::build::reference;
use super::derive::Derived;
use super::operation::Operation;
use super::reports::project;
use crate::app::documented::{NewSegment, Segment, SegmentChange};
use intake::error::ErrorCode;

const READS: &[ErrorCode] = &[ErrorCode::InvalidParams, ErrorCode::RateLimited];
const FINDS: &[ErrorCode] = &[ErrorCode::InvalidParams, ErrorCode::NotFound, ErrorCode::RateLimited];
const WRITES: &[ErrorCode] = &[
    ErrorCode::InvalidPayload,
    ErrorCode::InvalidParams,
    ErrorCode::NotFound,
    ErrorCode::PayloadTooLarge,
    ErrorCode::RateLimited,
    ErrorCode::StoreUnavailable,
    ErrorCode::QueryTimeout,
];

pub(super) fn operations() -> Vec<Operation> {
    let of = |method, path, id, summary| Operation::new(method, path, id, "Segments", summary).takes(vec![project()]);
    let segments = json!({ "type": "array", "items": reference("Segment") });
    vec![
        of("GET", "/v1/segments", "segments", "List the project's segments")
            .about("Sorted by name.")
            .answers_with(200, "application/json", segments)
            .fails(READS),
        of("POST", "/v1/segments", "createSegment", "Create a segment")
            .about("A project has at most 100 segments. Writing them needs a key of the live data set.")
            .reads("NewSegment")
            .answers(201, "Segment")
            .fails(WRITES),
        of("GET", "/v1/segments/{id}", "segment", "Get a segment").answers(200, "Segment").fails(FINDS),
        of("PATCH", "/v1/segments/{id}", "updateSegment", "Change a segment")
            .about("Members that are not given keep their value. Questions that name the segment use the new filters from then on.")
            .reads("SegmentChange")
            .answers(200, "Segment")
            .fails(WRITES),
        of("DELETE", "/v1/segments/{id}", "deleteSegment", "Delete a segment")
            .about("Questions that name it are rejected from then on.")
            .answers(200, "Segment")
            .fails(FINDS),
    ]
}

pub(super) fn schemas() -> Schemas {
    let written = json!([{ "name": "Buyers in DACH", "description": "Paid, and from the region.",
        "filters": [["is", "country", ["DE", "AT", "CH"]], ["has_done", ["is", "event", ["purchase"]]]] }]);
    let mut read = written[0].clone();
    read["id"] = json!("0d9c8a44-51f6-4ab7-a2d9-6b0b2b3f6a0e");
    read["created_at"] = json!("2026-11-21T06:43:19.778Z");
    read["updated_at"] = json!("2026-11-21T06:43:19.778Z");
    Derived::new()
        .answer::<Segment>(json!([read]))
        .body::<NewSegment>(written)
        .body::<SegmentChange>(json!([{ "name": "Buyers" }, { "description": null }]))
        .schemas()
}
