//! `POST /v1/batch`: up to 1000 events, with a result for each that was rejected or changed.

use serde::Serialize;

use super::body::{Body, Bound};
use super::inbound::{Inbound, Reply};
use super::ingest::Source;
use super::principal::Principal;
use super::{App, Deadline};
use intake::error::ApiError;
use intake::ingest::{Verdict, batch, body_text, judge};

/// The acknowledgement of a batch.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "BatchAnswer"))]
pub(crate) struct Answer {
    #[cfg_attr(test, schemars(extend("const" = true)))]
    ok: bool,
    /// How many events were stored.
    accepted: usize,
    /// A result for each event that was rejected or changed.
    #[cfg_attr(test, schemars(length(max = intake::ingest::MAX_EVENTS)))]
    results: Vec<Verdict>,
}

impl App {
    pub(super) async fn batch(
        &self,
        request: &mut impl Inbound,
        caller: &Principal,
        body: Bound,
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        let atomic = atomic(request.query())?;
        let Body { bytes, held: _held } = self.body(request, body, deadline).await?;
        let source = Source { request: &*request, caller, deadline };
        let new_id = || self.event_id(deadline.received_at);
        let judged = judge(batch(body_text(&bytes)?)?, &source.bounds()?, &new_id);
        if let Some(code) = judged.first_code.filter(|_| atomic) {
            let detail = "with atomic=1 one bad event refuses the batch; nothing was stored";
            let mut error = ApiError::new(code, detail);
            error.fields = judged.faults;
            return Err(error);
        }
        let accepted = self.accept(&source, &judged.events).await?;
        let answer = Answer { ok: true, accepted: judged.events.len(), results: judged.verdicts };
        drop(judged.events);
        drop(bytes);
        accepted.stored().await?;
        Reply::of(202, &answer)
    }
}

/// Whether one bad event rejects the whole batch. Any other value is an error: `yes` must not be read as no.
fn atomic(query: &str) -> Result<bool, ApiError> {
    let value = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "atomic").map(|(_, value)| value);
    match value.as_deref() {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(_) => Err(ApiError::param("atomic", "must be 1, true, 0 or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::atomic;

    #[test]
    fn atomic_is_yes_or_no() {
        assert_eq!((atomic("").unwrap(), atomic("key=pk&atomic=1").unwrap()), (false, true));
        assert_eq!((atomic("atomic=true").unwrap(), atomic("atomic=false").unwrap()), (true, false));
        assert!(atomic("atomic=yes").is_err() && atomic("atomic").is_err());
    }
}
