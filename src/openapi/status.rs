//! How the installation is doing.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{count, described, examples, object, one_of, or_null, parameter, reference};
use super::operation::Operation;
use intake::error::ErrorCode;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("GET", "/", "root", "Status", "What answers at this address")
            .about("HTML where `Accept` names `text/html`, as browsers do; JSON otherwise.")
            .answers(200, "Root")
            .answers_with(200, "text/html", json!({ "type": "string" })),
        Operation::new("GET", "/health", "health", "Status", "The process is alive").answers(200, "Health"),
        Operation::new("GET", "/ready", "ready", "Status", "The process can do its work")
            .about("What is wrong is named, not described.")
            .answers(200, "Ready")
            .answers(503, "Ready"),
        Operation::new("GET", "/v1/buffer", "buffer", "Status", "How much waits for the event store, and why")
            .answers(200, "Buffer"),
        Operation::new(
            "POST",
            "/internal/retention/run",
            "runRetention",
            "Status",
            "Delete events older than their project keeps them",
        )
        .about(
            "Runs the daily job, which the cron runs after 04:17 UTC. Needs the Worker's `INTERNAL_SECRET`. The next \
                 run continues a run that was `partial`; `busy` means that another run is under way.",
        )
        .takes(vec![
            json!({
                "name": "X-Internal-Secret", "in": "header", "required": true, "schema": { "type": "string" },
            }),
            parameter("dry_run", "Counts and deletes nothing.", json!({ "type": "boolean" })),
        ])
        .answers(200, "RetentionRun")
        .fails(&[
            ErrorCode::InvalidParams,
            ErrorCode::InvalidApiKey,
            ErrorCode::NotFound,
            ErrorCode::InternalError,
            ErrorCode::UpstreamFailed,
            ErrorCode::ControlPlaneUnavailable,
            ErrorCode::StoreUnavailable,
            ErrorCode::QueryTimeout,
        ]),
        Operation::new("GET", "/openapi.json", "openapi", "Status", "This document")
            .about("With an `ETag`: `If-None-Match` is answered with 304 where nothing has changed.")
            .answers_with(200, "application/json", json!({ "type": "object", "required": ["openapi", "paths"] })),
    ]
}

pub(super) fn schemas() -> Schemas {
    let waiting = json!({
        "events": count(), "bytes": count(),
        "oldest_age_s": described(or_null(count()), "Seconds for which the oldest has waited."),
    });
    let mut buffer = waiting.clone();
    buffer["sink"] = one_of(["buffer", "direct"]);
    buffer["objects"] = json!({ "type": "array", "items": reference("BufferObject") });
    let mut part = waiting.clone();
    part["shard"] = json!({ "type": "string" });
    part["failures"] = described(count(), "Attempts that failed since the last success.");
    part["problem"] = described(json!({ "type": ["string", "null"] }), "What the last failure was.");
    let version = described(json!({ "type": "string" }), "Version of the Worker.");
    let commit =
        described(json!({ "type": "string" }), "The commit it was built from, 12 digits; `unknown` if not known.");
    let state = one_of(["ok", "missing", "unavailable"]);
    vec![
        (
            "Root",
            examples(
                object(
                    &["name", "version", "commit", "links"],
                    json!({
                        "name": { "const": "Headwater" }, "version": version, "commit": commit,
                        "links": {
                            "type": "object", "additionalProperties": { "type": "string", "format": "uri-reference" },
                            "description": "Addresses by name.",
                        },
                    }),
                ),
                json!([{
                    "name": "Headwater", "version": "0.1.0", "commit": "c73cbf7ab012",
                    "links": {
                        "docs": "https://headwater.dev/docs", "openapi": "/openapi.json", "health": "/health",
                        "ready": "/ready",
                    },
                }]),
            ),
        ),
        (
            "Health",
            examples(
                object(
                    &["status", "version", "commit"],
                    json!({ "status": { "const": "ok" }, "version": version, "commit": commit }),
                ),
                json!([{ "status": "ok", "version": "0.1.0", "commit": "c73cbf7ab012" }]),
            ),
        ),
        (
            "Ready",
            examples(
                object(
                    &["status", "checks", "version", "commit"],
                    json!({
                        "status": one_of(["ready", "not_ready"]),
                        "version": version,
                        "commit": commit,
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
                    "version": "0.1.0", "commit": "c73cbf7ab012",
                }]),
            ),
        ),
        (
            "Waiting",
            described(object(&["events", "bytes", "oldest_age_s"], waiting), "What waits for the event store."),
        ),
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
        ("RetentionRun", retention_run()),
        (
            "BufferObject",
            described(object(&["shard", "problem"], part), "An object that holds something or has trouble."),
        ),
    ]
}

fn retention_run() -> Value {
    let project = object(
        &["project_id", "slug", "kept_from", "rows", "took_ms", "failed"],
        json!({
            "project_id": { "type": "string", "format": "uuid" },
            "slug": { "type": "string" },
            "kept_from": described(json!({ "type": "string", "format": "date" }), "First day (UTC) that is kept."),
            "rows": {
                "type": "object", "additionalProperties": count(),
                "description": "Rows deleted, by env; in a dry run those to be deleted.",
            },
            "took_ms": described(count(), "Of the statements that deleted them; projects share them."),
            "failed": { "type": "boolean" },
        }),
    );
    let members = json!({
        "ok": described(json!({ "type": "boolean" }), "Whether no project failed."),
        "status": one_of(["complete", "partial", "busy"]),
        "dry_run": { "type": "boolean" },
        "projects": described(json!({ "type": "array", "items": project }), "Those that had something to delete, or failed."),
        "dropped_months": described(
            json!({ "type": "array", "items": { "type": "integer" } }),
            "Months (`YYYYMM`) that were older than every project keeps its events, and went whole.",
        ),
        "dead_letters": described(count(), "Refused rows older than 14 days."),
        "day_keys": described(count(), "Day keys whose time was over."),
        "took_ms": count(),
    });
    let all = ["ok", "status", "dry_run", "projects", "dropped_months", "dead_letters", "day_keys", "took_ms"];
    let example = json!({
        "ok": true, "status": "complete", "dry_run": false, "dropped_months": [], "dead_letters": 0, "day_keys": 1,
        "took_ms": 420, "projects": [{
            "project_id": "01893a5e-7b1c-7000-8000-000000000001", "slug": "shop", "kept_from": "2026-08-23",
            "rows": { "live": 1200 }, "took_ms": 180, "failed": false,
        }],
    });
    examples(object(&all, members), json!([example]))
}
