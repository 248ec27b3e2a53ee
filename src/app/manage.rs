//! `/v1/projects`, `/v1/keys`, `/v1/usage`: each calls one function of the control plane, which decides who may do what.
//! This module makes and hashes secrets and converts errors.

use std::time::Duration;

use classifier::{ProjectRule, ProjectRules};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::body::Bound;
use super::inbound::{Inbound, Reply};
use super::principal::Principal;
use super::routes::Management;
use super::{App, Deadline, lock};
use crate::store::StoreError;
use intake::error::{ApiError, ErrorCode};
use intake::key::{Draft, Env, Kind, Scope};
use intake::time::Day;
use query::Path;

/// Time limit of a call to the control plane.
const LIMIT: Duration = Duration::from_millis(2_500);
/// How long a rotated key can keep working: 30 days, in seconds.
const MAX_OVERLAP_S: u64 = 30 * 86_400;

/// How a key is replaced.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Rotation {
    /// Seconds for which the old key keeps working.
    #[serde(default = "a_day")]
    #[cfg_attr(test, schemars(range(max = MAX_OVERLAP_S)))]
    overlap_seconds: u64,
}

fn a_day() -> u64 {
    86_400
}

impl App {
    pub(super) async fn manage(
        &self,
        request: &mut impl Inbound,
        caller: &Principal,
        (what, body, id): (Management, Bound, &str),
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        let id = if id.is_empty() { String::new() } else { uuid_of(id)? };
        let input = match what {
            Management::ProjectCreate
            | Management::ProjectUpdate
            | Management::KeyCreate
            | Management::KeyUpdate
            | Management::KeyRotate => self.object_body(request, body, deadline).await?,
            _ => Map::new(),
        };
        if matches!(what, Management::ProjectCreate | Management::ProjectUpdate) {
            check_rules(&input)?;
        }
        let mut secret = None;
        let (function, arguments) = match what {
            Management::Projects => ("manage_projects", json!({})),
            Management::ProjectCreate => ("manage_project_create", json!({ "input": input })),
            Management::ProjectUpdate => ("manage_project_update", json!({ "project_id": id, "input": input })),
            Management::ProjectArchive => ("manage_project_archive", json!({ "project_id": id })),
            Management::Keys => ("manage_keys", json!({ "project_id": query_uuid(request, "project_id")? })),
            Management::KeyCreate => {
                let (draft, input) = self.new_key(input)?;
                secret = Some(draft);
                ("manage_key_create", json!({ "input": input }))
            }
            Management::KeyUpdate => ("manage_key_update", json!({ "key_id": id, "input": input })),
            Management::KeyRevoke => ("manage_key_revoke", json!({ "key_id": id })),
            Management::KeyRotate => return self.rotate(caller, &id, input).await,
            Management::Usage => {
                let (from, to) = (query_month(request, "from")?, query_month(request, "to")?);
                ("usage_get", json!({ "month_from": from, "month_to": to }))
            }
        };
        let mut answer = self.control(function, caller, arguments).await?;
        if request.method() != "GET" {
            // What is cached here may just have been changed.
            lock(&self.keys).clear();
        }
        if let Some(draft) = secret {
            answer["key"] = draft.reveal().into();
        }
        let status = if matches!(what, Management::ProjectCreate | Management::KeyCreate) { 201 } else { 200 };
        Ok(Reply::json(status, answer.to_string()).header("cache-control", "no-store"))
    }

