//! Projects, keys and usage.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{parameter, pattern, reference};
use super::derive::Derived;
use super::operation::Operation;
use crate::app::documented::{
    Key, KeySettings, MadeKey, NewKey, NewProject, Project, ProjectSettings, RotatedKey, Rotation, Usage,
};
use classifier::ProjectRule;
use intake::error::ErrorCode;

const ORGANIZATION: &str = "43371ad4-843b-4858-8ddf-0e0fb379ebdd";
const PROJECT: &str = "d0f20aea-0b76-4434-a826-4dd8e8b94f11";

const READS: &[ErrorCode] = &[ErrorCode::InvalidPayload];
const ASKS: &[ErrorCode] = &[ErrorCode::InvalidPayload, ErrorCode::InvalidParams, ErrorCode::NotFound];
const WRITES: &[ErrorCode] = &[ErrorCode::InvalidPayload, ErrorCode::NotFound, ErrorCode::PayloadTooLarge];
const REMOVES: &[ErrorCode] = &[ErrorCode::InvalidPayload, ErrorCode::NotFound];

pub(super) fn operations() -> Vec<Operation> {
    let of = |method, path, id, summary| Operation::new(method, path, id, "Management", summary);
    let month = || pattern(r"^\d{4}-(0[1-9]|1[0-2])$");
    let projects = json!({ "type": "array", "items": reference("Project") });
    let keys = json!({ "type": "array", "items": reference("Key") });
    vec![
        of("GET", "/v1/projects", "projects", "List the projects of the organization")
            .answers_with(200, "application/json", projects)
            .fails(READS),
        of("POST", "/v1/projects", "createProject", "Create a project")
            .reads("NewProject")
            .answers(201, "Project")
            .fails(WRITES),
        of("PATCH", "/v1/projects/{id}", "updateProject", "Change settings of a project")
            .about("Settings that are not given keep their value.")
            .reads("ProjectSettings")
            .answers(200, "Project")
            .fails(WRITES),
        of("DELETE", "/v1/projects/{id}", "archiveProject", "Archive a project")
            .about("Its keys stop working; its data stays.")
            .answers(200, "Project")
            .fails(REMOVES),
        of("GET", "/v1/keys", "keys", "List the keys of the organization")
            .takes(vec![parameter(
                "project_id",
                "Only keys of this project.",
                json!({ "type": "string", "format": "uuid" }),
            )])
            .answers_with(200, "application/json", keys)
            .fails(ASKS),
        of("POST", "/v1/keys", "createKey", "Create a key")
            .about("The answer contains the key itself, only this once: Headwater stores a hash of it.")
            .reads("NewKey")
            .answers(201, "MadeKey")
            .fails(WRITES),
        of("PATCH", "/v1/keys/{id}", "updateKey", "Change a key")
            .reads("KeySettings")
            .answers(200, "Key")
            .fails(WRITES),
        of("DELETE", "/v1/keys/{id}", "revokeKey", "Revoke a key").answers(200, "Key").fails(REMOVES),
        of("POST", "/v1/keys/{id}/rotate", "rotateKey", "Replace a key by a new one with the same settings")
            .about("The old key expires after the overlap.")
            .reads("Rotation")
            .answers(201, "RotatedKey")
            .fails(WRITES),
        of("GET", "/v1/usage", "usage", "Events by month, project and data set")
            .takes(vec![
                parameter("from", "First month, like `2026-11`; by default the current one.", month()),
                parameter(
                    "to",
                    "First month that is not included; by default the month after `from`. At most 120 months.",
                    month(),
                ),
            ])
            .answers(200, "Usage")
            .fails(ASKS),
    ]
}

pub(super) fn schemas() -> Schemas {
    Derived::new()
        .answer::<Project>(json!([{
            "id": PROJECT, "organization_id": ORGANIZATION,
            "slug": "shop", "name": "Shop", "timezone": "Europe/Berlin", "retention_days": null,
            "dnt_mode": "anonymous", "kept_params": null, "geo_level": "country", "excluded_ip_ranges": [],
            "classifier_rules": [], "internal_hosts": [], "quota_events": 10_000_000, "test_quota_events": 100_000,
            "quota_mode": "soft", "events_per_second": 5000, "burst": 20000, "archived_at": null,
            "created_at": "2026-11-21T06:43:19.778Z",
        }]))
        .body::<NewProject>(json!([{ "slug": "shop", "name": "Shop", "timezone": "Europe/Berlin" }]))
        .body::<ProjectSettings>(json!([{ "name": "Shop", "retention_days": 90 }]))
        .body::<ProjectRule>(json!([{
            "id": "partner", "field": "referrer_host", "pattern": "partner.example", "source": "partner",
            "medium": "affiliate",
        }]))
        .answer::<Key>(json!([{
            "id": "1176c09c-74b3-4ef5-8c2e-4dbe95c57558", "organization_id": ORGANIZATION,
            "project_id": PROJECT, "kind": "sk", "env": "live", "prefix": "f6589a94",
            "redacted": "sk_live_f6589a94_…", "name": "web shop", "scopes": ["ingest", "read"], "allowed_origins": [],
            "expires_at": null, "revoked_at": null, "last_used_at": null, "rotated_to": null,
            "created_at": "2026-11-21T06:43:19.802Z",
        }]))
        .body::<NewKey>(json!([{
            "kind": "pk", "project_id": PROJECT, "name": "site", "allowed_origins": ["https://*.example.com"],
        }]))
        .answer::<MadeKey>(Value::Null)
        .body::<KeySettings>(json!([{ "name": "old site", "expires_at": "2027-01-01T00:00:00Z" }]))
        .body::<Rotation>(json!([{ "overlap_seconds": 3600 }]))
        .answer::<RotatedKey>(Value::Null)
        .answer::<Usage>(json!([{
            "organization_id": ORGANIZATION,
            "plan": { "slug": "free", "name": "Free", "quota_events": 10_000_000, "test_quota_events": 100_000,
                "events_per_second": 5000, "burst": 20000 },
            "rows": [{ "project_id": PROJECT, "project": "shop", "env": "live", "month": "2026-11", "events": 1234,
                "quota_events": 10_000_000, "quota_mode": "soft", "updated_at": "2026-11-21T06:50:00.000Z" }],
        }]))
        .schemas()
}
