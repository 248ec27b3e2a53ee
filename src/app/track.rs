//! `POST /v1/track`: one event, acknowledged once the store has it.

use std::net::IpAddr;

use serde_json::json;

use super::authenticate::Caller;
use super::inbound::{BodyError, Inbound, Reply};
use super::{App, Deadline};
use crate::error::{ApiError, ErrorCode};
use crate::event::{Bounds, validate};
use crate::ingest::{Enricher, Sender, body_text, needed_day, one_event};
use crate::key::Kind;

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
        let day = needed_day(&event).unwrap_or_else(|| deadline.received_at.day());
        let day_keys = self.day_keys(&[day], deadline).await;
        let headers = SenderHeaders::of(request, caller);
        let enricher = Enricher {
            project: caller.project()?,
            env: caller.record.env,
            received_at: deadline.received_at,
            sender: headers.as_ref().map(SenderHeaders::sender),
            day_keys: &day_keys,
        };
        let mut lines = Vec::with_capacity(1024);
        enricher.write(&event, &mut lines);
        if !lines.is_empty() {
            let store = &self.config()?.clickhouse;
            store.insert("events", lines, deadline.left()).await.map_err(crate::store::StoreError::events)?;
        }
        let mut answer = json!({ "ok": true, "event_id": event.event_id });
        if event.time_replaced {
            answer["code"] = "timestamp_replaced".into();
            answer["detail"] = "the timestamp lay more than 24 hours ahead; the time of receipt was taken".into();
        }
        Ok(Reply::json(202, answer.to_string()))
    }
}

/// What events of this caller are judged by.
pub(super) fn bounds(caller: &Caller, deadline: &Deadline) -> Result<Bounds, ApiError> {
    Ok(Bounds {
        received_at: deadline.received_at,
        retention_days: caller.project()?.retention_days,
        trusted: caller.record.kind == Kind::Secret,
    })
}

/// The body of an ingest request, of a right type and size.
pub(super) async fn read_body(request: &mut impl Inbound, limit: usize) -> Result<Vec<u8>, ApiError> {
    let too_large = || ApiError::new(ErrorCode::PayloadTooLarge, format!("the body may have {limit} bytes at most"));
    if let Some(encoding) = request.header("content-encoding")
        && !encoding.eq_ignore_ascii_case("identity")
    {
        return Err(ApiError::new(ErrorCode::UnsupportedEncoding, "send the body without Content-Encoding"));
    }
    if let Some(media_type) = request.header("content-type") {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !matches!(essence.as_str(), "" | "application/json" | "text/plain") {
            return Err(ApiError::new(
                ErrorCode::UnsupportedMediaType,
                "send JSON with Content-Type: application/json (or text/plain from a beacon)",
            ));
        }
    }
    request.body(limit).await.map_err(|error| match error {
        BodyError::TooLarge => too_large(),
        BodyError::Broken(reason) => {
            ApiError::new(ErrorCode::InvalidPayload, "the body ended before its time").because(reason)
        }
    })
}

/// A browser's own headers; a server's are not its visitors'.
pub(super) struct SenderHeaders {
    ip: Option<IpAddr>,
    user_agent: String,
    country: String,
    language: String,
    dnt: bool,
}

impl SenderHeaders {
    pub(super) fn of(request: &impl Inbound, caller: &Caller) -> Option<Self> {
        if caller.record.kind != Kind::Publishable {
            return None;
        }
        let text = |name| request.header(name).unwrap_or_default();
        Some(Self {
            ip: request.header("cf-connecting-ip").and_then(|ip| ip.parse().ok()),
            user_agent: text("user-agent"),
            country: request.country().unwrap_or_default(),
            language: text("accept-language"),
            dnt: text("dnt") == "1" || text("sec-gpc") == "1",
        })
    }

    pub(super) fn sender(&self) -> Sender<'_> {
        Sender {
            ip: self.ip,
            user_agent: &self.user_agent,
            country: &self.country,
            language: &self.language,
            dnt: self.dnt,
        }
    }
}
