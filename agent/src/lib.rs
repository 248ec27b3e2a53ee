//! Says what a user agent is: browser, system and device of a person, or the class of a bot.
//!
//! Pure, total and linear: no I/O, no clock, no work at start, an answer for whatever comes in.
#![forbid(unsafe_code)]

use std::borrow::Cow;

/// What a request says about its user agent; an absent header is the empty string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signals<'a> {
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// `Sec-CH-UA`.
    pub ch_ua: &'a str,
    /// `Sec-CH-UA-Mobile`: `?0` or `?1`.
    pub ch_mobile: &'a str,
    /// `Sec-CH-UA-Platform`, quoted as sent.
    pub ch_platform: &'a str,
    /// `Sec-CH-UA-Platform-Version`, quoted as sent.
    pub ch_platform_version: &'a str,
}

/// What is learnt from the signals; whatever is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent<'a> {
    /// `desktop`, `mobile`, `tablet`, `tv`, `console`, `wearable`, `bot` or empty.
    pub device_type: &'static str,
    /// `Chrome`, `Safari`, `Instagram` …
    pub browser: Cow<'a, str>,
    /// The major version: digits only.
    pub browser_version: &'a str,
    /// `Windows`, `macOS`, `iOS`, `Android` …
    pub os: &'static str,
    /// As people say it: `11`, `10.15`, `17`.
    pub os_version: Cow<'a, str>,
}

/// Reads browser, system and device.
pub fn read<'a>(signals: &Signals<'a>) -> Agent<'a> {
    let _ = signals;
    Agent::default()
}

/// The class of a bot, empty for people.
pub fn bot_class(user_agent: &str, generic: impl FnOnce(&str) -> bool) -> &'static str {
    if !user_agent.is_empty() && generic(user_agent) { "other" } else { "" }
}

/// Whether a referrer's host is known for referrer spam.
pub fn is_spam_referrer(host: &str) -> bool {
    let _ = host;
    false
}

/// isbot's maintained pattern, for a case-insensitive `RegExp`.
pub const ISBOT_PATTERN: &str = include_str!("../tables/isbot.txt");
