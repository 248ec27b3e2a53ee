//! The answer: where a visit came from, in the product's vocabulary.

use std::borrow::Cow;

use crate::channel::Channel;

/// How sure a rule is of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confidence {
    /// The link or the referrer says so itself.
    High,
    /// A table or a combination of signs says so.
    Medium,
    /// Nothing is known of the referrer but its name.
    Low,
}

impl Confidence {
    /// `high`, `medium` or `low`, as stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Where a visit came from. Texts are empty where nothing was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution<'a> {
    /// A brand's slug (`google`, `chatgpt`, `hacker-news`), a bare host without `www.`,
    /// a `utm_source` nobody knows (lower-cased), or `direct`, `internal`, `unknown`.
    pub source: Cow<'a, str>,
    /// One of paid, organic, social, email, ai-assistant, video, shopping, referral, internal,
    /// direct, unknown, or the `utm_medium` as sent, trimmed and lower-cased.
    pub medium: Cow<'a, str>,
    /// GA4's default channel group, or `Internal`.
    pub channel: Channel,
    /// `utm_campaign`, decoded and trimmed.
    pub campaign: Cow<'a, str>,
    /// `utm_term`, decoded and trimmed.
    pub term: Cow<'a, str>,
    /// `utm_content`, decoded and trimmed.
    pub content: Cow<'a, str>,
    /// The name of the click id the link carries, never its value.
    pub click_id: &'static str,
    /// The referrer's host: lower case, ASCII (punycode), no port, no trailing dot. For an Android
    /// app its package name.
    pub referrer_host: Cow<'a, str>,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// The rule's stable name; for a project's own rule, the name the project gave it.
    pub rule_id: Cow<'a, str>,
    /// [`crate::CLASSIFIER_VERSION`].
    pub version: &'static str,
}
