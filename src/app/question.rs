//! The questions with a form of their own: let in, answered, and told how many more may come.

use futures_util::future::{try_join, try_join5};
use serde_json::{Value, json};

use super::App;
use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::limits::tell;
use super::routes::Question;
use crate::store::StoreError;
use intake::error::ApiError;
use intake::time::Timestamp;
use query::{
    Events, Query, Realtime, Schema, Window, World, catalogue, no_parameters, placed, placed_in_parameters, sources,
};
use statement::Scope;

impl App {
    pub(super) async fn answer(
        &self,
        request: &impl Inbound,
        caller: &Caller,
        question: Question,
    ) -> Result<Reply, ApiError> {
        let now = (self.runtime.now)();
        let left = self.admit_question(caller, now).await?;
        let query = request.query();
        let reply =
            self.reply(request, caller, question, now).await.map_err(|error| placed_in_parameters(error, query))?;
        let reply = reply.header("cache-control", "private, no-store");
        Ok(match left {
            Some(left) => tell(reply, "questions", left),
            None => reply,
        })
    }

    async fn reply(
        &self,
        request: &impl Inbound,
        caller: &Caller,
        question: Question,
        now: Timestamp,
    ) -> Result<Reply, ApiError> {
        let query = request.query();
        Ok(match question {
            Question::Events => Reply::json(200, self.events(query, caller, now).await?),
            Question::Export => self.export(request, caller, now).await?,
            Question::Metrics => {
                no_parameters(query)?;
                Reply::of(200, &catalogue())?
            }
            Question::Realtime => Reply::of(200, &Box::pin(self.realtime(query, caller, now)).await?)?,
            Question::Schema => Reply::json(200, self.schema(query, caller, now).await?),
            Question::Sources => Reply::json(200, self.sources(query, caller, now).await?),
        })
    }

    /// `GET /v1/sources`: the question of `/v1/stats` that is asked most.
    async fn sources(&self, query: &str, caller: &Caller, now: Timestamp) -> Result<String, ApiError> {
        let read = |world: World<'_>| sources(query, world);
        let project = |query: &Query| query.project.clone();
        let (query, project_id) = self.understood(caller, now, "?project", read, project).await?;
        self.answered(query, &Scope { project_id: &project_id, env: caller.record.env }).await
    }

    /// `GET /v1/query`: events as they are.
    async fn events(&self, query: &str, caller: &Caller, now: Timestamp) -> Result<String, ApiError> {
        let read = |world: World<'_>| Events::from_parameters(query, world);
        let project = |events: &Events| events.project().map(ToOwned::to_owned);
        let (events, project_id) = self.understood(caller, now, "?project", read, project).await?;
        self.page(events, &project_id, caller, now).await
    }

    /// The same, asked in JSON.
    pub(super) async fn events_of(&self, body: &Value, caller: &Caller, now: Timestamp) -> Result<String, ApiError> {
        let read = |world: World<'_>| Events::from_json(body, world);
        let project = |events: &Events| events.project().map(ToOwned::to_owned);
        let (events, project_id) = self.understood(caller, now, "/project", read, project).await?;
        self.page(events, &project_id, caller, now).await.map_err(|error| placed(error, body))
    }

    async fn page(
        &self,
        mut events: Events,
        project_id: &str,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<String, ApiError> {
        let scope = Scope { project_id, env: caller.record.env };
        events.resume(&scope)?;
        let found = self.read(events.statement(&scope)).await?;
        events.answer(&scope, &found, (self.runtime.now)().0 - now.0).map_err(unusable)
    }

    /// `GET /v1/schema`: what the project sends.
    pub(super) async fn schema(&self, query: &str, caller: &Caller, now: Timestamp) -> Result<String, ApiError> {
        let schema = Schema::from_parameters(query, now)?;
        let project_id = self.project_of(caller, schema.project(), "?project").await?;
        let scope = Scope { project_id: &project_id, env: caller.record.env };
        let (events, properties) =
            try_join(self.read(schema.events(&scope)), self.read(schema.properties(&scope))).await?;
        schema.answer(&events, &properties).map_err(unusable)
    }

    /// `GET /v1/realtime`: the last minutes. Seven statements over five connections: a request has six.
    pub(super) async fn realtime(&self, query: &str, caller: &Caller, now: Timestamp) -> Result<Value, ApiError> {
        let read = |world: World<'_>| Realtime::from_parameters(query, world);
        let project = |realtime: &Realtime| realtime.project().map(ToOwned::to_owned);
        let (realtime, project_id) = self.understood(caller, now, "?project", read, project).await?;
        let Realtime { windows: [short, long], series } = realtime;
        let scope = Scope { project_id: &project_id, env: caller.record.env };
        let rows = async |query: Query| -> Result<Value, ApiError> {
            let answer = Box::pin(self.answered(query, &scope)).await?;
            let mut answer: Value = serde_json::from_str(&answer).map_err(|error| unusable(error.to_string()))?;
            Ok(answer["rows"].take())
        };
        let (series_range, minutes) = (series.range, [short.minutes, long.minutes]);
        let pair = async |first: Query, second: Query| Ok((rows(first).await?, rows(second).await?));
        let Window { totals: short_totals, pages: short_pages, sources: short_sources, .. } = short;
        let Window { totals, pages, sources, .. } = long;
        let (both_totals, (short_pages, short_sources), pages, sources, series) = try_join5(
            pair(short_totals, totals),
            pair(short_pages, short_sources),
            rows(pages),
            rows(sources),
            rows(series),
        )
        .await?;
        let window = |minutes: u32, totals: &Value, pages: Value, sources: Value| {
            let total = totals.get(0).cloned().unwrap_or_default();
            json!({
                "minutes": minutes, "visitors": total["visitors"], "events": total["events"],
                "pages": pages, "sources": sources,
            })
        };
        let [short_minutes, long_minutes] = minutes;
        Ok(json!({
            "windows": [
                window(short_minutes, &both_totals.0, short_pages, short_sources),
                window(long_minutes, &both_totals.1, pages, sources),
            ],
            "series": series,
            "meta": { "from": series_range.from.to_iso(), "to": series_range.to.to_iso(), "now": now.to_iso() },
        }))
    }
}

fn unusable(reason: String) -> ApiError {
    StoreError::Unusable(reason).events()
}
