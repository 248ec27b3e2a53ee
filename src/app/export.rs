//! `GET /v1/export`: all events of a period as a file, handed on as the store writes it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::inbound::{Body, Inbound, Reply};
use super::principal::Principal;
use super::{App, lock};
use crate::store::StoreError;
use intake::error::{ApiError, ErrorCode};
use intake::time::Timestamp;
use query::{Export, Format, World, placed_in_parameters};
use statement::{Scope, Statement};

/// Longest that an export may take.
const LIMIT: Duration = Duration::from_mins(10);
/// An export whose end nobody told is taken to be over after this.
const FORGOTTEN_MS: i64 = 11 * 60 * 1000;

/// What the runtime hands on: a statement's answer, as it comes.
pub struct Download {
    /// The store's address with database, settings and parameters.
    pub url: String,
    /// Who asks.
    pub user: String,
    /// The password.
    pub password: String,
    /// The statement.
    pub sql: String,
    /// `ndjson`, `csv` or `parquet`: how its end is told.
    pub format: &'static str,
    /// What goes out before the answer.
    pub head: String,
    /// When it is broken off.
    pub limit: Duration,
    /// Dropped once the answer has ended, or the client has gone.
    pub hold: Box<dyn Any>,
}

/// Exports under way, by project: since when.
pub(super) type Running = Arc<Mutex<HashMap<String, Timestamp>>>;

/// A project's only export; the next may begin when this is dropped.
pub(super) struct Turn {
    running: Running,
    project_id: String,
    since: Timestamp,
}

impl Turn {
    pub(super) fn take(running: &Running, project_id: &str, now: Timestamp) -> Option<Self> {
        let mut all = lock(running);
        all.retain(|_, since| now.0 - since.0 < FORGOTTEN_MS);
        if all.contains_key(project_id) {
            return None;
        }
        all.insert(project_id.to_owned(), now);
        Some(Self { running: Arc::clone(running), project_id: project_id.to_owned(), since: now })
    }

    /// Ends the turn that began at an instant: one that was taken to be over may end after its successor began.
    fn end(running: &Running, project_id: &str, since: Timestamp) {
        let mut all = lock(running);
        if all.get(project_id) == Some(&since) {
            all.remove(project_id);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        Self::end(&self.running, &self.project_id, self.since);
    }
}

impl App {
    pub(super) async fn export(&self, request: &impl Inbound, caller: &Principal) -> Result<Reply, ApiError> {
        let now = (self.runtime.now)();
        let query = request.query();
        let reply = self.exported(request, caller, now).await.map_err(|error| placed_in_parameters(error, query))?;
        Ok(reply.header("cache-control", "private, no-store"))
    }

    async fn exported(&self, request: &impl Inbound, caller: &Principal, now: Timestamp) -> Result<Reply, ApiError> {
        let read = |world: World<'_>| Ok(Export::from_parameters(request.query(), world)?);
        let project = |export: &Export| export.project().map(ToOwned::to_owned);
        let (export, project_id) = self.understood(caller, now, "?project", read, project).await?;
        let format = export.format;
        let reply = Reply::empty(200)
            .header("content-type", format.media_type())
            .header("content-disposition", format!("attachment; filename=\"events.{}\"", format.as_str()));
        if request.method() == "HEAD" {
            return Ok(reply);
        }
        let turn = Turn::take(&self.exports, &project_id, now).ok_or_else(|| {
            let mut error = ApiError::new(ErrorCode::RateLimited, "an export of this project is under way already");
            error.retry_after = Some(10);
            error
        })?;
        let statement = export.statement(&Scope { project_id: &project_id, env: caller.env() });
        let body = self.handed_on(statement, format, format.head(), turn).await?;
        Ok(Reply { body, ..reply })
    }

    /// The store's answer as it comes, after `head`.
    pub(super) async fn handed_on(
        &self,
        statement: Statement,
        format: Format,
        head: String,
        turn: Turn,
    ) -> Result<Body, ApiError> {
        let store = &self.config()?.clickhouse;
        let (url, user) = store.download(&statement.parameters, LIMIT).map_err(StoreError::question)?;
        let (taken_by, since) = (turn.project_id.clone(), turn.since);
        let download = Download {
            url,
            user: user.user,
            password: user.password,
            sql: statement.sql,
            format: format.as_str(),
            head,
            limit: LIMIT + Duration::from_secs(10),
            hold: Box::new(turn),
        };
        match self.while_alive((self.runtime.export)(download)).await {
            Ok(stream) => Ok(Body::Stream(stream)),
            Err(error) => {
                // The runtime may still wait for an answer that nobody wants any more, and hold the turn.
                Turn::end(&self.exports, &taken_by, since);
                Err(error.question())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_one_turn_at_a_time() {
        let running = Running::default();
        let now = Timestamp(1_795_255_200_000);
        let first = Turn::take(&running, "a", now).unwrap();
        assert!(Turn::take(&running, "a", now.plus(1)).is_none());
        assert!(Turn::take(&running, "b", now).is_some());
        drop(first);
        let forgotten = Turn::take(&running, "a", now).unwrap();
        let next = Turn::take(&running, "a", now.plus(FORGOTTEN_MS)).unwrap();
        drop(forgotten);
        assert!(Turn::take(&running, "a", now.plus(FORGOTTEN_MS + 1)).is_none());
        drop(next);
    }
}
