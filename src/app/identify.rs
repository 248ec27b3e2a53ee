//! `POST /v1/identify`: a device belongs to a person from now on.

use super::body::Bound;
use super::inbound::{Inbound, Reply};
use super::ingest::Source;
use super::principal::Principal;
use super::track::{Acknowledged, refused};
use super::{App, Deadline};
use intake::error::{ApiError, ErrorCode};
use intake::event::{Rejection, validate};
use intake::ingest::{body_text, identification, identification_faults};

impl App {
    pub(super) async fn identify(
        &self,
        request: &mut impl Inbound,
        caller: &Principal,
        body: Bound,
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        let body = self.body(request, body, deadline).await?;
        let source = Source { request: &*request, caller, deadline };
        let raw = identification(body_text(&body.bytes)?)?;
        let new_id = || self.event_id(deadline.received_at);
        let event = validate(raw, &source.bounds()?, &new_id).map_err(|mut rejection| {
            for field in rejection.fields.iter_mut().filter(|field| field.path.starts_with("/properties")) {
                field.path = field.path.replacen("/properties", "/traits", 1);
            }
            refused(rejection)
        })?;
        let faults = identification_faults(&event);
        if !faults.is_empty() {
            return Err(refused(Rejection { code: ErrorCode::InvalidPayload, fields: faults }));
        }
        self.accept(&source, std::slice::from_ref(&event)).await?.stored().await?;
        Reply::of(202, &Acknowledged::new(&event))
    }
}
