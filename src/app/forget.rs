//! `POST /v1/forget`, `GET /v1/forget/{id}`: requests to erase a person. The cron runs them (`forget_run.rs`).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::body::Bound;
use super::inbound::{Inbound, Reply};
use super::principal::Principal;
use super::{App, Deadline};
use crate::store::StoreError;
use intake::error::{ApiError, ErrorCode, FieldError};
use intake::event::{MAX_ID, MAX_USER_ID, Object};
use intake::ingest::body_text;
use upkeep::erase::ids_kept;

/// Longest that the control plane may take.
const LIMIT: Duration = Duration::from_millis(2_500);

/// The answer of `forget_create`.
#[derive(Deserialize)]
struct ForgetCreated {
    request_id: String,
}

/// The request was stored; the cron does it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ForgetAccepted {
    #[cfg_attr(test, schemars(extend("const" = true)))]
    ok: bool,
    /// Names the request in `GET /v1/forget/{id}`.
    #[cfg_attr(test, schemars(extend("format" = "uuid")))]
    request_id: String,
}

/// The ids of a person; at least one is given.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "PersonAsked", deny_unknown_fields, extend("anyOf" = [
    { "required": ["user_id"], "properties": { "user_id": { "type": "string" } } },
    { "required": ["anonymous_id"], "properties": { "anonymous_id": { "type": "string" } } },
])))]
pub(crate) struct Asked {
    /// Your own id of the person.
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_USER_ID)))]
    pub(super) user_id: Option<String>,
    /// A device's id.
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_ID)))]
    pub(super) anonymous_id: Option<String>,
}

impl App {
    pub(super) async fn forget(
        &self,
        request: &mut impl Inbound,
        caller: &Principal,
        body: Bound,
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        let asked = self.asked(request, body, deadline).await?;
        let answer = self.about_person("forget_create", caller, &asked.arguments()).await?;
        let ForgetCreated { request_id } = serde_json::from_value(answer)
            .map_err(|_| StoreError::Unusable("no id of a request".to_owned()).control_plane())?;
        Ok(Reply::of(202, &ForgetAccepted { ok: true, request_id })?.header("cache-control", "no-store"))
    }

    pub(super) async fn forgotten(&self, caller: &Principal, id: &str) -> Result<Reply, ApiError> {
        let nothing = || ApiError::new(ErrorCode::NotFound, "there is no such request");
        let id = uuid::Uuid::try_parse(id).map_err(|_| nothing())?;
        let answer = self.about_person("forget_get", caller, &json!({ "request_id": id.to_string() })).await?;
        if answer.is_null() {
            return Err(nothing());
        }
        Ok(Reply::json(200, answer.to_string()).header("cache-control", "no-store"))
    }

    /// Reads the ids of a person from the body.
    pub(super) async fn asked(
        &self,
        request: &mut impl Inbound,
        body: Bound,
        deadline: &Deadline,
    ) -> Result<Asked, ApiError> {
        let body = self.body(request, body, deadline).await?;
        Asked::read(body_text(&body.bytes)?)
    }

    /// Calls a function of the control plane about a person. It looks the key up itself: one that is known here
    /// from earlier may have been revoked.
    pub(super) async fn about_person(
        &self,
        function: &'static str,
        caller: &Principal,
        arguments: &Value,
    ) -> Result<Value, ApiError> {
        let mut arguments = arguments.clone();
        arguments["key_id"] = caller.key()?.id.as_str().into();
        let answer = self.config()?.control_plane.call(function, arguments.to_string(), LIMIT).await;
        let answer = answer.map_err(|error| match error {
            StoreError::Refused { code, .. } if code == "PT403" => {
                ApiError::new(ErrorCode::RevokedApiKey, "this key does not work any more")
            }
            // The database's message may contain the ids.
            other => {
                let words = other.without_words();
                let mut error = other.control_plane();
                error.internal = Some(words);
                error
            }
        })?;
        intake::json::read(&answer).map_err(|_| StoreError::Unusable("no JSON".to_owned()).control_plane())
    }
}

impl Asked {
    /// Reads `{"user_id", "anonymous_id"}`.
    fn read(text: &str) -> Result<Self, ApiError> {
        // Errors repeat member names only, never their values.
        let Object(Members(mut members)) = serde_json::from_str(text).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            ApiError::new(ErrorCode::InvalidPayload, format!("the body is not a JSON object: {place}"))
                .field("", "must be a JSON object")
        })?;
        let mut fields = Vec::new();
        let mut id = |name: &'static str, max: usize| match members.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) if (1..=max).contains(&id.chars().count()) => Some(id),
            Some(_) => {
                let message = format!("must be a text of 1 to {max} characters").into();
                fields.push(FieldError { path: format!("/{name}"), message });
                None
            }
        };
        let asked = Self { user_id: id("user_id", MAX_USER_ID), anonymous_id: id("anonymous_id", MAX_ID) };
        if !members.is_empty() {
            fields.push(FieldError { path: String::new(), message: "takes user_id and anonymous_id alone".into() });
        } else if fields.is_empty() && asked == (Self { user_id: None, anonymous_id: None }) {
            fields.push(FieldError {
                path: String::new(),
                message: "must name a user_id, an anonymous_id or both".into(),
            });
        }
        let Some(first) = fields.first() else { return Ok(asked) };
        let mut error = ApiError::new(ErrorCode::InvalidPayload, first.message.clone());
        error.fields = fields;
        Err(error)
    }

    /// As functions of the control plane take it.
    pub(super) fn arguments(&self) -> Value {
        ids_kept(self.user_id.as_deref(), self.anonymous_id.as_deref())
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Members(Map<String, Value>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_meant_is_one_id_or_both_and_nothing_else() {
        let both = Asked::read(r#"{"user_id":"u","anonymous_id":"a"}"#).unwrap();
        assert_eq!((both.user_id.as_deref(), both.anonymous_id.as_deref()), (Some("u"), Some("a")));
        assert_eq!(Asked::read(r#"{"user_id":null,"anonymous_id":"a"}"#).unwrap().user_id, None);
        assert!(Asked::read(&json!({ "user_id": "é".repeat(256) }).to_string()).is_ok());
        for (body, path) in [
            ("{}".to_owned(), ""),
            ("[]".to_owned(), ""),
            ("\"u\"".to_owned(), ""),
            ("{".to_owned(), ""),
            (r#"{"user_id":""}"#.to_owned(), "/user_id"),
            (r#"{"user_id":7}"#.to_owned(), "/user_id"),
            (r#"{"user_id":"u","anonymous_id":["a"]}"#.to_owned(), "/anonymous_id"),
            (r#"{"user_id":"u","email":"x"}"#.to_owned(), ""),
            (json!({ "user_id": "x".repeat(257) }).to_string(), "/user_id"),
            (json!({ "anonymous_id": "x".repeat(129) }).to_string(), "/anonymous_id"),
        ] {
            let error = Asked::read(&body).unwrap_err();
            assert_eq!((error.code, error.fields[0].path.as_str()), (ErrorCode::InvalidPayload, path), "{body}");
            assert!(!error.to_log("").contains("xxxx"));
        }
    }
}
