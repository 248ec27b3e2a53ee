//! Turns a valid event into its row: adds source, page, visitor, device and location.

use std::collections::HashMap;
use std::net::IpAddr;

use classifier::{Page, Referrer, classify_links, hygiene};
use schema::SentBy;

use super::Sender;
use super::memo::Memo;
use super::profile::{BOT, Profiles};
use crate::control::{DntMode, Project};
use crate::event::Event;
use crate::key::Env;
use crate::row::{Columns, column};
use crate::time::{Day, Timestamp};
use crate::visitor::{DayKey, Traits};

/// Bot class of visits whose referrer is a site that advertises itself this way (referrer spam).
const REFERRER_SPAM: &str = "referrer-spam";

/// What was done with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A row was written.
    Written,
    /// Not stored: the project excludes the sender's IP range, or visitors who ask not to be tracked.
    Dropped,
}

/// Everything needed to turn the events of one request into rows.
pub struct Enricher<'a> {
    /// The project that receives the events.
    pub project: &'a Project,
    /// Its data set.
    pub env: Env,
    /// When the request was received.
    pub received_at: Timestamp,
    /// Who sends the events.
    pub sent_by: SentBy,
    /// The sender of the request; `None` for a server, which is not a visitor.
    pub sender: Option<Sender<'a>>,
    /// Whether isbot's pattern matches a user agent. The JavaScript runtime evaluates it: a regex engine in WebAssembly
    /// would be large and slow.
    pub is_bot: fn(&str) -> bool,
    /// The day keys that are available.
    pub day_keys: &'a HashMap<Day, DayKey>,
}

/// The day whose key must be fetched for an event: an event that a server sends with an IP address is always hashed
/// with the key of its own day (`docs/concepts.md`, "Visitors and users"). `None` if any available key will do.
pub fn needed_day(event: &Event<'_>) -> Option<Day> {
    event.context.as_ref().filter(|context| context.ip.is_some()).map(|_| event.timestamp.day())
}

impl Enricher<'_> {
    /// A writer for about this many events.
    pub fn writer(&self, events: usize) -> Writer<'_> {
        let mut head = b"{".to_vec();
        let mut columns = Columns(&mut head);
        columns.text(column!("project_id"), &self.project.id);
        columns.text(column!("env"), self.env.as_str());
        columns.time(column!("received_at"), self.received_at);
        columns.text(column!("sent_by"), self.sent_by.as_str());
        columns.text(column!("classifier_version"), classifier::CLASSIFIER_VERSION);
        let kept = match &self.project.kept_params {
            Some(own) => own.iter().map(String::as_str).collect(),
            None => hygiene::DEFAULT_KEPT.to_vec(),
        };
        Writer {
            of: self,
            head,
            kept,
            pages: Memo::of(events),
            referrers: Memo::of(events),
            profiles: Profiles::new(&self.sender.unwrap_or_default(), self.is_bot, self.project.geo_level),
            hashed: None,
        }
    }
}

/// Writes rows of events. What events share is computed once: a batch has one sender or a few, and most of its events
/// happened on the same pages.
pub struct Writer<'a> {
    of: &'a Enricher<'a>,
    /// The columns that all rows have in common.
    head: Vec<u8>,
    /// Query parameters kept in stored URLs.
    kept: Vec<&'a str>,
    pages: Memo<'a, SeenPage<'a>>,
    referrers: Memo<'a, SeenReferrer<'a>>,
    profiles: Profiles<'a>,
    /// The last visitor and its hash.
    hashed: Option<(Visitor<'a>, u64)>,
}

struct SeenPage<'a> {
    page: Page<'a>,
    /// `url`, `host`, `utm_source` and `utm_medium`.
    columns: Vec<u8>,
    /// `path`, used if the event has no path of its own.
    path: Vec<u8>,
}

struct SeenReferrer<'a> {
    referrer: Referrer<'a>,
    /// `referrer` and `referrer_host`.
    columns: Vec<u8>,
    is_spam: bool,
}

/// What a visitor's hash depends on.
#[derive(Debug, PartialEq)]
struct Visitor<'a> {
    day: Day,
    ip: IpAddr,
    user_agent: &'a str,
    host: String,
}

