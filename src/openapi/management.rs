//! Projects, keys and usage. Bounds are those of `migrations/postgres/0004_management.sql` and `0005_…`.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{
    closed, count, described, each_or_null, examples, instant, list, object, one_of, or_null, parameter, pattern,
    reference, text,
};
use super::operation::Operation;
use intake::error::ErrorCode;
use intake::key::{Env, Kind, Scope};

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
    vec![
        ("Project", project()),
        ("NewProject", new_project()),
        ("ProjectSettings", examples(closed(&[], settings()), json!([{ "name": "Shop", "retention_days": 90 }]))),
        ("ClassifierRule", rule()),
        ("Key", key()),
        ("NewKey", new_key()),
        ("MadeKey", made_key()),
        ("KeySettings", key_settings()),
        ("Rotation", rotation()),
        ("RotatedKey", rotated_key()),
        ("Usage", usage()),
    ]
}

fn id() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn slug() -> Value {
    described(pattern("^[a-z0-9][a-z0-9-]{0,62}$"), "Short name, unique within the organization.")
}

fn settings() -> Value {
    json!({
        "name": text(1, 128),
        "timezone": described(text(1, 64), "IANA time zone of its reports."),
        "retention_days": {
            "type": ["integer", "null"], "minimum": 1, "maximum": 36500,
            "description": "Days for which events are kept; null: forever.",
        },
        "dnt_mode": described(
            one_of(["ignore", "anonymous", "drop"]),
            "What to do with events of people who ask not to be tracked: store them like others, store them without hash and ids, or drop them.",
        ),
        "geo_level": described(one_of(["country", "region", "city"]), "How exactly places are stored."),
        "kept_params": described(
            or_null(list(&text(1, 128), 100)),
            "Query parameters that stay in stored URLs; null: `utm_*`, `ref`, `source`, `via`.",
        ),
        "excluded_ip_ranges": described(
            list(&text(1, 64), 100),
            "Addresses and CIDR ranges whose traffic is not counted.",
        ),
        "classifier_rules": list(&reference("ClassifierRule"), 100),
        "internal_hosts": described(list(&text(1, 253), 100), "Hosts that count as the same site."),
        "archived": { "type": "boolean", "description": "Out of use." },
    })
}

fn new_project() -> Value {
    let mut properties = settings();
    properties["slug"] = slug();
    examples(closed(&["slug"], properties), json!([{ "slug": "shop", "name": "Shop", "timezone": "Europe/Berlin" }]))
}

fn project() -> Value {
    let mut properties = settings();
    if let Some(members) = properties.as_object_mut() {
        members.remove("archived");
    }
    let rate = described(count(), "0 is no limit.");
    for (name, schema) in [
        ("id", id()),
        ("organization_id", id()),
        ("slug", slug()),
        ("quota_events", described(or_null(count()), "Events a month; null: unlimited.")),
        ("test_quota_events", described(or_null(count()), "Test events a month; null: unlimited.")),
        ("quota_mode", described(one_of(["soft", "block"]), "Beyond the quota: only warn, or reject events.")),
        ("events_per_second", rate.clone()),
        ("burst", rate),
        ("archived_at", or_null(instant())),
        ("created_at", instant()),
    ] {
        properties[name] = schema;
    }
    let required = [
        "id",
        "organization_id",
        "slug",
        "name",
        "timezone",
        "retention_days",
        "dnt_mode",
        "kept_params",
        "geo_level",
        "excluded_ip_ranges",
        "classifier_rules",
        "internal_hosts",
        "quota_events",
        "test_quota_events",
        "quota_mode",
        "events_per_second",
        "burst",
        "archived_at",
        "created_at",
    ];
    examples(
        object(&required, properties),
        json!([{
            "id": "d0f20aea-0b76-4434-a826-4dd8e8b94f11", "organization_id": "43371ad4-843b-4858-8ddf-0e0fb379ebdd",
            "slug": "shop", "name": "Shop", "timezone": "Europe/Berlin", "retention_days": null,
            "dnt_mode": "anonymous", "kept_params": null, "geo_level": "country", "excluded_ip_ranges": [],
            "classifier_rules": [], "internal_hosts": [], "quota_events": 10_000_000, "test_quota_events": 100_000,
            "quota_mode": "soft", "events_per_second": 5000, "burst": 20000, "archived_at": null,
            "created_at": "2026-11-21T06:43:19.778Z",
        }]),
    )
}

fn rule() -> Value {
    examples(
        described(
            closed(
                &["id", "field", "pattern", "source", "medium"],
                json!({
                    "id": described(text(1, 256), "What `rule_id` of an event says where this rule decided."),
                    "field": one_of(["referrer_host", "utm_source", "utm_medium", "utm_campaign"]),
                    "pattern": text(1, 256),
                    "source": text(1, 256),
                    "medium": text(1, 256),
                    "channel": described(or_null(text(1, 256)), "Computed from source and medium where absent."),
                }),
            ),
            "A rule of the project's own, which goes before the classifier's (docs/classifier.md).",
        ),
        json!([{ "id": "partner", "field": "referrer_host", "pattern": "partner.example", "source": "partner",
            "medium": "affiliate" }]),
    )
}

/// What of a key can be changed.
fn changeable() -> Value {
    let scopes: Vec<&str> = Scope::ALL.into_iter().map(Scope::as_str).collect();
    let mut scopes = list(&one_of(scopes), 8);
    scopes["minItems"] = 1.into();
    json!({
        "name": text(0, 128),
        "scopes": described(scopes, "Permissions. They narrow what the kind may do and never widen it."),
        "allowed_origins": described(
            list(&text(1, 270), 100),
            "Pages that may use a `pk` key: `https://example.com`, `https://*.example.com` or `http://localhost:*`. None: none.",
        ),
        "expires_at": described(or_null(instant()), "In the future; null: never."),
    })
}