    /// The project a question is about: the key's own, or the one an account key names by slug or id.
    pub(super) async fn project_of(
        &self,
        caller: &Principal,
        named: Option<&str>,
        place: &'static str,
    ) -> Result<String, ApiError> {
        let fault = |message| ApiError::from(Path::new(place).fault(message));
        if let Some(own) = caller.own_project() {
            return match named {
                None => Ok(own.id.clone()),
                Some(_) => Err(fault("is for account keys; this key has its own project")),
            };
        }
        let named = named.ok_or_else(|| fault("is missing: name a project by slug or id"))?;
        let arguments = json!({ "organization_id": caller.key()?.organization_id, "project": named });
        let control_plane = &self.config()?.control_plane;
        let answer = control_plane.call("project_lookup", arguments.to_string(), LIMIT).await.map_err(outward)?;
        intake::json::read::<Value>(&answer)
            .map_err(|error| StoreError::Unusable(error.to_string()).control_plane())?["id"]
            .as_str()
            .map(ToOwned::to_owned)
            .ok_or_else(|| fault("names no project of this organization"))
    }

    /// Calls a function of the control plane on behalf of the caller; the function decides whether they may.
    pub(super) async fn control(
        &self,
        function: &'static str,
        caller: &Principal,
        mut arguments: Value,
    ) -> Result<Value, ApiError> {
        arguments["actor"] = caller.actor();
        let answer = self.config()?.control_plane.call(function, arguments.to_string(), LIMIT).await;
        let answer = answer.map_err(outward)?;
        intake::json::read(&answer).map_err(|error| StoreError::Unusable(error.to_string()).control_plane())
    }

    /// A new key, and the input of the function that stores its hash.
    fn new_key(&self, mut input: Map<String, Value>) -> Result<(Draft, Map<String, Value>), ApiError> {
        let word = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let fault = |name: &str, message: &'static str| {
            ApiError::new(ErrorCode::InvalidPayload, format!("{name}: {message}")).field(format!("/{name}"), message)
        };
        let kind = Kind::parse(&word("kind")).ok_or_else(|| fault("kind", "must be pk, sk, rk or ak"))?;
        let env = match input.get("env") {
            None => Env::Live,
            Some(_) => Env::parse(&word("env")).ok_or_else(|| fault("env", "must be live or test"))?,
        };
        let draft = self.draft(kind, env)?;
        let scopes: Vec<&str> = kind.default_scopes().into_iter().map(Scope::as_str).collect();
        input.entry("scopes").or_insert_with(|| json!(scopes));
        input.insert("env".to_owned(), env.as_str().into());
        input.insert("prefix".to_owned(), draft.prefix().into());
        input.insert("secret_hash".to_owned(), draft.hash(&self.config()?.peppers.current).to_hex().into());
        Ok((draft, input))
    }

    /// Replaces a key by a new one with the same settings; the old key expires after an overlap.
    async fn rotate(&self, caller: &Principal, id: &str, input: Map<String, Value>) -> Result<Reply, ApiError> {
        let rotation = serde_json::from_value(Value::Object(input)).ok();
        let Some(Rotation { overlap_seconds: overlap @ ..=MAX_OVERLAP_S }) = rotation else {
            let error = "overlap_seconds: must be a whole number up to 30 days";
            return Err(ApiError::new(ErrorCode::InvalidPayload, error)
                .field("/overlap_seconds", "must be a whole number up to 2592000"));
        };
        // Kind and env are the old key's, which its owner can see.
        let keys = self.control("manage_keys", caller, json!({ "project_id": null })).await?;
        let old = keys.as_array().into_iter().flatten().find(|key| key["id"] == id);
        let old = old.ok_or_else(|| ApiError::new(ErrorCode::NotFound, "there is no such key"))?;
        let kind = old["kind"].as_str().and_then(Kind::parse);
        let env = old["env"].as_str().and_then(Env::parse);
        let (Some(kind), Some(env)) = (kind, env) else {
            return Err(StoreError::Unusable("a key without kind or env".to_owned()).control_plane());
        };
        let draft = self.draft(kind, env)?;
        let arguments = json!({
            "key_id": id, "prefix": draft.prefix(), "overlap_seconds": overlap,
            "secret_hash": draft.hash(&self.config()?.peppers.current).to_hex(),
        });
        let mut answer = self.control("manage_key_rotate", caller, arguments).await?;
        lock(&self.keys).clear();
        let mut made = answer["key"].take();
        made["replaced"] = answer["replaced"].take();
        made["key"] = draft.reveal().into();
        Ok(Reply::json(201, made.to_string()).header("cache-control", "no-store"))
    }

    /// A body that holds a JSON object, or nothing, which is an empty one.
    async fn object_body(
        &self,
        request: &mut impl Inbound,
        body: Bound,
        deadline: &Deadline,
    ) -> Result<Map<String, Value>, ApiError> {
        let body = self.body(request, body, deadline).await?;
        if body.bytes.is_empty() {
            return Ok(Map::new());
        }
        intake::json::read(&body.bytes).map_err(|error| {
            ApiError::new(ErrorCode::InvalidPayload, format!("the body is not a JSON object: {error}"))
                .field("", "must be a JSON object")
        })
    }

    fn draft(&self, kind: Kind, env: Env) -> Result<Draft, ApiError> {
        let random: Vec<u8> = (0..16).filter_map(|_| (self.runtime.random)()).flatten().collect();
        Draft::from_random(kind, env, &random)
            .ok_or_else(|| ApiError::new(ErrorCode::InternalError, "no key could be made").because("no randomness"))
    }
}

