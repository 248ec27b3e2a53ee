//! `POST /v1/match`: what follows what, and how soon.

use futures_util::future::try_join;

use super::App;
use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::limits::tell;
use crate::store::StoreError;
use intake::error::ApiError;
use query::pairs::{Pairs, answer, build, left_out};
use query::{World, placed};
use statement::Scope;

impl App {
    pub(super) async fn matched(&self, request: &mut impl Inbound, caller: &Caller) -> Result<Reply, ApiError> {
        let now = (self.runtime.now)();
        let left = self.admit_question(caller, now).await?;
        let body = self.question(request).await?;
        let read = |world: World<'_>| Pairs::from_json(&body, world);
        let project = |pairs: &Pairs| pairs.frame.project.clone();
        let (pairs, project_id) = self.understood(caller, now, "/project", read, project).await?;
        let scope = Scope { project_id: &project_id, env: caller.record.env };
        let begin = (self.runtime.now)();
        let asked = try_join(self.read(build(&pairs, &scope)), self.read(left_out(&pairs, &scope))).await;
        let (found, left_out) = asked.map_err(|error| placed(error, &body))?;
        let elapsed = (self.runtime.now)().0 - begin.0;
        let body =
            answer(&pairs, &found, &left_out, elapsed).map_err(|reason| StoreError::Unusable(reason).events())?;
        let reply = Reply::json(200, body).header("cache-control", "private, no-store");
        Ok(match left {
            Some(left) => tell(reply, "questions", left),
            None => reply,
        })
    }
}
