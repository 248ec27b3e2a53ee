//! The JSON that the control plane's functions read and write, and the Worker passes on as it is: projects, keys, usage,
//! segments, erasure requests. These types are for the documentation. The functions decide: a test compares the members.
#![expect(dead_code, reason = "only the schemas of these types are used")]

use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use classifier::{MAX_HOSTS, MAX_RULES, ProjectRule};
use intake::control::{DntMode, GeoLevel};
use intake::key::{Env, Kind, Scope};
use intake::quota::Mode;
use query::segment::{MAX_BYTES, MAX_DESCRIPTION, MAX_NAME};
use query::{Filter, MAX_FILTERS};

#[derive(JsonSchema)]
#[schemars(inline, extend("format" = "uuid"))]
pub(crate) struct Id(String);

// `2026-11-21T10:00:00.000Z`, the form of time in all answers.
#[derive(JsonSchema)]
#[schemars(inline, extend("format" = "date-time"))]
pub(crate) struct Instant(String);

/// Short name, unique within the organization.
#[derive(JsonSchema)]
#[schemars(inline, extend("pattern" = "^[a-z0-9][a-z0-9-]{0,62}$"))]
pub(crate) struct Slug(String);

#[derive(JsonSchema)]
pub(crate) struct Settings {
    #[schemars(length(min = 1, max = 128))]
    name: String,
    /// IANA time zone of its reports.
    #[schemars(length(min = 1, max = 64))]
    timezone: String,
    /// Days for which events are kept; null: forever.
    #[schemars(range(min = 1, max = 36500))]
    retention_days: Option<u32>,
    /// What to do with events of people who ask not to be tracked: store them like others, store them without hash and
    /// ids, or drop them.
    dnt_mode: DntMode,
    /// How exactly places are stored.
    geo_level: GeoLevel,
    /// Query parameters that stay in stored URLs; null: `utm_*`, `ref`, `source`, `via`.
    #[schemars(length(max = 100), inner(length(min = 1, max = 128)))]
    kept_params: Option<Vec<String>>,
    /// Addresses and CIDR ranges whose traffic is not counted.
    #[schemars(length(max = 100), inner(length(min = 1, max = 64)))]
    excluded_ip_ranges: Vec<String>,
    #[schemars(length(max = MAX_RULES))]
    classifier_rules: Vec<ProjectRule>,
    /// Hosts that count as the same site.
    #[schemars(length(max = MAX_HOSTS), inner(length(min = 1, max = 253)))]
    internal_hosts: Vec<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = partial)]
pub(crate) struct ProjectSettings {
    #[schemars(flatten)]
    settings: Settings,
    /// Out of use.
    archived: bool,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct NewProject {
    slug: Slug,
    #[schemars(flatten)]
    settings: ProjectSettings,
}

#[derive(JsonSchema)]
pub(crate) struct Project {
    id: Id,
    organization_id: Id,
    slug: Slug,
    #[schemars(flatten)]
    settings: Settings,
    /// Events a month; null: unlimited.
    quota_events: Option<u64>,
    /// Test events a month; null: unlimited.
    test_quota_events: Option<u64>,
    /// Beyond the quota: only warn, or reject events.
    quota_mode: Mode,
    /// 0 is no limit.
    events_per_second: u64,
    /// 0 is no limit.
    burst: u64,
    archived_at: Option<Instant>,
    created_at: Instant,
}

#[derive(JsonSchema)]
pub(crate) struct Changeable {
    #[schemars(length(max = 128))]
    name: String,
    /// Permissions. They narrow what the kind may do and never widen it.
    #[schemars(length(min = 1, max = 8))]
    scopes: Vec<Scope>,
    /// Pages that may use a `pk` key: `https://example.com`, `https://*.example.com` or `http://localhost:*`. None: none.
    #[schemars(length(max = 100), inner(length(min = 1, max = 270)))]
    allowed_origins: Vec<String>,
    /// In the future; null: never.
    expires_at: Option<Instant>,
}

/// Scopes can only be taken away.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = partial)]
pub(crate) struct KeySettings {
    #[schemars(flatten)]
    settings: Changeable,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = new_key)]
pub(crate) struct NewKey {
    kind: Kind,
    env: Env,
    /// Every key but an account key has one.
    project_id: Option<Id>,
    #[schemars(flatten)]
    settings: Changeable,
}

/// A key, without its secret.
#[derive(JsonSchema)]
pub(crate) struct Key {
    id: Id,
    organization_id: Id,
    /// Null for account keys.
    project_id: Option<Id>,
    kind: Kind,
    env: Env,
    /// Safe to show and to log.
    #[schemars(extend("pattern" = "^[0-9a-z]{8}$"))]
    prefix: String,
    redacted: String,
    #[schemars(flatten)]
    settings: Changeable,
    revoked_at: Option<Instant>,
    /// To the hour.
    last_used_at: Option<Instant>,
    /// Its successor.
    rotated_to: Option<Id>,
    created_at: Instant,
}

/// A new key, with its secret.
#[derive(JsonSchema)]
pub(crate) struct MadeKey {
    #[schemars(flatten)]
    made: Key,
    /// The key itself, shown only this once.
    key: String,
}

/// The new key, and the key that it replaces.
#[derive(JsonSchema)]
pub(crate) struct RotatedKey {
    #[schemars(flatten)]
    made: MadeKey,
    replaced: Key,
}

#[derive(JsonSchema)]
pub(crate) struct Usage {
    organization_id: Id,
    plan: Plan,
    rows: Vec<UsageRow>,
}

#[derive(JsonSchema)]
#[schemars(inline)]
struct Plan {
    slug: Slug,
    #[schemars(length(min = 1, max = 128))]
    name: String,
    quota_events: Option<u64>,
    test_quota_events: Option<u64>,
    events_per_second: u64,
    burst: u64,
}

