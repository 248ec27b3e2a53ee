//! `POST /v1/track`: one event, acknowledged once it is durable.

use serde::Serialize;

use super::body::Bound;
use super::inbound::{Inbound, Reply};
use super::ingest::Source;
use super::principal::Principal;
use super::{App, Deadline};
use intake::error::ApiError;
use intake::event::{Event, Rejection, validate};
use intake::ingest::{TIME_REPLACED, body_text, one_event};

/// The acknowledgement of one event.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Accepted"))]
pub(crate) struct Acknowledged {
    #[cfg_attr(test, schemars(extend("const" = true)))]
    ok: bool,
    /// The id as sent, or the one made by the server.
    event_id: String,
    /// A remark, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "str", extend("const" = TIME_REPLACED.0)))]
    code: Option<&'static str>,
    /// The remark for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "str"))]
    detail: Option<&'static str>,
}

impl App {
    pub(super) async fn track(
        &self,
        request: &mut impl Inbound,
        caller: &Principal,
        body: Bound,
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        let body = self.body(request, body, deadline).await?;
        let source = Source { request: &*request, caller, deadline };
        Reply::of(202, &self.take(&source, body_text(&body.bytes)?).await?)
    }

    /// Takes one event in JSON, and returns once it is durable.
    pub(super) async fn take<R: Inbound>(&self, source: &Source<'_, R>, event: &str) -> Result<Acknowledged, ApiError> {
        let raw = one_event(event)?;
        let received_at = source.deadline.received_at;
        let event = validate(raw, &source.bounds()?, &|| self.event_id(received_at)).map_err(refused)?;
        self.accept(source, std::slice::from_ref(&event)).await?.stored().await?;
        Ok(Acknowledged::new(&event))
    }
}

impl Acknowledged {
    pub(super) fn new(event: &Event<'_>) -> Self {
        let remark = event.time_replaced.then_some(TIME_REPLACED);
        Self {
            ok: true,
            event_id: event.event_id.to_string(),
            code: remark.map(|(code, _)| code),
            detail: remark.map(|(_, detail)| detail),
        }
    }
}

/// The error for one event that is not valid.
pub(super) fn refused(rejection: Rejection) -> ApiError {
    let mut error = ApiError::new(rejection.code, rejection.detail());
    error.fields = rejection.fields;
    error
}
