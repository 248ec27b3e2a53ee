//! `POST /v1/funnel`: how many go from step to step.

use serde_json::Value;

use super::App;
use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::limits::tell;
use crate::store::StoreError;
use intake::error::ApiError;
use intake::time::Timestamp;
use query::funnel::{Funnel, answer, build};
use query::{World, placed};
use statement::Scope;

impl App {
    pub(super) async fn funnel(&self, request: &mut impl Inbound, caller: &Caller) -> Result<Reply, ApiError> {
        let now = (self.runtime.now)();
        let left = self.admit_question(caller, now).await?;
        let body = self.question(request).await?;
        let body = self.funnel_of(&body, caller, now).await?;
        let reply = Reply::json(200, body).header("cache-control", "private, no-store");
        Ok(match left {
            Some(left) => tell(reply, "questions", left),
            None => reply,
        })
    }

    /// Answers the question in JSON.
    pub(super) async fn funnel_of(&self, body: &Value, caller: &Caller, now: Timestamp) -> Result<String, ApiError> {
        let read = |world: World<'_>| Funnel::from_json(body, world);
        let project = |funnel: &Funnel| funnel.frame.project.clone();
        let (funnel, project_id) = self.understood(caller, now, "/project", read, project).await?;
        let scope = Scope { project_id: &project_id, env: caller.record.env };
        let begin = (self.runtime.now)();
        let found = self.read(build(&funnel, &scope)).await.map_err(|error| placed(error, body))?;
        let elapsed = (self.runtime.now)().0 - begin.0;
        answer(&funnel, &found, elapsed).map_err(|reason| StoreError::Unusable(reason).events())
    }
}