#[derive(JsonSchema)]
#[schemars(inline)]
struct UsageRow {
    project_id: Id,
    project: Slug,
    env: Env,
    #[schemars(extend("pattern" = r"^\d{4}-\d{2}$"))]
    month: String,
    events: u64,
    quota_events: Option<u64>,
    quota_mode: Mode,
    updated_at: Instant,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct NewSegment {
    /// Unique in the project, ignoring case; must not look like an id.
    #[schemars(length(min = 1, max = MAX_NAME))]
    name: String,
    #[schemars(length(min = 1, max = MAX_DESCRIPTION))]
    description: Option<String>,
    #[schemars(length(min = 1, max = MAX_FILTERS), description = about_filters())]
    filters: Vec<Filter>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = partial)]
pub(crate) struct SegmentChange {
    #[schemars(flatten)]
    saved: NewSegment,
}

#[derive(JsonSchema)]
pub(crate) struct Segment {
    id: Id,
    #[schemars(flatten)]
    saved: NewSegment,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(JsonSchema)]
pub(crate) struct ForgetReceipt {
    request_id: Id,
    /// `done`: everything found so far is erased.
    #[schemars(extend("enum" = ["pending", "done"]))]
    status: String,
    /// When it was last requested.
    requested_at: Instant,
    done_at: Option<Instant>,
    /// What was erased so far, including what arrived later.
    counts: ForgetCounts,
}

#[derive(JsonSchema)]
#[schemars(inline)]
struct ForgetCounts {
    /// Events in the store, each once.
    events: u64,
    sessions: u64,
    /// Identifications, once a day.
    identities: u64,
    dead_letters: u64,
    /// Events that still waited for the store.
    buffered: u64,
}

fn about_filters() -> String {
    format!("Conditions, joined with and; up to {} KiB. They must not name other segments.", MAX_BYTES / 1024)
}

/// No member is required.
fn partial(schema: &mut Schema) {
    schema.remove("required");
}

/// Only the kind is required, and the settings of a key can be null as well.
fn new_key(schema: &mut Schema) {
    schema.insert("required".to_owned(), json!(["kind"]));
    for name in ["name", "scopes", "allowed_origins"] {
        if let Some(kind) = schema.pointer_mut(&format!("/properties/{name}/type")) {
            *kind = json!([kind.take(), "null"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemars::generate::SchemaSettings;

    use super::*;

    const MIGRATIONS: &[&str] = &[
        include_str!("../../migrations/postgres/0004_management.sql"),
        include_str!("../../migrations/postgres/0005_key_management.sql"),
        include_str!("../../migrations/postgres/0008_segments.sql"),
        include_str!("../../migrations/postgres/0010_forget.sql"),
    ];

    /// The text of a function, from `from` to its end or to `to`.
    fn function(name: &str, from: &str, to: &str) -> &'static str {
        let start = format!("create function headwater.{name}(");
        let text = MIGRATIONS.iter().find_map(|text| Some(&text[text.find(&start)?..])).unwrap();
        let text = &text[..text.find("\n$$;").unwrap()];
        let text = &text[text.find(from).unwrap()..];
        &text[..text.find(to).unwrap_or(text.len())]
    }

    /// The words in quotes that `after` follows.
    fn quoted(text: &'static str, before: &str, after: &str) -> BTreeSet<&'static str> {
        let parts: Vec<&str> = text.split('\'').collect();
        let words = parts.windows(3).filter(|parts| parts[0].ends_with(before) && parts[2].starts_with(after));
        words
            .map(|parts| parts[1])
            .filter(|word| word.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()))
            .collect()
    }

    fn members<T: JsonSchema>() -> BTreeSet<String> {
        fn collect(schema: &Value, found: &mut BTreeSet<String>) {
            for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                found.insert(name.clone());
                collect(member, found);
                collect(&member["items"], found);
            }
        }
        let mut found = BTreeSet::new();
        collect(&SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value(), &mut found);
        found
    }

    #[track_caller]
    fn same<T: JsonSchema>(sql: BTreeSet<&str>) {
        assert_eq!(members::<T>(), sql.into_iter().map(ToOwned::to_owned).collect(), "{}", T::schema_name());
    }

    #[test]
    fn answers_have_the_members_that_the_functions_write() {
        let written = |name: &str| quoted(function(name, "json_build_object", "\n$$;"), "", ", ");
        same::<Project>(written("project_json"));
        same::<Key>(written("key_json"));
        same::<Usage>(written("usage_get"));
        same::<Segment>(written("segment_json"));
        same::<ForgetReceipt>(written("forget_json"));
    }

    #[test]
    fn bodies_have_the_members_that_the_functions_read() {
        let settings = quoted(function("with_settings", "case field", "end case"), "when ", " then");
        let plan = quoted(function("with_settings", "if field in (", ") and not operator"), "", "");
        let mut settings: BTreeSet<&str> = settings.difference(&plan).copied().collect();
        assert!(plan.contains("burst") && settings.contains("archived"));
        same::<ProjectSettings>(settings.clone());
        settings.insert("slug");
        same::<NewProject>(settings);
        same::<KeySettings>(quoted(function("manage_key_update", "case field", "end case"), "when ", " then"));
        let mut key = quoted(function("manage_key_create", "name not in (", "));"), "", "");
        // The Worker adds both.
        assert!(key.remove("prefix") && key.remove("secret_hash"));
        same::<NewKey>(key);
        assert_eq!(members::<NewSegment>(), query::segment::MEMBERS.iter().map(|name| (*name).to_owned()).collect());
    }
}
