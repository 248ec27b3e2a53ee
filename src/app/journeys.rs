//! `POST /v1/journeys`: where people go from a start, or where they came from.

use futures_util::future::try_join;

use super::App;
use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::limits::tell;
use crate::store::StoreError;
use intake::error::ApiError;
use query::funnel::By;
use query::journeys::{Journeys, answer, build, left_out};
use query::{World, placed};
use statement::Scope;

impl App {
    pub(super) async fn journeys(&self, request: &mut impl Inbound, caller: &Caller) -> Result<Reply, ApiError> {
        let now = (self.runtime.now)();
        let left = self.admit_question(caller, now).await?;
        let body = self.question(request).await?;
        let read = |world: World<'_>| Journeys::from_json(&body, world);
        let project = |journeys: &Journeys| journeys.frame.project.clone();
        let (journeys, project_id) = self.understood(caller, now, "/project", read, project).await?;
        let scope = Scope { project_id: &project_id, env: caller.record.env };
        let begin = (self.runtime.now)();
        let nobodys = async {
            match journeys.by {
                By::Person => self.read(left_out(&journeys, &scope)).await.map(Some),
                By::Session => Ok(None),
            }
        };
        let asked = try_join(self.read(build(&journeys, &scope)), nobodys).await;
        let (found, left_out) = asked.map_err(|error| placed(error, &body))?;
        let elapsed = (self.runtime.now)().0 - begin.0;
        let body = answer(&journeys, &found, left_out.as_ref(), elapsed)
            .map_err(|reason| StoreError::Unusable(reason).events())?;
        let reply = Reply::json(200, body).header("cache-control", "private, no-store");
        Ok(match left {
            Some(left) => tell(reply, "questions", left),
            None => reply,
        })
    }
}
