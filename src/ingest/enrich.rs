//! From a valid event to its row: source, page, visitor.

use std::borrow::Cow;
use std::collections::HashMap;

use classifier::{Visit, classify, hygiene};

use super::Sender;
use crate::control::{DntMode, GeoLevel, Project};
use crate::event::Event;
use crate::key::Env;
use crate::row::Row;
use crate::time::{Day, Timestamp};
use crate::visitor::{DayKey, Traits};

/// Bot class of visits that pretend to come from a site that wants to be looked at.
const REFERRER_SPAM: &str = "referrer-spam";

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its row was written.
    Written,
    /// The project does not want it: its own traffic, or a visitor who asked not to be tracked.
    Dropped,
}

/// All that turns events of one request into rows.
pub struct Enricher<'a> {
    /// Whose events they are.
    pub project: &'a Project,
    /// Which data set.
    pub env: Env,
    /// When the request was received.
    pub received_at: Timestamp,
    /// The sender of the request itself; `None` for a server, which is no visitor.
    pub sender: Option<Sender<'a>>,
    /// Whether isbot's pattern finds a bot; regular expressions are the host's.
    pub is_bot: fn(&str) -> bool,
    /// Keys of the days at hand.
    pub day_keys: &'a HashMap<Day, DayKey>,
}

/// The day whose key an event needs beyond those at hand: an event that a server sends with an address
/// always takes its own day's (contract, "Privacy").
pub fn needed_day(event: &Event<'_>) -> Option<Day> {
    event.context.as_ref().filter(|context| context.ip.is_some()).map(|_| event.timestamp.day())
}

impl Enricher<'_> {
    /// Appends the event's row to `lines`.
    pub fn write(&self, event: &Event<'_>, lines: &mut Vec<u8>) -> Fate {
        let sender = event.context.as_ref().map(Sender::of_context).or(self.sender).unwrap_or_default();
        let anonymous = match (sender.dnt, self.project.dnt_mode) {
            (true, DntMode::Drop) => return Fate::Dropped,
            (true, DntMode::Anonymous) => true,
            _ => false,
        };
        if sender.ip.is_some_and(|ip| self.project.excluded.iter().any(|range| range.contains(ip))) {
            return Fate::Dropped;
        }
        let attribution =
            classify(&Visit { url: &event.url, referrer: &event.referrer, host: "", rules: &self.project.rules });
        let kept: Vec<&str> = match &self.project.kept_params {
            Some(own) => own.iter().map(String::as_str).collect(),
            None => hygiene::DEFAULT_KEPT.to_vec(),
        };
        let agent = agent::read(&sender.signals);
        let bot_class = if agent::is_spam_referrer(&attribution.referrer_host) {
            REFERRER_SPAM
        } else {
            agent::bot_class(sender.signals.user_agent, self.is_bot)
        };
        let host = classifier::host_of(&event.url).unwrap_or_default();
        let url = hygiene::store_url(&event.url, &kept);
        let path = if event.path.is_empty() {
            path_of(&url).to_owned()
        } else {
            hygiene::store_path(&event.path).into_owned()
        };
        let row = Row {
            project_id: &self.project.id,
            env: self.env,
            timestamp: event.timestamp,
            event_id: &event.event_id,
            event: &event.event,
            received_at: self.received_at,
            anonymous_id: if anonymous { "" } else { &event.anonymous_id },
            user_id: if anonymous { "" } else { &event.user_id },
            session_id: if anonymous { "" } else { &event.session_id },
            visitor_hash: if anonymous { 0 } else { self.visitor_hash(event, &sender, &host) },
            path: Cow::Owned(path),
            url: Cow::Owned(url),
            host,
            title: &event.title,
            referrer: Cow::Owned(hygiene::store_referrer(&event.referrer)),
            referrer_host: attribution.referrer_host,
            source: attribution.source,
            medium: attribution.medium,
            channel: attribution.channel.as_str(),
            campaign: attribution.campaign,
            term: attribution.term,
            content: attribution.content,
            click_id: attribution.click_id,
            rule_id: attribution.rule_id,
            confidence: attribution.confidence.as_str(),
            classifier_version: attribution.version,
            country: sender.country,
            region: if self.project.geo_level >= GeoLevel::Region { sender.region } else { "" },
            city: if self.project.geo_level >= GeoLevel::City { sender.city } else { "" },
            language: Cow::Owned(sender.primary_language()),
            device_type: if bot_class.is_empty() { agent.device_type } else { "bot" },
            browser: agent.browser,
            browser_version: agent.browser_version,
            os: agent.os,
            os_version: agent.os_version,
            bot_class,
            revenue: event.revenue.map(|revenue| revenue.amount()),
            currency: event.revenue.as_ref().map_or("", |revenue| revenue.currency()),
            properties: &event.properties,
        };
        row.write(lines);
        Fate::Written
    }

    /// 0 where there is nothing to tell the visitor by, or no key of a right day at hand.
    fn visitor_hash(&self, event: &Event<'_>, sender: &Sender<'_>, host: &str) -> u64 {
        let Some(ip) = sender.ip else { return 0 };
        let own_day = self.day_keys.get(&event.timestamp.day());
        let key = match needed_day(event) {
            Some(_) => own_day,
            None => own_day.or_else(|| self.day_keys.get(&self.received_at.day())),
        };
        let domain = classifier::registrable_domain(host).unwrap_or(host);
        key.map_or(0, |key| {
            key.hash(&Traits { project: &self.project.id, ip, user_agent: sender.signals.user_agent, domain })
        })
    }
}

/// The path of an address as it is stored: `/` at least where there is a host.
fn path_of(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else { return "" };
    let Some(start) = rest.find(['/', '?']) else { return if rest.is_empty() { "" } else { "/" } };
    let path = rest.get(start..).unwrap_or_default();
    match path.split_once('?') {
        Some(("", _)) => "/",
        Some((path, _)) => path,
        None => path,
    }
}

#[cfg(test)]
mod tests;
