//! `POST /v1/batch`: up to 1000 events, a verdict for each that is not plainly accepted.

use serde::Serialize;

use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::ingest::{Body, bounds};
use super::{App, Deadline};
use crate::error::ApiError;
use crate::ingest::{Verdict, batch, body_text, judge};

/// Largest body of a batch (contract, "Endpoints").
const MAX_BODY: usize = 1024 * 1024;

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
        let atomic = form_urlencoded::parse(request.query().as_bytes())
            .any(|(name, value)| name == "atomic" && matches!(value.as_ref(), "1" | "true"));
        self.admit_client(request, caller, deadline.received_at).await?;
        let Body { bytes, held: _held } = self.read_body(request, MAX_BODY, deadline).await?;
        let bounds = bounds(caller, deadline)?;
        let judged = judge(batch(body_text(&bytes)?)?, &bounds, || self.event_id(deadline.received_at));
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
