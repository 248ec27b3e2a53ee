//! `POST /v1/access`: exports everything stored about a person, which is exactly what erasure would delete.

use std::collections::BTreeSet;

use super::body::Bound;
use super::export::Turn;
use super::inbound::{Inbound, Reply};
use super::people::Asker;
use super::principal::Principal;
use super::{App, Deadline};
use crate::store::StoreError;
use intake::error::{ApiError, ErrorCode};
use intake::set;
use query::Format;
use upkeep::erase::{self, Closure, Ids, Person, Receipt, Task};

impl App {
    pub(super) async fn access(
        &self,
        request: &mut impl Inbound,
        caller: &Principal,
        body: Bound,
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        let asked = self.asked(request, body, deadline).await?;
        let project_id = &caller.project()?.id;
        // One at a time, beside exports.
        let turn = Turn::take(&self.exports, &format!("access of {project_id}"), deadline.received_at);
        let turn = turn.ok_or_else(|| {
            let mut error = ApiError::new(ErrorCode::RateLimited, "another export for a person is already running");
            error.retry_after = Some(10);
            error
        })?;
        let receipts = self.about_person("access_note", caller, &asked.arguments()).await?;
        let receipts: Vec<Receipt> = serde_json::from_value(receipts)
            .map_err(|_| StoreError::Unusable("no receipts".to_owned()).control_plane())?;
        let ids = Ids { users: set::of(asked.user_id), devices: set::of(asked.anonymous_id.clone()) };
        let scope = Person { project_id: project_id.clone(), env: caller.env(), ids, hashes: BTreeSet::new() };
        let closure = Closure::new(scope.ids.clone(), asked.anonymous_id);
        let mut closures = [(scope, closure)];
        let whole = self.close(&mut closures, Asker::Client).await.map_err(quiet)?;
        let [(scope, closure)] = closures;
        let mut person = scope.with(closure.ids());
        // Rows that share a visitor hash with a row that still waits are included, and the other way round.
        let (seen, all_seen) = self.waiting(Task::See, std::slice::from_ref(&person)).await;
        let waiting = set::of(seen.seen.into_iter().flat_map(|seen| seen.hashes));
        person.hashes = set::of(self.hashes_of(&person, Asker::Client).await.map_err(quiet)?);
        person.hashes.extend(waiting.iter().cloned());
        let (told, all_told) = self.waiting(Task::Tell, std::slice::from_ref(&person)).await;
        if !(whole && all_seen && all_told) {
            return Err(ApiError::new(
                ErrorCode::StoreUnavailable,
                "not all that is held can be read now; ask again later",
            ));
        }
        person.hashes = waiting;
        let head = erase::head(&receipts, &told.lines);
        let body = self.handed_on(erase::tell(&person), Format::Ndjson, head, turn).await.map_err(wordless)?;
        Ok(Reply { body, ..Reply::empty(200) }
            .header("content-type", Format::Ndjson.media_type())
            .header("content-disposition", "attachment; filename=\"person.ndjson\"")
            .header("cache-control", "private, no-store"))
    }
}

/// An error of the store without its message, which may contain ids.
fn quiet(error: StoreError) -> ApiError {
    let words = error.without_words();
    ApiError { internal: Some(words), ..error.question() }
}

fn wordless(error: ApiError) -> ApiError {
    ApiError { internal: Some(format!("{} by the store", error.code.as_str())), ..error }
}
