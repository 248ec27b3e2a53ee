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

mod agent;
mod bots;
mod fold;
mod hints;
mod lexicon;
mod scan;
mod spam;
mod systems;
mod version;

pub use agent::{Agent, Signals};
pub use bots::bot_class;
pub use spam::is_spam_referrer;

/// isbot's maintained pattern (npm `isbot` 5.2.3, Unlicense), for a case-insensitive `RegExp`: what
/// [`bot_class`] asks about agents it has no name for.
pub const ISBOT_PATTERN: &str = include_str!("../tables/isbot.txt");

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
