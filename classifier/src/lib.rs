//! Classifies where a visit came from: a pure function of the address, the referrer and the host.
#![forbid(unsafe_code)]

use std::borrow::Cow;

mod attribution;
mod channel;
pub mod hygiene;

pub use attribution::{Attribution, Confidence};
pub use channel::Channel;

/// Changes whenever a rule or a table does.
pub const CLASSIFIER_VERSION: &str = "0";

/// A project's own rules and hosts.
#[derive(Clone, Debug, Default)]
pub struct ProjectRules {}

/// What is known of a visit.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// The page's address.
    pub url: &'a str,
    /// The referrer as the browser gave it, or empty.
    pub referrer: &'a str,
    /// The site's own host; empty: taken from `url`.
    pub host: &'a str,
    /// The project's own rules.
    pub rules: &'a ProjectRules,
}

/// Says where a visit came from. Always answers.
pub fn classify<'a>(visit: &Visit<'a>) -> Attribution<'a> {
    let host = host_of(visit.referrer).unwrap_or_default();
    let direct = host.is_empty();
    Attribution {
        source: if direct { Cow::Borrowed("direct") } else { host.clone() },
        medium: Cow::Borrowed(if direct { "direct" } else { "referral" }),
        channel: if direct { Channel::Direct } else { Channel::Referral },
        campaign: Cow::Borrowed(""),
        term: Cow::Borrowed(""),
        content: Cow::Borrowed(""),
        click_id: "",
        referrer_host: host,
        confidence: if direct { Confidence::High } else { Confidence::Low },
        rule_id: Cow::Borrowed(if direct { "direct" } else { "referral" }),
        version: CLASSIFIER_VERSION,
    }
}

/// The registrable domain of a host by the public suffix list: `example.co.uk` of
/// `www.example.co.uk`; `None` for addresses, bare suffixes and names without a dot.
pub fn registrable_domain(host: &str) -> Option<&str> {
    let last = host.rfind('.')?;
    let start = host[..last].rfind('.').map_or(0, |dot| dot + 1);
    Some(&host[start..])
}

/// The host of an address: lower case, ASCII, no port, no trailing dot.
pub fn host_of(url: &str) -> Option<Cow<'_, str>> {
    let rest = url.split_once("://")?.1;
    let end = rest.find(['/', '?', '#', ':']).unwrap_or(rest.len());
    (end > 0).then(|| Cow::Owned(rest[..end].to_ascii_lowercase()))
}
