//! What the control plane knows of a key and its project: the answer of `key_lookup`
//! (`migrations/postgres/0001_control_plane.sql`) as types.

use std::collections::HashMap;

use classifier::ProjectRules;
use serde::Deserialize;

use crate::hex;
use crate::key::{Env, Kind, Scope, SecretHash};
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
            rules: ProjectRules::default(),
        }),
    };
    Ok(Some((record, day_rows(raw.day_keys)?)))
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
