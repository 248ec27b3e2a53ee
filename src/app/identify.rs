//! `POST /v1/identify`: a device belongs to a person from now on.

use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::ingest::bounds;
use super::track::{MAX_BODY, accepted, refused};
use super::{App, Deadline};
use intake::error::{ApiError, ErrorCode};
use intake::event::{Rejection, validate};
use intake::ingest::{body_text, identification, identification_faults};

impl App {
    pub(super) async fn identify(
        &self,
        request: &mut impl Inbound,
        caller: &Caller,
        deadline: &Deadline,
    ) -> Result<Reply, ApiError> {
        self.admit_client(request, caller, deadline.received_at).await?;
        let body = self.read_body(request, MAX_BODY, deadline).await?;
        let raw = identification(body_text(&body.bytes)?)?;
        let bounds = bounds(caller, deadline)?;
        let event = validate(raw, &bounds, &|| self.event_id(deadline.received_at)).map_err(|mut rejection| {
            for field in rejection.fields.iter_mut().filter(|field| field.path.starts_with("/properties")) {
                field.path = field.path.replacen("/properties", "/traits", 1);
            }
            refused(rejection)
        })?;
        let faults = identification_faults(&event);
        if !faults.is_empty() {
            return Err(refused(Rejection { code: ErrorCode::InvalidPayload, fields: faults }));
        }
        let rows = self.rows(request, caller, deadline, std::slice::from_ref(&event)).await?;
        self.deliver(request, caller, deadline, rows, 1).await?;
        accepted(&event)
    }
}