/// Converts an error of a control plane function. The messages it raises itself (`PT…`) are written for clients.
pub(super) fn outward(error: StoreError) -> ApiError {
    match error {
        StoreError::Refused { code, message, .. } if code.starts_with("PT") => {
            let code = match code.as_str() {
                "PT403" => ErrorCode::InsufficientScope,
                "PT404" => ErrorCode::NotFound,
                _ => ErrorCode::InvalidPayload,
            };
            ApiError::new(code, message)
        }
        // A value that the database's types or checks turn down.
        StoreError::Refused { status: 400 | 409, code, message } => {
            ApiError::new(ErrorCode::InvalidPayload, "a value is not acceptable").because(format!("{code}: {message}"))
        }
        other => other.control_plane(),
    }
}

/// Checks a project's classifier rules: what the classifier would ignore later is rejected now.
fn check_rules(input: &Map<String, Value>) -> Result<(), ApiError> {
    let fault = |name: &str, message: String| {
        ApiError::new(ErrorCode::InvalidPayload, format!("{name}: {message}")).field(format!("/{name}"), message)
    };
    let read = |name: &str| input.get(name).filter(|value| !value.is_null()).cloned().unwrap_or_else(|| json!([]));
    let rules: Vec<ProjectRule> = serde_json::from_value(read("classifier_rules"))
        .map_err(|error| fault("classifier_rules", error.to_string()))?;
    let hosts: Vec<String> =
        serde_json::from_value(read("internal_hosts")).map_err(|error| fault("internal_hosts", error.to_string()))?;
    ProjectRules::new(rules, hosts).map(|_| ()).map_err(|error| fault("classifier_rules", error.to_string()))
}

fn uuid_of(text: &str) -> Result<String, ApiError> {
    uuid::Uuid::try_parse(text)
        .map(|id| id.to_string())
        .map_err(|_| ApiError::new(ErrorCode::NotFound, "there is nothing under this id"))
}

fn query_value(request: &impl Inbound, name: &str) -> Option<String> {
    form_urlencoded::parse(request.query().as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

/// Parses a month like `2026-11` into its first day, as the control plane takes it.
pub(super) fn month(text: &str) -> Option<String> {
    Day::parse(&format!("{text}-01")).map(Day::to_iso)
}

fn query_month(request: &impl Inbound, name: &str) -> Result<Option<String>, ApiError> {
    let told = |text: String| month(&text).ok_or_else(|| ApiError::param(name, "must be a month, like 2026-11"));
    query_value(request, name).map(told).transpose()
}

fn query_uuid(request: &impl Inbound, name: &str) -> Result<Option<String>, ApiError> {
    query_value(request, name)
        .map(|text| uuid::Uuid::try_parse(&text).map(|id| id.to_string()))
        .transpose()
        .map_err(|_| ApiError::param(name, "must be a UUID"))
}
