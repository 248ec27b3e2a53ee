//! `GET /v1/stats`, `POST /v1/stats`: aggregates.

use futures_util::future::try_join4;
use serde_json::Value;

use super::App;
use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::limits::tell;
use crate::store::StoreError;
use intake::error::{ApiError, ErrorCode};
use intake::time::Timestamp;
use query::{
    Answers, Found, Plan, Query, Wanted, World, answer, build, from_json, from_parameters, placed,
    placed_in_parameters, resume,
};
use statement::Scope;
use upkeep::rollup::{Kind, clean_days, clean_rows};

/// Largest question, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

impl App {
    pub(super) async fn stats(&self, request: &mut impl Inbound, caller: &Caller) -> Result<Reply, ApiError> {
        let now = (self.runtime.now)();
        let left = self.admit_question(caller, now).await?;
        let answered = if request.method() == "POST" {
            let body = self.question(request).await?;
            self.stats_of(&body, caller, now).await?
        } else {
            let parameters = request.query();
            let read = |world: World<'_>| from_parameters(parameters, world);
            let project = |query: &Query| query.project.clone();
            let (query, project_id) = self.understood(caller, now, "?project", read, project).await?;
            let scope = Scope { project_id: &project_id, env: caller.record.env };
            self.answered(query, &scope).await.map_err(|error| placed_in_parameters(error, parameters))?
        };
        let reply = Reply::json(200, answered).header("cache-control", "private, no-store");
        Ok(match left {
            Some(left) => tell(reply, "questions", left),
            None => reply,
        })
    }

    /// Answers a question in JSON.
    pub(super) async fn stats_of(&self, body: &Value, caller: &Caller, now: Timestamp) -> Result<String, ApiError> {
        let read = |world: World<'_>| from_json(body, world);
        let project = |query: &Query| query.project.clone();
        let (query, project_id) = self.understood(caller, now, "/project", read, project).await?;
        let scope = Scope { project_id: &project_id, env: caller.record.env };
        self.answered(query, &scope).await.map_err(|error| placed(error, body))
    }

    /// A question as JSON.
    pub(super) async fn question(&self, request: &mut impl Inbound) -> Result<Value, ApiError> {
        let body = request.body(None, MAX_BODY).await.map_err(|error| error.refused(MAX_BODY))?;
        serde_json::from_slice(&body).map_err(|error| {
            ApiError::new(ErrorCode::InvalidPayload, format!("the body is not JSON: {error}")).field("", "must be JSON")
        })
    }

    /// Answers a question: all its statements at once, four connections at most.
    pub(super) async fn answered(&self, mut query: Query, scope: &Scope<'_>) -> Result<String, ApiError> {
        let begin = (self.runtime.now)();
        resume(&mut query, scope)?;
        let compared = query.before();
        let totals = query.needs_totals().then(|| query.totals());
        let compared_totals = totals.as_ref().and_then(Query::before);
        let run = async |query: Option<&Query>| match query {
            None => Ok(None),
            Some(query) => Box::pin(self.run(query, scope)).await.map(Some),
        };
        let (rows, compared, totals, compared_totals) =
            try_join4(run(Some(&query)), run(compared.as_ref()), run(totals.as_ref()), run(compared_totals.as_ref()))
                .await?;
        let (rows, tables) = rows.unwrap_or_default();
        let found = |part: Option<(Found, _)>| part.map(|(found, _)| found);
        let answers = Answers {
            rows,
            compared: found(compared),
            totals: found(totals),
            compared_totals: found(compared_totals),
            tables,
        };
        let elapsed = (self.runtime.now)().0 - begin.0;
        answer(&query, scope, &answers, elapsed).map_err(|reason| StoreError::Unusable(reason).events())
    }
}

impl App {
    /// Runs one question: first which days are clean, where that matters, then the rows and the tables they
    /// came from.
    async fn run(&self, query: &Query, scope: &Scope<'_>) -> Result<(Found, Vec<&'static str>), ApiError> {
        let plan = match Wanted::of(query) {
            None => Plan::default(),
            Some(wanted) => {
                let (mut rollup, mut sessions) = (Vec::new(), Vec::new());
                for kind in wanted.kinds() {
                    let days = self.read(clean_days(kind, scope, wanted.first, wanted.end)).await?;
                    let days = clean_rows(&days.lines).map_err(|reason| StoreError::Unusable(reason).events())?;
                    *(if kind == Kind::Sessions { &mut sessions } else { &mut rollup }) = days;
                }
                wanted.plan(query, rollup, sessions)
            }
        };
        let found = self.read(build(query, scope, &plan)).await?;
        Ok((found, plan.tables(query)))
    }
}

impl From<crate::store::Selected> for Found {
    fn from(selected: crate::store::Selected) -> Self {
        Self { lines: selected.body, rows_read: selected.rows_read }
    }
}
