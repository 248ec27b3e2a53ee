//! The one handler of all reports, for REST and for MCP: admit, parse, run the statements, build the answer.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::body::Bound;
use super::inbound::{Inbound, Reply};
use super::principal::Principal;
use super::{App, Deadline};
use crate::store::StoreError;
use intake::error::{ApiError, ErrorCode};
use intake::time::Timestamp;
use query::{Answer, Found, Kind, Question, World, catalogue, no_parameters, placed, placed_in_parameters};
use statement::{Scope, Statement};

/// Statements that run at a time. Workers opens six connections per request, and the sign of life needs one.
const MAX_STATEMENTS: usize = 5;

/// A question as it was sent.
#[derive(Clone, Copy)]
pub(super) enum Sent<'a> {
    /// In JSON.
    Json(&'a Value),
    /// As a query string.
    Parameters(&'a str),
}

impl Sent<'_> {
    fn parse(self, kind: &Kind, world: World<'_>) -> Result<Question, ApiError> {
        let question = match self {
            Self::Json(body) => kind.json.map(|parse| parse(body, world)),
            Self::Parameters(query) => kind.parameters.map(|parse| parse(query, world)),
        };
        // The table of routes offers only what the kind can parse; a test holds them together.
        let missing = || ApiError::new(ErrorCode::InternalError, "this report cannot be asked in this form");
        question.ok_or_else(missing)?.map_err(ApiError::from)
    }

    /// The place of the project, for errors.
    fn project(self) -> &'static str {
        match self {
            Self::Json(_) => "/project",
            Self::Parameters(_) => "?project",
        }
    }

    /// Adds the place of a bad pattern, which only the store finds.
    fn placed(self, error: ApiError) -> ApiError {
        match self {
            Self::Json(body) => placed(error, body),
            Self::Parameters(query) => placed_in_parameters(error, query),
        }
    }
}

impl App {
    /// Answers a report over REST.
    pub(super) async fn report(
        &self,
        request: &mut impl Inbound,
        caller: &Principal,
        (kind, body): (&'static Kind, Bound),
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        let now = (self.runtime.now)();
        let answer = if request.method() == "POST" {
            let body = self.json_body(request, deadline, body.max).await?;
            self.answered(caller, kind, Sent::Json(&body), now).await?
        } else {
            self.answered(caller, kind, Sent::Parameters(request.query()), now).await?
        };
        Ok(Reply::json(200, answer.to_json().map_err(unusable)?).header("cache-control", "private, no-store"))
    }

    /// Answers one question.
    pub(super) async fn answered(
        &self,
        caller: &Principal,
        kind: &'static Kind,
        sent: Sent<'_>,
        now: Timestamp,
    ) -> Result<Box<dyn Answer>, ApiError> {
        let parse = |world: World<'_>| sent.parse(kind, world);
        let project = |question: &Question| question.project().map(ToOwned::to_owned);
        let (mut question, project_id) = self.understood(caller, now, sent.project(), parse, project).await?;
        let scope = Scope { project_id: &project_id, env: caller.env() };
        let begin = (self.runtime.now)();
        let lookups = question.lookups(&scope)?;
        let looked_up = self.read_all(lookups).await?;
        let statements = question.statements(&scope, &looked_up).map_err(unusable)?;
        let found = self.read_all(statements).await.map_err(|error| sent.placed(error))?;
        let elapsed_ms = (self.runtime.now)().0 - begin.0;
        question.answer(&scope, &found, elapsed_ms).map_err(unusable)
    }

    /// The answer to one question as a value, for MCP.
    pub(super) async fn value_of(
        &self,
        caller: &Principal,
        kind: &'static Kind,
        sent: Sent<'_>,
        now: Timestamp,
    ) -> Result<Value, ApiError> {
        // Boxed: the futures of the tools would hold it many times over.
        Box::pin(self.answered(caller, kind, sent, now)).await?.to_value().map_err(unusable)
    }

    /// Runs statements at the same time; what they found, in their order.
    async fn read_all(&self, statements: Vec<Statement>) -> Result<Vec<Found>, ApiError> {
        let reads = stream::iter(statements).map(|statement| self.read(statement));
        reads.buffered(MAX_STATEMENTS).try_collect().await
    }
}

/// `GET /v1/metrics`: what can be measured and grouped by.
pub(super) fn metrics(request: &impl Inbound) -> Result<Reply, ApiError> {
    no_parameters(request.query())?;
    Ok(Reply::of(200, &catalogue())?.header("cache-control", "private, no-store"))
}

impl From<crate::store::Selected> for Found {
    fn from(selected: crate::store::Selected) -> Self {
        Self { lines: selected.body, rows_read: selected.rows_read }
    }
}

fn unusable(reason: String) -> ApiError {
    StoreError::Unusable(reason).events()
}
