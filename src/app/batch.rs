//! `POST /v1/batch`: up to 1000 events, a verdict for each that is not plainly accepted.

use serde::Serialize;

use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::ingest::{Body, bounds};
use super::{App, Deadline};
use intake::error::ApiError;
use intake::ingest::{Verdict, batch, body_text, judge};

/// Largest body of a batch (contract, "Endpoints").
pub const MAX_BODY: usize = 1024 * 1024;

#[derive(Serialize)]
struct Answer {
    ok: bool,
    accepted: usize,
    results: Vec<Verdict>,
}

impl App {
    pub(super) async fn batch(
        &self,
        request: &mut impl Inbound,
        caller: &Caller,
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        let atomic = atomic(request.query())?;
        self.admit_client(request, caller, deadline.received_at).await?;
        let Body { bytes, held: _held } = self.read_body(request, MAX_BODY, deadline).await?;
        let bounds = bounds(caller, deadline)?;
        let judged = judge(batch(body_text(&bytes)?)?, &bounds, &|| self.event_id(deadline.received_at));
        if let Some(code) = judged.first_code.filter(|_| atomic) {
            let detail = "with atomic=1 one bad event refuses the batch; nothing was stored";
            let mut error = ApiError::new(code, detail);
            error.fields = judged.faults;
            return Err(error);
        }
        let rows = self.rows(request, caller, deadline, &judged.events).await?;
        let answer = Answer { ok: true, accepted: judged.events.len(), results: judged.verdicts };
        // The rows hold all of it; while many requests wait for the sink, each holds one of the two.
        drop(judged.events);
        drop(bytes);
        self.deliver(request, caller, deadline, rows, answer.accepted).await?;
        Reply::of(202, &answer)
    }
}

/// Whether one bad event is to refuse all; a word that is no answer must not be taken for no.
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
