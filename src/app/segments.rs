//! `/v1/segments`: filters that are saved under a name; and questions that name them.

use std::time::Duration;

use serde_json::{Value, json};

use super::inbound::{Inbound, Reply};
use super::manage::outward;
use super::principal::Principal;
use super::routes::Segments as Route;
use super::{App, Deadline};
use crate::store::StoreError;
use intake::error::{ApiError, ErrorCode};
use intake::time::Timestamp;
use query::segment::{Draft, Noted, Saved, draft, project_in};
use query::{Segments, World, placed};

/// Longest that the control plane may take.
const LIMIT: Duration = Duration::from_millis(2_500);

impl App {
    pub(super) async fn segments(
        &self,
        request: &mut impl Inbound,
        caller: &Principal,
        what: Route,
        id: &str,
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        let named = project_in(request.query())?;
        // What has another form is no id of ours, whoever asks.
        let id = match what {
            Route::List | Route::Create => String::new(),
            _ => uuid::Uuid::try_parse(id)
                .map_err(|_| ApiError::new(ErrorCode::NotFound, "there is no such segment"))?
                .to_string(),
        };
        let project_id = self.project_of(caller, named.as_deref(), "?project").await?;
        let input = match what {
            Route::Create | Route::Update => self.segment(request, what == Route::Create, deadline).await?,
            _ => Value::Null,
        };
        let mut arguments = json!({ "project_id": project_id });
        let mut give = |name: &str, value: Value| arguments[name] = value;
        let function = match what {
            Route::List => "segments",
            Route::Get => "segment",
            Route::Create => "segment_create",
            Route::Update => "segment_update",
            Route::Delete => "segment_delete",
        };
        if !id.is_empty() {
            give("segment_id", id.into());
        }
        if matches!(what, Route::Create | Route::Update) {
            give("input", input);
        }
        if !matches!(what, Route::List | Route::Get) {
            give("key_id", caller.key()?.id.as_str().into());
        }
        let answer = self.saved(function, &arguments).await?;
        let status = if what == Route::Create { 201 } else { 200 };
        Ok(Reply::json(status, answer.to_string()).header("cache-control", "private, no-store"))
    }

    /// The saved segments of a project, for the tool: `{"segments":[…]}`.
    pub(super) async fn segments_of(&self, caller: &Principal, project: Option<&str>) -> Result<Value, ApiError> {
        let project_id = self.project_of(caller, project, "/project").await?;
        Ok(json!({ "segments": self.saved("segments", &json!({ "project_id": project_id })).await? }))
    }

    /// The members of a segment as they are to be stored. What is saved can be asked: the store tries its patterns.
    async fn segment(&self, request: &mut impl Inbound, whole: bool, deadline: &Deadline) -> Result<Value, ApiError> {
        let body = self.json_body(request, deadline, super::body::QUESTION.max).await?;
        let Draft { members, trial } = draft(&body, whole)?;
        if let Some(trial) = trial {
            self.read(trial).await.map_err(|error| placed(error, &body))?;
        }
        Ok(members.into())
    }

    /// Reads a question, and finds the project it is about. Only where it names segments the control plane is
    /// asked for them, and the question is read again with their conditions in place.
    pub(super) async fn understood<Q>(
        &self,
        caller: &Principal,
        now: Timestamp,
        place: &'static str,
        read: impl Fn(World<'_>) -> Result<Q, ApiError>,
        project: impl Fn(&Q) -> Option<String>,
    ) -> Result<(Q, String), ApiError> {
        let timezone = caller.timezone();
        let world = World { now, timezone, offset_at: self.runtime.offset_at, segments: Segments::Closed };
        let noted = Noted::default();
        let question = read(World { segments: Segments::Noted(&noted), ..world })?;
        let names = noted.into_names();
        let project_id = self.project_of(caller, project(&question).as_deref(), place).await?;
        if names.is_empty() {
            return Ok((question, project_id));
        }
        let arguments = json!({ "project_id": project_id, "named": names });
        let saved: Saved = serde_json::from_value(self.saved("segments_named", &arguments).await?)
            .map_err(|error| StoreError::Unusable(error.to_string()).control_plane())?;
        Ok((read(World { segments: Segments::Saved(&saved), ..world })?, project_id))
    }

    /// Calls a function of the control plane that is about segments.
    async fn saved(&self, function: &'static str, arguments: &Value) -> Result<Value, ApiError> {
        let answer = self.config()?.control_plane.call(function, arguments.to_string(), LIMIT).await;
        let answer = answer.map_err(|error| match &error {
            StoreError::Refused { code, message, .. } if code == "PT409" => {
                ApiError::new(ErrorCode::InvalidPayload, format!("name: {message}")).field("/name", message.clone())
            }
            _ => {
                let mut error = outward(error);
                if error.code == ErrorCode::ControlPlaneUnavailable {
                    error.detail = "segments cannot be looked up right now; send it again later".into();
                }
                error
            }
        })?;
        intake::json::read(&answer).map_err(|error| StoreError::Unusable(error.to_string()).control_plane())
    }
}
