//! A key and its project as the control plane stores them: the answer of its function `key_lookup`
//! (`migrations/postgres/0001_control_plane.sql`).

use std::collections::HashMap;

use classifier::{ProjectRule, ProjectRules};
use serde::{Deserialize, Deserializer};

use crate::exclude::IpRange;
use crate::hex;
use crate::key::{Env, Kind, Scope, SecretHash};
use crate::limit::Rate;
use crate::quota::{Mode, Quota};
use crate::time::{Day, Timestamp};

/// What to do with events of browsers that send `DNT: 1` or `Sec-GPC: 1` (`docs/concepts.md`, "Privacy").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum DntMode {
    /// Store them like all others.
    Ignore,
    /// Store the event without visitor hash and ids.
    #[default]
    Anonymous,
    /// Do not store the event.
    Drop,
}

/// How precisely the visitor's location is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum GeoLevel {
    /// The country.
    #[default]
    Country,
    /// Country and region.
    Region,
    /// Country, region and city.
    City,
}

/// The settings of a project that the Worker needs for its requests.
#[derive(Debug, Clone)]
pub struct Project {
    /// UUID.
    pub id: String,
    /// Short name, unique in its organization.
    pub slug: String,
    /// IANA time zone of its reports.
    pub timezone: String,
    /// Days for which events are kept; `None`: for ever.
    pub retention_days: Option<u32>,
    /// What to do with events of browsers that ask not to be tracked.
    pub dnt_mode: DntMode,
    /// Query parameters kept in stored URLs; `None`: [`classifier::hygiene::DEFAULT_KEPT`].
    pub kept_params: Option<Vec<String>>,
    /// Archived: its keys are refused.
    pub archived: bool,
    /// The project's own classifier rules.
    pub rules: ProjectRules,
    /// IP ranges whose events are not stored.
    pub excluded: Vec<IpRange>,
    /// How precisely locations are stored.
    pub geo_level: GeoLevel,
    /// Events per month, for the key's env.
    pub quota: Quota,
    /// Rate limit for events; `None`: the billing plan's or the default. A rate of 0 is no limit.
    pub rate: Option<Rate>,
}

/// A stored key.
#[derive(Debug, Clone)]
pub struct KeyRecord {
    /// UUID.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// The data set that it gives access to.
    pub env: Env,
    /// Hash of its secret.
    pub secret_hash: SecretHash,
    /// Its permissions, among those of its kind.
    pub scopes: Vec<Scope>,
    /// Origins of the pages that may use it, for example `https://example.com`.
    pub allowed_origins: Vec<String>,
    /// When it expires; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// UUID of the organization it belongs to.
    pub organization_id: String,
    /// Its project; `None` for account keys.
    pub project: Option<Project>,
}

/// The control plane's random bytes for UTC days, which day keys are derived from (`visitor.rs`).
pub type DayRows = Vec<(Day, Vec<u8>)>;

#[derive(Deserialize)]
struct RawAnswer {
    key: RawKey,
    organization_id: String,
    project: Option<RawProject>,
    day_keys: HashMap<String, String>,
}

#[derive(Deserialize)]
struct RawKey {
    id: String,
    kind: String,
    env: String,
    secret_hash: String,
    scopes: Vec<String>,
    allowed_origins: Vec<String>,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
}

#[derive(Deserialize)]
struct RawProject {
    #[serde(default, deserialize_with = "or_none")]
    classifier_rules: Vec<ProjectRule>,
    #[serde(default, deserialize_with = "or_none")]
    internal_hosts: Vec<String>,
    #[serde(default, deserialize_with = "or_none")]
    excluded_ip_ranges: Vec<String>,
    #[serde(default)]
    geo_level: GeoLevel,
    #[serde(default)]
    quota_events: Option<u64>,
    #[serde(default)]
    quota_mode: Mode,
    #[serde(default)]
    used_events: u64,
    #[serde(default)]
    events_per_second: Option<u32>,
    #[serde(default)]
    burst: Option<u32>,
    id: String,
    slug: String,
    timezone: String,
    retention_days: Option<u32>,
    dnt_mode: DntMode,
    kept_params: Option<Vec<String>>,
    archived: bool,
}

/// Parses the answer of `key_lookup`; `None` if there is no such key.
///
/// # Errors
/// What is wrong with the answer, for the log.
pub fn read_key(json: &[u8]) -> Result<Option<(KeyRecord, DayRows)>, String> {
    let Some(raw) = crate::json::read::<Option<RawAnswer>>(json).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let record = KeyRecord {
        id: raw.key.id,
        kind: Kind::parse(&raw.key.kind).ok_or("unknown kind of key")?,
        env: Env::parse(&raw.key.env).ok_or("unknown env")?,
        secret_hash: SecretHash::from_hex(&raw.key.secret_hash).ok_or("secret_hash is not a SHA-256 in hexadecimal")?,
        // Scopes that a later version adds are ignored.
        scopes: raw.key.scopes.iter().filter_map(|scope| Scope::parse(scope)).collect(),
        allowed_origins: raw.key.allowed_origins,
        expires_at: raw.key.expires_at.map(Timestamp),
        revoked_at: raw.key.revoked_at.map(Timestamp),
        organization_id: raw.organization_id,
        project: raw.project.map(|project| Project {
            id: project.id,
            slug: project.slug,
            timezone: project.timezone,
            retention_days: project.retention_days,
            dnt_mode: project.dnt_mode,
            kept_params: project.kept_params,
            archived: project.archived,
            // Both are validated when they are set. If a row is broken anyway, events are still stored.
            rules: ProjectRules::new(project.classifier_rules, project.internal_hosts).unwrap_or_default(),
            excluded: project.excluded_ip_ranges.iter().filter_map(|range| IpRange::parse(range)).collect(),
            geo_level: project.geo_level,
            quota: Quota { events: project.quota_events, mode: project.quota_mode, used: project.used_events },
            rate: project.events_per_second.map(|per_second| Rate {
                per_second,
                burst: project.burst.unwrap_or_else(|| per_second.saturating_mul(4)),
            }),
        }),
    };
    Ok(Some((record, day_rows(raw.day_keys)?)))
}

/// A list; empty if the column is null.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Parses the answer of `day_keys`.
///
/// # Errors
/// What is wrong with the answer, for the log.
pub fn read_day_rows(json: &[u8]) -> Result<DayRows, String> {
    day_rows(crate::json::read(json).map_err(|error| error.to_string())?)
}

fn day_rows(raw: HashMap<String, String>) -> Result<DayRows, String> {
    raw.into_iter()
        .map(|(day, random)| Some((Day::parse(&day)?, hex::decode(&random)?)))
        .collect::<Option<_>>()
        .ok_or_else(|| "a day key has an invalid day or is not hexadecimal".to_owned())
}