fn kind() -> Value {
    described(
        one_of(Kind::ALL.into_iter().map(Kind::as_str)),
        "`pk`: in browsers, writes; `sk`: on servers, writes and reads; `rk`: reads; `ak`: an organization.",
    )
}

fn env() -> Value {
    described(one_of(Env::ALL.into_iter().map(Env::as_str)), "Data set of the project.")
}

fn key_members() -> Value {
    let mut properties = changeable();
    for (name, schema) in [
        ("id", id()),
        ("organization_id", id()),
        ("project_id", described(or_null(id()), "Null for account keys.")),
        ("kind", kind()),
        ("env", env()),
        ("prefix", described(pattern("^[0-9a-z]{8}$"), "Safe to show and to log.")),
        ("redacted", json!({ "type": "string" })),
        ("revoked_at", or_null(instant())),
        ("last_used_at", described(or_null(instant()), "To the hour.")),
        ("rotated_to", described(or_null(id()), "Its successor.")),
        ("created_at", instant()),
    ] {
        properties[name] = schema;
    }
    properties
}

const KEY: [&str; 15] = [
    "id",
    "organization_id",
    "project_id",
    "kind",
    "env",
    "prefix",
    "redacted",
    "name",
    "scopes",
    "allowed_origins",
    "expires_at",
    "revoked_at",
    "last_used_at",
    "rotated_to",
    "created_at",
];

fn example_key() -> Value {
    json!({
        "id": "1176c09c-74b3-4ef5-8c2e-4dbe95c57558", "organization_id": "43371ad4-843b-4858-8ddf-0e0fb379ebdd",
        "project_id": "d0f20aea-0b76-4434-a826-4dd8e8b94f11", "kind": "sk", "env": "live", "prefix": "f6589a94",
        "redacted": "sk_live_f6589a94_…", "name": "web shop", "scopes": ["ingest", "read"], "allowed_origins": [],
        "expires_at": null, "revoked_at": null, "last_used_at": null, "rotated_to": null,
        "created_at": "2026-11-21T06:43:19.802Z",
    })
}

fn key() -> Value {
    examples(described(object(&KEY, key_members()), "A key, without its secret."), json!([example_key()]))
}

/// A key and its secret.
fn made(more: &[(&str, Value)]) -> Value {
    let mut properties = key_members();
    properties["key"] = json!({ "type": "string", "description": "The key itself, shown only this once." });
    for (name, schema) in more {
        properties[*name] = schema.clone();
    }
    let required: Vec<&str> = KEY.into_iter().chain(["key"]).chain(more.iter().map(|(name, _)| *name)).collect();
    object(&required, properties)
}

fn made_key() -> Value {
    made(&[])
}

fn rotated_key() -> Value {
    described(made(&[("replaced", reference("Key"))]), "The new key, and the key that it replaces.")
}

fn new_key() -> Value {
    let mut properties = each_or_null(changeable());
    properties["kind"] = kind();
    properties["env"] = env();
    properties["project_id"] = described(or_null(id()), "Every key but an account key has one.");
    examples(
        closed(&["kind"], properties),
        json!([{ "kind": "pk", "project_id": "d0f20aea-0b76-4434-a826-4dd8e8b94f11", "name": "site",
            "allowed_origins": ["https://*.example.com"] }]),
    )
}

fn key_settings() -> Value {
    described(
        examples(closed(&[], changeable()), json!([{ "name": "old site", "expires_at": "2027-01-01T00:00:00Z" }])),
        "Scopes can only be taken away.",
    )
}

fn rotation() -> Value {
    let overlap = json!({
        "type": "integer", "minimum": 0, "maximum": 2_592_000, "default": 86_400,
        "description": "Seconds for which the old key keeps working.",
    });
    examples(object(&[], json!({ "overlap_seconds": overlap })), json!([{ "overlap_seconds": 3600 }]))
}

fn usage() -> Value {
    let plan = object(
        &["slug", "name", "quota_events", "test_quota_events", "events_per_second", "burst"],
        json!({
            "slug": slug(), "name": text(1, 128), "quota_events": or_null(count()), "test_quota_events": or_null(count()),
            "events_per_second": count(), "burst": count(),
        }),
    );
    let row = object(
        &["project_id", "project", "env", "month", "events", "quota_events", "quota_mode", "updated_at"],
        json!({
            "project_id": id(), "project": slug(), "env": env(), "month": pattern(r"^\d{4}-\d{2}$"), "events": count(),
            "quota_events": or_null(count()), "quota_mode": one_of(["soft", "block"]), "updated_at": instant(),
        }),
    );
    examples(
        object(
            &["organization_id", "plan", "rows"],
            json!({ "organization_id": id(), "plan": plan, "rows": { "type": "array", "items": row } }),
        ),
        json!([{
            "organization_id": "43371ad4-843b-4858-8ddf-0e0fb379ebdd",
            "plan": { "slug": "free", "name": "Free", "quota_events": 10_000_000, "test_quota_events": 100_000,
                "events_per_second": 5000, "burst": 20000 },
            "rows": [{ "project_id": "d0f20aea-0b76-4434-a826-4dd8e8b94f11", "project": "shop", "env": "live",
                "month": "2026-11", "events": 1234, "quota_events": 10_000_000, "quota_mode": "soft",
                "updated_at": "2026-11-21T06:50:00.000Z" }],
        }]),
    )
}
