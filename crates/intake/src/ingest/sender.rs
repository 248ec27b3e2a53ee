//! Who an event speaks for, as far as it must be known for a moment.

use std::net::IpAddr;

use useragent::Signals;

use crate::event::Context;

/// The visitor's traits: from the request of a browser, or from `context` of a trusted server. Used in
/// passing and stored nowhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sender<'a> {
    /// Address.
    pub ip: Option<IpAddr>,
    /// User agent and client hints.
    pub signals: Signals<'a>,
    /// ISO 3166 alpha-2, or empty.
    pub country: &'a str,
    /// Part of the country, or empty.
    pub region: &'a str,
    /// City, or empty.
    pub city: &'a str,
    /// `Accept-Language`, or empty.
    pub language: &'a str,
    /// Asked not to be tracked (`DNT: 1` or `Sec-GPC: 1`).
    pub dnt: bool,
}

impl<'a> Sender<'a> {
    /// What a trusted server said about its visitor.
    pub fn of_context(context: &'a Context<'_>) -> Self {
        Self {
            ip: context.ip,
            signals: Signals { user_agent: context.user_agent.as_deref().unwrap_or_default(), ..Signals::default() },
            country: context.country.as_deref().unwrap_or_default(),
            // A server tells the country only.
            region: "",
            city: "",
            language: context.language.as_deref().unwrap_or_default(),
            dnt: context.dnt,
        }
    }

    /// The preferred language, e.g. `de` of `de-AT,de;q=0.9`; empty where there is none.
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
