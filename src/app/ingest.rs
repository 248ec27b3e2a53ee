//! What the ingest routes share: reading a body, judging by the key's project, making rows of events.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use useragent::Signals;

use super::authenticate::Caller;
use super::in_flight::InFlight;
use super::inbound::{BodyError, Inbound, Place};
use super::whereabouts::Whereabouts;
use super::{App, Deadline};
use intake::error::{ApiError, ErrorCode};
use intake::event::{Bounds, Event};
use intake::ingest::{Encoding, Enricher, Rows, Sender, needed_day};
use intake::key::Kind;
use intake::time::Day;

impl App {
    /// Lets events in and turns them into rows.
    pub(super) async fn rows(
        &self,
        request: &impl Inbound,
        caller: &Caller,
        deadline: &Deadline,
        events: &[Event<'_>],
    ) -> Result<Rows, ApiError> {
        self.admit_events(caller, events.len(), deadline.received_at)?;
        let headers = self.sender_headers(request, caller);
        let day_keys = if headers.is_some() || events.iter().any(|event| event.context.is_some()) {
            // Of late events their own day's key serves where it is at hand; only some are worth asking for.
            let today = deadline.received_at.day();
            let days = distinct(events.iter().map(|event| event.timestamp.day()).chain([today]));
            let wanted = distinct(events.iter().filter_map(needed_day).chain([today]));
            self.day_keys(&days, &wanted, deadline).await
        } else {
            HashMap::new()
        };
        let enricher = Enricher {
            project: caller.project()?,
            env: caller.record.env,
            received_at: deadline.received_at,
            sender: headers.as_ref().map(SenderHeaders::sender),
            is_bot: self.runtime.is_bot,
            day_keys: &day_keys,
        };
        let mut writer = enricher.writer(events.len());
        let mut rows = Rows::with_capacity(events.len());
        for event in events {
            rows.push(event.timestamp, |lines| {
                writer.write(event, lines);
            });
        }
        Ok(rows)
    }

    /// The body of an ingest request, of a right type and size, unpacked. The time for all that follows
    /// begins when it is there.
    pub(super) async fn read_body(
        &self,
        request: &mut impl Inbound,
        limit: usize,
        deadline: &Deadline,
    ) -> Result<Body<'_>, ApiError> {
        let encoding = Encoding::of(request.header("content-encoding").as_deref())?;
        if let Some(media_type) = request.header("content-type") {
            let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if !matches!(essence.as_str(), "" | "application/json" | "text/plain") {
                return Err(ApiError::new(
                    ErrorCode::UnsupportedMediaType,
                    "send JSON with Content-Type: application/json (or text/plain from a beacon)",
                ));
            }
        }
        let announced = request.header("content-length").and_then(|length| length.parse::<usize>().ok());
        let packed = announced.unwrap_or(limit).min(limit);
        let held = self.hold(if encoding == Encoding::Gzip { packed + limit } else { packed })?;
        let body = match select(pin!(request.body(announced, limit)), pin!((self.runtime.sleep)(MAX_WAIT))).await {
            Either::Left((body, _)) => body,
            Either::Right(_) => Err(BodyError::Broken(format!("it took longer than {MAX_WAIT:?}"))),
        };
        let body = body.map_err(|error| error.refused(limit))?;
        deadline.restart();
        Ok(Body { bytes: encoding.unpack(body, limit)?, held })
    }
}

fn distinct(days: impl Iterator<Item = Day>) -> Vec<Day> {
    let mut days: Vec<Day> = days.collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// Longest that a client may take to send a body.
const MAX_WAIT: Duration = Duration::from_secs(15);

/// A body and the room it takes; its rows take as much after it.
pub(super) struct Body<'a> {
    pub(super) bytes: Vec<u8>,
    pub(super) held: InFlight<'a>,
}

/// What events of this caller are judged by.
pub(super) fn bounds(caller: &Caller, deadline: &Deadline) -> Result<Bounds, ApiError> {
    Ok(Bounds {
        received_at: deadline.received_at,
        retention_days: caller.project()?.retention_days,
        trusted: caller.record.kind == Kind::Secret,
    })
}

/// A browser's own headers; a server's are not its visitors'.
struct SenderHeaders {
    ip: Option<IpAddr>,
    user_agent: String,
    ch_ua: String,
    ch_mobile: String,
    ch_platform: String,
    place: Place,
    language: String,
    dnt: bool,
}

impl App {
    fn sender_headers(&self, request: &impl Inbound, caller: &Caller) -> Option<SenderHeaders> {
        if caller.record.kind != Kind::Publishable {
            return None;
        }
        let text = |name| request.header(name).map(Cow::into_owned).unwrap_or_default();
        let Whereabouts { ip, place } = self.whereabouts(request);
        Some(SenderHeaders {
            ip,
            user_agent: text("user-agent"),
            ch_ua: text("sec-ch-ua"),
            ch_mobile: text("sec-ch-ua-mobile"),
            ch_platform: text("sec-ch-ua-platform"),
            place,
            language: text("accept-language"),
            dnt: text("dnt") == "1" || text("sec-gpc") == "1",
        })
    }
}

impl SenderHeaders {
    fn sender(&self) -> Sender<'_> {
        Sender {
            ip: self.ip,
            signals: Signals {
                user_agent: &self.user_agent,
                ch_ua: &self.ch_ua,
                ch_mobile: &self.ch_mobile,
                ch_platform: &self.ch_platform,
                ch_platform_version: "",
            },
            country: &self.place.country,
            region: &self.place.region,
            city: &self.place.city,
            language: &self.language,
            dnt: self.dnt,
        }
    }
}
