//! Classifies where a visit came from (source, medium, channel) by the page's URL, the referrer and the site's host.
//!
//! Pure, total and linear: no I/O, no clock, no initialization, and an answer for every input.
//!
//! ```
//! use classifier::{Channel, ProjectRules, Visit, classify};
//!
//! let rules = ProjectRules::default();
//! let answer = classify(&Visit {
//!     url: "https://example.com/pricing?utm_campaign=spring",
//!     referrer: "https://www.google.co.uk/",
//!     host: "example.com",
//!     rules: &rules,
//! });
//! assert_eq!((&*answer.source, &*answer.medium), ("google", "organic"));
//! assert_eq!(answer.channel, Channel::OrganicSearch);
//! assert_eq!(answer.campaign, "spring");
//! assert_eq!(answer.rule_id, "referrer-search");
//! ```
#![forbid(unsafe_code)]

use std::borrow::Cow;

mod address;
mod answers;
mod attribution;
mod brands;
mod channel;
mod escape;
mod hash;
mod host;
pub mod hygiene;
mod link;
mod project;
mod punycode;
mod query;
mod rules;
mod signals;
mod suffix;
mod table;
mod tagged;

pub use attribution::{Attribution, Confidence};
pub use brands::{CLASSIFIER_VERSION, CLICK_IDS, ClickId};
pub use channel::Channel;
pub use link::{Page, Referrer};
pub use project::{Field, MAX_HOSTS, MAX_RULES, MAX_TEXT, ProjectRule, ProjectRules, RulesError};
pub use rules::{Example, RULES, Rule};
pub use suffix::registrable_domain;

use answers::Verdict;
use signals::Signals;

/// A visit to classify.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// The page's URL. Bytes after the first 2048 are ignored.
    pub url: &'a str,
    /// The referrer as the browser sent it, or empty. Bytes after the first 2048 are ignored.
    pub referrer: &'a str,
    /// The site's own host, besides that of `url`; may be empty.
    pub host: &'a str,
    /// The project's own rules and hosts; [`ProjectRules::default`] has none.
    pub rules: &'a ProjectRules,
}

/// Classifies a visit, in time linear in the input's length.
///
/// The result borrows from the visit except where text had to be decoded.
pub fn classify<'a>(visit: &Visit<'a>) -> Attribution<'a> {
    classify_links(&Page::read(visit.url), &Referrer::read(visit.referrer), visit.host, visit.rules)
}

/// The same as [`classify`] for URLs that were parsed before. `host` is the site's own host, besides the page's; may be
/// empty.
pub fn classify_links<'a>(
    page: &Page<'a>,
    referrer: &Referrer<'a>,
    host: &'a str,
    rules: &'a ProjectRules,
) -> Attribution<'a> {
    let signals = Signals::read(page, referrer, host, rules);
    let query = &page.query;
    let utm = [&*query.source, &*query.medium, &*query.campaign];
    if let Some(answer) = rules.answer(referrer.host(), utm) {
        let kind = brands::of_name(answer.source).map(|brand| brand.kind);
        let channel =
            answer.channel.unwrap_or_else(|| Channel::of(answer.source, kind, answer.medium, &query.campaign));
        let verdict = Verdict { source: answer.source.into(), medium: answer.medium.into(), kind, click_id: None };
        return finish(&signals, verdict, channel, Confidence::High, answer.id);
    }
    for rule in RULES {
        if let Some(verdict) = (rule.answer)(&signals) {
            let channel = channel_of(&signals, &verdict, rule.id);
            return finish(&signals, verdict, channel, rule.confidence, rule.id);
        }
    }
    // Never reached, because the last rule matches every visit.
    finish(&signals, Verdict::nothing(), Channel::Unassigned, Confidence::Low, "none")
}

/// GA4's channel, computed from the medium as sent if there is one, otherwise from the medium that the rule found.
fn channel_of(signals: &Signals<'_, '_>, verdict: &Verdict<'_>, rule_id: &str) -> Channel {
    if rule_id == "internal" {
        return Channel::Internal;
    }
    let page = signals.page;
    let medium = if page.medium.is_empty() { &verdict.medium } else { &page.medium };
    Channel::of(&verdict.source, verdict.kind, medium, &page.query.campaign)
}

fn finish<'a>(
    signals: &Signals<'_, 'a>,
    verdict: Verdict<'a>,
    channel: Channel,
    confidence: Confidence,
    rule_id: &'a str,
) -> Attribution<'a> {
    let first_click_id = signals.click_ids().next().map(|id| id.name);
    let query = &signals.page.query;
    Attribution {
        source: verdict.source,
        medium: verdict.medium,
        channel,
        campaign: query.campaign.clone(),
        term: query.term.clone(),
        content: query.content.clone(),
        click_id: verdict.click_id.or(first_click_id).unwrap_or_default(),
        referrer_host: signals.referrer.host.clone().unwrap_or_default(),
        confidence,
        rule_id: Cow::Borrowed(rule_id),
        version: CLASSIFIER_VERSION,
    }
}

/// The host of a URL, normalized as [`Page::host`]. `None` if it has none.
pub fn host_of(url: &str) -> Option<Cow<'_, str>> {
    address::Address::split(url).host()
}
