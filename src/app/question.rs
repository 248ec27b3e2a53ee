//! The questions with a form of their own: let in, answered, and told how many more may come.

use super::App;
use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::limits::tell;
use super::routes::Question;
use crate::error::ApiError;
use crate::query::{Scope, catalogue, no_parameters, sources};
use crate::time::Timestamp;

impl App {
    pub(super) async fn answer(
        &self,
        request: &impl Inbound,
        caller: &Caller,
        question: Question,
    ) -> Result<Reply, ApiError> {
        let now = (self.runtime.now)();
        let left = self.admit_question(caller, now).await?;
        let reply = match question {
            Question::Metrics => {
                no_parameters(request.query())?;
                Reply::of(200, &catalogue())?
            }
            Question::Sources => self.sources(request, caller, now).await?,
        };
        let reply = reply.header("cache-control", "private, no-store");
        Ok(match left {
            Some(left) => tell(reply, "questions", left),
            None => reply,
        })
    }

    /// `GET /v1/sources`: the question of `/v1/stats` that is asked most.
    async fn sources(&self, request: &impl Inbound, caller: &Caller, now: Timestamp) -> Result<Reply, ApiError> {
        let query = sources(request.query(), self.world(caller, now))?;
        let project_id = self.project_of(caller, query.project.as_deref(), "?project").await?;
        let body = self.answered(query, &Scope { project_id: &project_id, env: caller.record.env }).await?;
        Ok(Reply::json(200, body))
    }
}
