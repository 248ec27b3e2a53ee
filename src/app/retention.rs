//! `POST /v1/retention`: how many come back, and when.

use super::App;
use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::limits::tell;
use crate::error::ApiError;
use crate::query::retention::{Retention, answer, build};
use crate::query::{Scope, World, placed};
use crate::store::StoreError;

impl App {
    pub(super) async fn retention(&self, request: &mut impl Inbound, caller: &Caller) -> Result<Reply, ApiError> {
        let now = (self.runtime.now)();
        let left = self.admit_question(caller, now).await?;
        let body = self.question(request).await?;
        let read = |world: World<'_>| Retention::from_json(&body, world);
        let project = |retention: &Retention| retention.frame.project.clone();
        let (retention, project_id) = self.understood(caller, now, "/project", read, project).await?;
        let scope = Scope { project_id: &project_id, env: caller.record.env };
        let begin = (self.runtime.now)();
        let found = self.read(build(&retention, &scope)).await.map_err(|error| placed(error, &body))?;
        let elapsed = (self.runtime.now)().0 - begin.0;
        let body = answer(&retention, &found, elapsed).map_err(|reason| StoreError::Unusable(reason).events())?;
        let reply = Reply::json(200, body).header("cache-control", "private, no-store");
        Ok(match left {
            Some(left) => tell(reply, "questions", left),
            None => reply,
        })
    }
}
