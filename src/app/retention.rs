//! `POST /v1/retention`: how many come back, and when.

use serde_json::Value;

use super::App;
use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::limits::tell;
use crate::store::StoreError;
use intake::error::ApiError;
use intake::time::Timestamp;
use query::retention::{Retention, answer, build};
use query::{World, placed};
use statement::Scope;

impl App {
    pub(super) async fn retention(&self, request: &mut impl Inbound, caller: &Caller) -> Result<Reply, ApiError> {
        let now = (self.runtime.now)();
        let left = self.admit_question(caller, now).await?;
        let body = self.question(request).await?;
        let body = self.retention_of(&body, caller, now).await?;
        let reply = Reply::json(200, body).header("cache-control", "private, no-store");
        Ok(match left {
            Some(left) => tell(reply, "questions", left),
            None => reply,
        })
    }

    /// Answers the question in JSON.
    pub(super) async fn retention_of(&self, body: &Value, caller: &Caller, now: Timestamp) -> Result<String, ApiError> {
        let read = |world: World<'_>| Retention::from_json(body, world);
        let project = |retention: &Retention| retention.frame.project.clone();
        let (retention, project_id) = self.understood(caller, now, "/project", read, project).await?;
        let scope = Scope { project_id: &project_id, env: caller.record.env };
        let begin = (self.runtime.now)();
        let found = self.read(build(&retention, &scope)).await.map_err(|error| placed(error, body))?;
        let elapsed = (self.runtime.now)().0 - begin.0;
        answer(&retention, &found, elapsed).map_err(|reason| StoreError::Unusable(reason).events())
    }
}
