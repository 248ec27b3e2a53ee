//! What the control plane knows of a key and its project: the answer of `key_lookup`
//! (`migrations/postgres/0001_control_plane.sql`) as types.

use std::collections::HashMap;

use classifier::{ProjectRule, ProjectRules};
use serde::{Deserialize, Deserializer};

use crate::exclude::IpRange;
use crate::hex;
use crate::key::{Env, Kind, Scope, SecretHash};
use crate::limit::Rate;
use crate::quota::{Mode, Quota};
use crate::time::{Day, Timestamp};

/// What to do with events of people who ask not to be tracked (contract, "Privacy").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DntMode {
    /// Count them like everybody.
    Ignore,
    /// Keep the event, without hash and ids.
    #[default]
    Anonymous,
    /// Keep nothing.
    Drop,
}

/// How exactly the visitor's place is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GeoLevel {
    /// The country alone.
    #[default]
    Country,
    /// Its part as well.
    Region,
    /// The city as well.
    City,
}

/// A project as the edge needs it.
#[derive(Debug, Clone)]
pub struct Project {
    /// UUID.
    pub id: String,
    /// Short name, unique in its organization.
    pub slug: String,
    /// IANA time zone of its reports.
    pub timezone: String,
    /// Days for which events are kept; `None` for ever.
    pub retention_days: Option<u32>,
    /// See [`DntMode`].
    pub dnt_mode: DntMode,
    /// Query parameters kept in stored URLs; `None` takes the defaults.
    pub kept_params: Option<Vec<String>>,
    /// No longer in use: its keys open nothing.
    pub archived: bool,
    /// The project's own classifier rules.
    pub rules: ProjectRules,
    /// Address ranges whose events are not kept.
    pub excluded: Vec<IpRange>,
    /// How exactly places are stored.
    pub geo_level: GeoLevel,
    /// Events a month, for the key's env.
    pub quota: Quota,
    /// Events a second and burst; `None` takes the plan's or the default, a rate of 0 is no limit.
    pub rate: Option<Rate>,
}

/// A stored key.
#[derive(Debug, Clone)]
pub struct KeyRecord {
    /// UUID.
    pub id: String,
    /// What it is for.
    pub kind: Kind,
    /// Which data set it opens.
    pub env: Env,
    /// Hash of its secret.
    pub secret_hash: SecretHash,
    /// What it may do within its kind.
    pub scopes: Vec<Scope>,
    /// Origins that may use it in a browser.
    pub allowed_origins: Vec<String>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
    /// UUID of the organization it belongs to.
    pub organization_id: String,
    /// Its project; `None` for account keys.
    pub project: Option<Project>,
}

/// Random rows of UTC days.
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

/// Reads the answer of `key_lookup`: `None` where there is no such key.
///
/// # Errors
/// What does not fit, for the log.
pub fn read_key(json: &[u8]) -> Result<Option<(KeyRecord, DayRows)>, String> {
    let Some(raw) = serde_json::from_slice::<Option<RawAnswer>>(json).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let record = KeyRecord {
        id: raw.key.id,
        kind: Kind::parse(&raw.key.kind).ok_or("unknown kind")?,
        env: Env::parse(&raw.key.env).ok_or("unknown env")?,
        secret_hash: SecretHash::from_hex(&raw.key.secret_hash).ok_or("the hash is not one")?,
        // A scope of a later version widens nothing here.
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
            // Both are checked when they are set; were a row broken all the same, events still count.
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

/// A list, or none where the column is null.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads the answer of `day_keys`.
///
/// # Errors
/// What does not fit, for the log.
pub fn read_day_rows(json: &[u8]) -> Result<DayRows, String> {
    day_rows(serde_json::from_slice(json).map_err(|error| error.to_string())?)
}

fn day_rows(raw: HashMap<String, String>) -> Result<DayRows, String> {
    raw.into_iter()
        .map(|(day, random)| Some((Day::parse(&day)?, hex::decode(&random)?)))
        .collect::<Option<_>>()
        .ok_or_else(|| "a day key is not one".to_owned())
}
