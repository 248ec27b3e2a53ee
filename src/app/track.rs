//! `POST /v1/track`: one event, acknowledged once the store has it.

use serde::Serialize;

use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::ingest::bounds;
use super::{App, Deadline};
use intake::error::ApiError;
use intake::event::{Event, Rejection, validate};
use intake::ingest::{TIME_REPLACED, body_text, one_event};

/// Largest body of one event (contract, "Endpoints").
pub const MAX_BODY: usize = 64 * 1024;

#[derive(Serialize)]
struct Answer<'a> {
    ok: bool,
    event_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

impl App {
    pub(super) async fn track(
        &self,
        request: &mut impl Inbound,
        caller: &Caller,
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        self.admit_client(request, caller, deadline.received_at).await?;
        let body = self.read_body(request, MAX_BODY, deadline).await?;
        self.take(request, caller, deadline, body_text(&body.bytes)?).await
    }

    /// Takes one event in JSON.
    pub(super) async fn take(
        &self,
        request: &impl Inbound,
        caller: &Caller,
        deadline: &Deadline,
        event: &str,
    ) -> Result<Reply, ApiError> {
        let raw = one_event(event)?;
        let bounds = bounds(caller, deadline)?;
        let event = validate(raw, &bounds, &|| self.event_id(deadline.received_at)).map_err(refused)?;
        let rows = self.rows(request, caller, deadline, std::slice::from_ref(&event)).await?;
        self.deliver(request, caller, deadline, rows, 1).await?;
        accepted(&event)
    }
}

/// One event was taken.
pub(super) fn accepted(event: &Event<'_>) -> Result<Reply, ApiError> {
    let remark = event.time_replaced.then_some(TIME_REPLACED);
    let answer = Answer {
        ok: true,
        event_id: &event.event_id,
        code: remark.map(|(code, _)| code),
        detail: remark.map(|(_, detail)| detail),
    };
    Reply::of(202, &answer)
}

/// One event was not taken.
pub(super) fn refused(rejection: Rejection) -> ApiError {
    let mut error = ApiError::new(rejection.code, rejection.detail());
    error.fields = rejection.fields;
    error
}
