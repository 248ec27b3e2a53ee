//! Parses user agents: browser, operating system and device of a person, or the class of a bot.
//!
//! Pure, total and linear: no I/O, no clock, no initialization, and a result for every input. Only the first 1,024 bytes
//! of a user agent count.
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

/// The pattern of npm's `isbot` 5.2.3 (Unlicense), for a case-insensitive JavaScript `RegExp`: the `generic` test of
/// [`bot_class`].
pub const ISBOT_PATTERN: &str = include_str!("../tables/isbot.txt");

/// Parses browser, operating system and device. Client hints take precedence over the user agent.
///
/// An exception is an app that shows pages in a web view, such as Instagram: it is named even if hints name the browser
/// it is built on, because a web view sends the hints of its engine.
pub fn read<'a>(signals: &Signals<'a>) -> Agent<'a> {
    let mut agent = scan::scan(signals.user_agent);
    hints::apply(signals, &mut agent);
    agent.into_agent()
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
