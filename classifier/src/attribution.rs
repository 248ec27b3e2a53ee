//! The result of the classification.

use std::borrow::Cow;

use crate::channel::Channel;

/// How reliable a rule's result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confidence {
    /// The link or the referrer says so explicitly.
    High,
    /// It follows from a table or from several signals together.
    Medium,
    /// Only the referrer's name is known.
    Low,
}

impl Confidence {
    /// `high`, `medium` or `low`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Where a visit came from. Text fields are empty if the visit has no such value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution<'a> {
    /// A brand's slug (`google`, `chatgpt`, `hacker-news`), a host without `www.`, an unknown `utm_source` in lower case,
    /// or `direct`, `internal`, `unknown`.
    pub source: Cow<'a, str>,
    /// `paid`, `organic`, `social`, `email`, `ai-assistant`, `video`, `shopping`, `referral`, `direct`, `unknown`, or the
    /// `utm_medium` as sent, trimmed and in lower case.
    pub medium: Cow<'a, str>,
    /// GA4's default channel group, or `Internal`.
    pub channel: Channel,
    /// `utm_campaign`, decoded and trimmed.
    pub campaign: Cow<'a, str>,
    /// `utm_term`, decoded and trimmed.
    pub term: Cow<'a, str>,
    /// `utm_content`, decoded and trimmed.
    pub content: Cow<'a, str>,
    /// Name of the link's click id (`gclid`), never its value.
    pub click_id: &'static str,
    /// The referrer's host: lower case, ASCII (punycode), no port, no trailing dot. For an app its package.
    pub referrer_host: Cow<'a, str>,
    /// How reliable the result is.
    pub confidence: Confidence,
    /// The rule's id; for a project's own rule, the id that the project chose.
    pub rule_id: Cow<'a, str>,
    /// [`crate::CLASSIFIER_VERSION`].
    pub version: &'static str,
}