impl<'a> Writer<'a> {
    /// Appends the event's row to `lines`.
    pub fn write(&mut self, event: &'a Event<'_>, lines: &mut Vec<u8>) -> Fate {
        let project = self.of.project;
        let sender = event.context.as_ref().map(Sender::of_context).or(self.of.sender).unwrap_or_default();
        let anonymous = match (sender.dnt, project.dnt_mode) {
            (true, DntMode::Drop) => return Fate::Dropped,
            (true, DntMode::Anonymous) => true,
            _ => false,
        };
        if sender.ip.is_some_and(|ip| project.excluded.iter().any(|range| range.contains(ip))) {
            return Fate::Dropped;
        }
        let kept = &self.kept;
        let page = self.pages.get(&event.url, |url| SeenPage::read(url, kept));
        let referrer = self.referrers.get(&event.referrer, SeenReferrer::read);
        let visit = classify_links(&page.page, &referrer.referrer, "", &project.rules);

        lines.extend_from_slice(&self.head);
        let mut columns = Columns(lines);
        columns.time(column!("timestamp"), event.timestamp);
        columns.text(column!("event_id"), &event.event_id);
        columns.text(column!("event"), &event.event);
        if !anonymous {
            columns.text(column!("anonymous_id"), &event.anonymous_id);
            columns.text(column!("user_id"), &event.user_id);
            columns.text(column!("session_id"), &event.session_id);
            let hash = visitor_hash(self.of, &mut self.hashed, event, &sender, page.page.host());
            columns.number(column!("visitor_hash"), hash);
        }
        columns.written(&page.columns);
        if event.path.is_empty() {
            columns.written(&page.path);
        } else {
            columns.text(column!("path"), &hygiene::store_path(&event.path));
        }
        columns.text(column!("title"), &event.title);
        columns.written(&referrer.columns);
        columns.text(column!("source"), &visit.source);
        columns.text(column!("medium"), &visit.medium);
        columns.text(column!("channel"), visit.channel.as_str());
        columns.text(column!("campaign"), &visit.campaign);
        columns.text(column!("term"), &visit.term);
        columns.text(column!("content"), &visit.content);
        columns.text(column!("click_id"), visit.click_id);
        columns.text(column!("rule_id"), &visit.rule_id);
        columns.text(column!("confidence"), visit.confidence.as_str());
        if let Some(revenue) = &event.revenue {
            columns.text(column!("revenue"), &revenue.amount());
            columns.text(column!("currency"), revenue.currency());
        }
        columns.text(column!("properties"), &event.properties);
        let profile = if event.context.is_some() { self.profiles.of(&sender) } else { self.profiles.own() };
        columns.written(&profile.columns);
        let (bot_class, device_type) =
            if referrer.is_spam { (REFERRER_SPAM, BOT) } else { (profile.bot_class, profile.device_type) };
        columns.text(column!("bot_class"), bot_class);
        columns.text(column!("device_type"), device_type);
        columns.text(column!("screen"), event.shown.screen);
        // The comma after the last column.
        lines.pop();
        lines.extend_from_slice(b"}\n");
        Fate::Written
    }
}

impl<'a> SeenPage<'a> {
    fn read(url: &'a str, kept: &[&str]) -> Self {
        let page = Page::read(url);
        let mut stored = String::with_capacity(url.len());
        hygiene::push_url(&page, kept, &mut stored);
        let mut seen = Self { page, columns: Vec::with_capacity(url.len() + 64), path: Vec::with_capacity(64) };
        Columns(&mut seen.columns).text(column!("url"), &stored);
        Columns(&mut seen.columns).text(column!("host"), seen.page.host());
        Columns(&mut seen.columns).text(column!("utm_source"), seen.page.utm_source());
        Columns(&mut seen.columns).text(column!("utm_medium"), seen.page.utm_medium());
        Columns(&mut seen.path).text(column!("path"), path_of(&stored));
        seen
    }
}

impl<'a> SeenReferrer<'a> {
    fn read(text: &'a str) -> Self {
        let referrer = Referrer::read(text);
        let is_spam = useragent::is_spam_referrer(referrer.host());
        let mut stored = String::with_capacity(text.len());
        hygiene::push_referrer(&referrer, &mut stored);
        let mut seen = Self { referrer, columns: Vec::with_capacity(2 * text.len() + 32), is_spam };
        Columns(&mut seen.columns).text(column!("referrer"), &stored);
        Columns(&mut seen.columns).text(column!("referrer_host"), seen.referrer.host());
        seen
    }
}

/// The visitor's hash; 0 if the event has no IP address or no suitable day key is available. `last` caches the previous
/// result: all events of a browser have the same visitor.
fn visitor_hash<'a>(
    of: &Enricher<'_>,
    last: &mut Option<(Visitor<'a>, u64)>,
    event: &Event<'_>,
    sender: &Sender<'a>,
    host: &str,
) -> u64 {
    let Some(ip) = sender.ip else { return 0 };
    let (own, received) = (event.timestamp.day(), of.received_at.day());
    let day = match needed_day(event) {
        None if !of.day_keys.contains_key(&own) => received,
        _ => own,
    };
    let Some(key) = of.day_keys.get(&day) else { return 0 };
    let user_agent = sender.signals.user_agent;
    if let Some((visitor, hash)) = last
        && (visitor.day, visitor.ip, visitor.user_agent, visitor.host.as_str()) == (day, ip, user_agent, host)
    {
        return *hash;
    }
    let domain = classifier::registrable_domain(host).unwrap_or(host);
    let hash = key.hash(&Traits { project: &of.project.id, ip, user_agent, domain });
    *last = Some((Visitor { day, ip, user_agent, host: host.to_owned() }, hash));
    hash
}

/// The path of a stored URL; `/` if it has a host but no path.
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
