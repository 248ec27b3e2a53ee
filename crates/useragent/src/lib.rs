//! Says what a user agent is: browser, system and device of a person, or the class of a bot.
//!
//! Pure, total and linear: no I/O, no clock, no work at start, an answer for whatever comes in.
//! A user agent is looked at for its first 1,024 bytes.
//!
//! ```
//! use useragent::{Signals, bot_class, read};
//!
//! let user_agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 \
//!                   (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
//! let agent = read(&Signals { user_agent, ..Signals::default() });
//! assert_eq!((&*agent.browser, agent.browser_version), ("Safari", "17"));
//! assert_eq!((agent.os, &*agent.os_version, agent.device_type), ("iOS", "17", "mobile"));
//!
//! assert_eq!(bot_class(user_agent, |_| false), "");
//! assert_eq!(bot_class("Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", |_| true), "ai-crawler");
//! ```
#![forbid(unsafe_code)]

use std::borrow::Cow;

mod bots;
mod fold;
mod hints;
mod lexicon;
mod scan;
mod spam;
mod systems;

pub use bots::bot_class;
pub use spam::is_spam_referrer;

/// isbot's maintained pattern (npm `isbot` 5.2.3, Unlicense), for a case-insensitive `RegExp`: what
/// [`bot_class`] asks about agents it has no name for.
pub const ISBOT_PATTERN: &str = include_str!("../tables/isbot.txt");

/// What a request says about its user agent; an absent header is the empty string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signals<'a> {
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// `Sec-CH-UA`: `"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"`.
    pub ch_ua: &'a str,
    /// `Sec-CH-UA-Mobile`: `?0` or `?1`.
    pub ch_mobile: &'a str,
    /// `Sec-CH-UA-Platform`, quoted as sent: `"Windows"`.
    pub ch_platform: &'a str,
    /// `Sec-CH-UA-Platform-Version`, quoted as sent: `"15.0.0"`.
    pub ch_platform_version: &'a str,
}

/// What is learnt from the signals; whatever is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent<'a> {
    /// `desktop`, `mobile`, `tablet`, `tv`, `console`, `wearable`, `bot` or empty. `bot` stands for
    /// bots known by name; one that only the host's pattern finds has what it pretends to be.
    pub device_type: &'static str,
    /// `Chrome`, `Safari`, `Instagram` …; of a bot its name: `GPTBot`.
    pub browser: Cow<'a, str>,
    /// The major version: digits only.
    pub browser_version: &'a str,
    /// `Windows`, `macOS`, `iOS`, `Android`, `ChromeOS`, `Linux` …
    pub os: &'static str,
    /// As people say it: `11`, `10.15`, `17`, `XP`. Windows without client hints says `10` for 10 and
    /// 11; where a browser freezes the number (Chrome on Android, Safari 16 and later on macOS) it is
    /// empty.
    pub os_version: Cow<'a, str>,
}

/// Reads browser, system and device: client hints first, then the user agent.
///
/// An app that shows pages is named before the browser it is built on, also where hints name the
/// latter: an app's web view sends hints of its engine.
pub fn read<'a>(signals: &Signals<'a>) -> Agent<'a> {
    let mut agent = scan::scan(signals.user_agent);
    hints::apply(signals, &mut agent);
    agent.into_agent()
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
