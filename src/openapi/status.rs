//! How the installation is doing.

use serde_json::json;

use super::Schemas;
use super::build::{count, examples, object, one_of, or_null, reference, told};
use super::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("GET", "/health", "health", "Status", "The process is alive").answers(200, "Health"),
        Operation::new("GET", "/ready", "ready", "Status", "The process can do its work")
            .about("What is wrong is named, not described.")
            .answers(200, "Ready")
            .answers(503, "Ready"),
        Operation::new("GET", "/v1/buffer", "buffer", "Status", "How much waits for the event store, and why")
            .answers(200, "Buffer"),
        Operation::new("GET", "/openapi.json", "openapi", "Status", "This document")
            .about("With an `ETag`: `If-None-Match` is answered with 304 where nothing has changed.")
            .answers_with(200, "application/json", json!({ "type": "object", "required": ["openapi", "paths"] })),
    ]
}

pub(super) fn schemas() -> Schemas {
    let waiting = json!({
        "events": count(), "bytes": count(),
        "oldest_age_s": told(or_null(count()), "Seconds for which the oldest has waited."),
    });
    let mut buffer = waiting.clone();
    buffer["sink"] = one_of(["buffer", "direct"]);
    buffer["objects"] = json!({ "type": "array", "items": reference("BufferObject") });
    let mut part = waiting.clone();
    part["shard"] = json!({ "type": "string" });
    part["failures"] = told(count(), "Attempts that failed since the last success.");
    part["problem"] = told(json!({ "type": ["string", "null"] }), "What the last failure was.");
    let state = one_of(["ok", "missing", "unavailable"]);
    vec![
        ("Health", examples(object(&["status"], json!({ "status": { "const": "ok" } })), json!([{ "status": "ok" }]))),
        (
            "Ready",
            examples(
                object(
                    &["status", "checks"],
                    json!({
                        "status": one_of(["ready", "not_ready"]),
                        "checks": { "type": "object", "additionalProperties": state },
                        "missing": {
                            "type": "array", "items": { "type": "string" }, "description": "Settings that are missing.",
                        },
                        "buffer": reference("Waiting"),
                    }),
                ),
                json!([{
                    "status": "ready",
                    "checks": { "buffer": "ok", "config": "ok", "control_plane": "ok", "event_store": "ok" },
                    "buffer": { "events": 0, "bytes": 0, "oldest_age_s": null },
                }]),
            ),
        ),
        ("Waiting", told(object(&["events", "bytes", "oldest_age_s"], waiting), "What waits for the event store.")),
        (
            "Buffer",
            examples(
                object(&["events", "bytes", "oldest_age_s", "sink", "objects"], buffer),
                json!([{
                    "events": 12, "bytes": 4096, "oldest_age_s": 3, "sink": "buffer",
                    "objects": [{ "shard": "eu-0", "events": 12, "bytes": 4096, "oldest_age_s": 3, "failures": 1,
                        "problem": "the event store does not answer" }],
                }]),
            ),
        ),
        ("BufferObject", told(object(&["shard", "problem"], part), "An object that holds something or has trouble.")),
    ]
}
