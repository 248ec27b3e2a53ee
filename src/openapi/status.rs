//! How the installation is doing.

use serde_json::json;

use super::Schemas;
use super::build::parameter;
use super::derive::Derived;
use super::operation::Operation;
use crate::app::documented::{Health, Overview, Ready, RetentionRun, Root};
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
    let waiting = json!({ "events": 0, "bytes": 0, "oldest_age_s": null });
    Derived::new()
        .answer::<Root>(json!([{
            "name": "Headwater", "version": "0.1.0", "commit": "c73cbf7ab012",
            "links": {
                "docs": "https://headwater.dev/docs", "openapi": "/openapi.json", "health": "/health", "ready": "/ready",
            },
        }]))
        .answer::<Health>(json!([{ "status": "ok", "version": "0.1.0", "commit": "c73cbf7ab012" }]))
        .answer::<Ready>(json!([{
            "status": "ready",
            "checks": { "buffer": "ok", "config": "ok", "control_plane": "ok", "event_store": "ok" },
            "buffer": waiting, "version": "0.1.0", "commit": "c73cbf7ab012",
        }]))
        .answer::<Overview>(json!([{
            "events": 12, "bytes": 4096, "oldest_age_s": 3, "sink": "buffer",
            "objects": [{ "shard": "eu-0", "events": 12, "bytes": 4096, "oldest_age_s": 3, "failures": 1,
                "problem": "the event store does not answer" }],
        }]))
        .answer::<RetentionRun>(json!([{
            "ok": true, "status": "complete", "dry_run": false, "dropped_months": [], "dead_letters": 0, "day_keys": 1,
            "took_ms": 420, "projects": [{
                "project_id": "01893a5e-7b1c-7000-8000-000000000001", "slug": "shop", "kept_from": "2026-08-23",
                "rows": { "live": 1200 }, "took_ms": 180, "failed": false,
            }],
        }]))
        .schemas()
}
