//! The stored traits of a sender besides the visitor hash: location, language, browser, operating system, device, bot.

use std::collections::HashMap;

use super::Sender;
use crate::control::GeoLevel;
use crate::row::{Columns, column};

/// A sender's part of a row.
#[derive(Debug, Default)]
pub(super) struct Profile {
    /// Its columns, except for `bot_class` and `device_type`, which a spamming referrer overrides.
    pub(super) columns: Vec<u8>,
    /// The bot's class; empty for people.
    pub(super) bot_class: &'static str,
    /// The device's type; [`BOT`] for a bot.
    pub(super) device_type: &'static str,
}

/// Device type of bots.
pub(super) const BOT: &str = "bot";

/// Profiles of the senders of one request. All events of a browser have the request's own sender; nearly every line of
/// an imported log has another one.
pub(super) struct Profiles<'a> {
    is_bot: fn(&str) -> bool,
    geo_level: GeoLevel,
    own: Profile,
    /// The last profile made from a context, and what it was made from.
    last: Option<(Seen<'a>, Profile)>,
    /// Bot classes by user agent, a cache: for unknown ones the JavaScript runtime has to be called.
    bots: HashMap<&'a str, &'static str>,
}

/// What a context's profile is made from: user agent, country, language.
type Seen<'a> = [&'a str; 3];

impl<'a> Profiles<'a> {
    /// `own` is the request's own sender.
    pub(super) fn new(own: &Sender<'a>, is_bot: fn(&str) -> bool, geo_level: GeoLevel) -> Self {
        let mut this = Self { is_bot, geo_level, own: Profile::default(), last: None, bots: HashMap::new() };
        this.own = this.made(own);
        this
    }

    /// The profile of the request's own sender.
    pub(super) fn own(&self) -> &Profile {
        &self.own
    }

    /// The profile of a sender from an event's context.
    pub(super) fn of(&mut self, sender: &Sender<'a>) -> &Profile {
        let seen = [sender.signals.user_agent, sender.country, sender.language];
        let known = self.last.take().filter(|(last, _)| *last == seen);
        let known = known.unwrap_or_else(|| (seen, self.made(sender)));
        &self.last.insert(known).1
    }

    fn made(&mut self, sender: &Sender<'a>) -> Profile {
        let agent = useragent::read(&sender.signals);
        let user_agent = sender.signals.user_agent;
        let is_bot = self.is_bot;
        let bot_class = *self.bots.entry(user_agent).or_insert_with(|| useragent::bot_class(user_agent, is_bot));
        let mut profile = Profile {
            columns: Vec::new(),
            bot_class,
            device_type: if bot_class.is_empty() { agent.device_type } else { BOT },
        };
        let mut columns = Columns(&mut profile.columns);
        columns.text(column!("country"), sender.country);
        if self.geo_level >= GeoLevel::Region {
            columns.text(column!("region"), sender.region);
        }
        if self.geo_level >= GeoLevel::City {
            columns.text(column!("city"), sender.city);
        }
        columns.text(column!("language"), &sender.primary_language());
        columns.text(column!("browser"), &agent.browser);
        columns.text(column!("browser_version"), agent.browser_version);
        columns.text(column!("os"), agent.os);
        columns.text(column!("os_version"), &agent.os_version);
        profile
    }
}
