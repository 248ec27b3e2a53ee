//! The visitor behind an event, as far as it is needed to process the event.

use std::net::IpAddr;

use useragent::Signals;

use crate::event::Context;

/// The visitor's traits, from a browser's request or from the `context` that a trusted server sends. They are not stored
/// as such.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sender<'a> {
    /// IP address.
    pub ip: Option<IpAddr>,
    /// User agent and client hints.
    pub signals: Signals<'a>,
    /// ISO 3166-1 alpha-2 code, or empty.
    pub country: &'a str,
    /// Region of the country, or empty.
    pub region: &'a str,
    /// City, or empty.
    pub city: &'a str,
    /// `Accept-Language`, or empty.
    pub language: &'a str,
    /// The browser sent `DNT: 1` or `Sec-GPC: 1`.
    pub dnt: bool,
}

impl<'a> Sender<'a> {
    /// The traits in an event's `context`.
    pub fn of_context(context: &'a Context<'_>) -> Self {
        Self {
            ip: context.ip,
            signals: Signals { user_agent: context.user_agent.as_deref().unwrap_or_default(), ..Signals::default() },
            country: context.country.as_deref().unwrap_or_default(),
            // A context has a country only.
            region: "",
            city: "",
            language: context.language.as_deref().unwrap_or_default(),
            dnt: context.dnt,
        }
    }

    /// The language code that the browser prefers, e.g. `de` for `de-AT,de;q=0.9`; empty if there is none.
    pub fn primary_language(&self) -> String {
        let first = self.language.split([',', ';', '-', '_']).next().unwrap_or_default().trim();
        let known = (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_alphabetic());
        if known { first.to_ascii_lowercase() } else { String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_language() {
        for (header, language) in
            [("de-AT,de;q=0.9", "de"), ("en", "en"), ("*", ""), ("", ""), ("fil-PH", "fil"), ("x-klingon", "")]
        {
            assert_eq!(Sender { language: header, ..Sender::default() }.primary_language(), language, "{header}");
        }
    }
}
