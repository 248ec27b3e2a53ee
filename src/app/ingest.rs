//! The one door of events: every route, tool and dialect that takes events calls [`App::accept`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;

use useragent::Signals;

use super::inbound::{Inbound, Place};
use super::principal::Principal;
use super::whereabouts::Whereabouts;
use super::{App, Deadline};
use intake::error::ApiError;
use intake::event::{Bounds, Event};
use intake::ingest::{Enricher, IMPORT_HEADER, Rows, Sender, needed_day};
use intake::time::Day;

/// Where events come from: who sends them, with which request.
pub(super) struct Source<'a, R> {
    /// The request, whose headers describe the visitor where a browser sent it.
    pub(super) request: &'a R,
    /// Whose events they are.
    pub(super) caller: &'a Principal,
    /// When they were received, and how long storing them may take.
    pub(super) deadline: &'a Deadline,
}

impl<R> Source<'_, R> {
    /// The bounds by which events are validated.
    ///
    /// # Errors
    /// `key_kind_not_allowed` where the caller has no project.
    pub(super) fn bounds(&self) -> Result<Bounds, ApiError> {
        Ok(Bounds {
            received_at: self.deadline.received_at,
            retention_days: self.caller.project()?.retention_days,
            trusted: self.caller.is_server(),
        })
    }
}

/// Events that were let in, as rows. They are not stored before [`Self::stored`] has returned.
#[must_use = "accepted events are lost unless they are stored"]
pub(super) struct Accepted<'a, R> {
    app: &'a App,
    source: &'a Source<'a, R>,
    rows: Rows,
    events: usize,
}

impl<R: Inbound> Accepted<'_, R> {
    /// Returns once the rows are durable. What the events were parsed from can be dropped before: many requests may
    /// wait here, and the rows hold all of it.
    ///
    /// # Errors
    /// `store_unavailable` and others of the sink; the events then do not count towards the quota.
    pub(super) async fn stored(self) -> Result<(), ApiError> {
        self.app.deliver(self.source, self.rows, self.events).await
    }
}

impl App {
    /// Lets valid events in, by the project's rate and quota, adds what is known of the visitor, and makes rows.
    ///
    /// # Errors
    /// `rate_limited`, `quota_exceeded`; `key_kind_not_allowed` where the caller has no project.
    pub(super) async fn accept<'a, R: Inbound>(
        &'a self,
        source: &'a Source<'a, R>,
        events: &[Event<'_>],
    ) -> Result<Accepted<'a, R>, ApiError> {
        let Source { request, caller, deadline } = *source;
        self.admit_events(caller, events.len(), deadline.received_at)?;
        let headers = self.sender_headers(request, caller);
        let day_keys = if headers.is_some() || events.iter().any(|event| event.context.is_some()) {
            // A late event takes its own day's key where this is known; only some are worth a look-up.
            let today = deadline.received_at.day();
            let days = distinct(events.iter().map(|event| event.timestamp.day()).chain([today]));
            let wanted = distinct(events.iter().filter_map(needed_day).chain([today]));
            self.day_keys(&days, &wanted, deadline).await
        } else {
            HashMap::new()
        };
        let enricher = Enricher {
            project: caller.project()?,
            env: caller.env(),
            received_at: deadline.received_at,
            sent_by: caller.sent_by(request.header(IMPORT_HEADER).as_deref())?,
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
        Ok(Accepted { app: self, source, rows, events: events.len() })
    }
}

fn distinct(days: impl Iterator<Item = Day>) -> Vec<Day> {
    let mut distinct = Vec::new();
    for day in days {
        if let Err(place) = distinct.binary_search(&day) {
            distinct.insert(place, day);
        }
    }
    distinct
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
    fn sender_headers(&self, request: &impl Inbound, caller: &Principal) -> Option<SenderHeaders> {
        if !caller.is_browser() {
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
