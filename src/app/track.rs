//! `POST /v1/track`: one event, acknowledged once the store has it.

use serde_json::json;

use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::ingest::{bounds, read_body};
use super::{App, Deadline};
use crate::error::ApiError;
use crate::event::validate;
use crate::ingest::{TIME_REPLACED, body_text, one_event};

/// Largest body of one event (contract, "Endpoints").
const MAX_BODY: usize = 64 * 1024;

impl App {
    pub(super) async fn track(
        &self,
        request: &mut impl Inbound,
        caller: &Caller,
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        let body = read_body(request, MAX_BODY).await?;
        let raw = one_event(body_text(&body)?)?;
        let bounds = bounds(caller, deadline)?;
        let event = validate(raw, &bounds, || self.event_id(deadline.received_at)).map_err(|rejection| {
            let mut error = ApiError::new(rejection.code, rejection.detail());
            error.fields = rejection.fields;
            error
        })?;
        self.store(request, caller, deadline, std::slice::from_ref(&event)).await?;
        let mut answer = json!({ "ok": true, "event_id": event.event_id });
        if event.time_replaced {
            answer["code"] = TIME_REPLACED.0.into();
            answer["detail"] = TIME_REPLACED.1.into();
        }
        Ok(Reply::json(202, answer.to_string()))
    }
}
