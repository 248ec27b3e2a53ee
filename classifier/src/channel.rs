//! GA4's default channel groups, plus `Internal`.
//!
//! Source: Google Analytics Help, "Default channel group" (<https://support.google.com/analytics/answer/9756891>), with
//! "AI Assistant" as of May 2026. The conditions are in Google's order. They are plain code instead of regular expressions;
//! the comments quote Google's expressions.

use crate::brands::Kind;

/// A default channel group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// From the same site.
    Internal,
    /// No referrer and no tag.
    Direct,
    /// From an AI assistant.
    AiAssistant,
    /// Google's cross-network campaigns.
    CrossNetwork,
    /// Paid, from a shop or for a shopping campaign.
    PaidShopping,
    /// Paid, from a search engine.
    PaidSearch,
    /// Paid, from a social network.
    PaidSocial,
    /// Paid, from a video site.
    PaidVideo,
    /// From a display ad such as a banner.
    Display,
    /// Paid, from anywhere else.
    PaidOther,
    /// From a shop or a shopping campaign.
    OrganicShopping,
    /// From a social network.
    OrganicSocial,
    /// From a video site.
    OrganicVideo,
    /// From a search engine.
    OrganicSearch,
    /// From a link on another site.
    Referral,
    /// From an email.
    Email,
    /// From an affiliate program.
    Affiliates,
    /// From an audio ad.
    Audio,
    /// From a text message.
    Sms,
    /// From a push notification.
    MobilePush,
    /// None of GA4's conditions applies.
    Unassigned,
}

impl Channel {
    /// Every channel.
    pub const ALL: &[Self] = &[
        Self::Internal,
        Self::Direct,
        Self::AiAssistant,
        Self::CrossNetwork,
        Self::PaidShopping,
        Self::PaidSearch,
        Self::PaidSocial,
        Self::PaidVideo,
        Self::Display,
        Self::PaidOther,
        Self::OrganicShopping,
        Self::OrganicSocial,
        Self::OrganicVideo,
        Self::OrganicSearch,
        Self::Referral,
        Self::Email,
        Self::Affiliates,
        Self::Audio,
        Self::Sms,
        Self::MobilePush,
        Self::Unassigned,
    ];

    /// The channel with this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|channel| channel.as_str().eq_ignore_ascii_case(name))
    }

    /// The channel for a source, its kind, a medium in lower case and a campaign.
    pub(crate) fn of(source: &str, kind: Option<Kind>, medium: &str, campaign: &str) -> Self {
        let is = |wanted: Kind| kind == Some(wanted);
        let shopping = || is(Kind::Shopping) || is_shopping_campaign(campaign);
        let email = |word: &str| matches!(word, "email" | "e-mail" | "e_mail" | "e mail");
        let paid = is_paid(medium);
        if is(Kind::Direct) && matches!(medium, "direct" | "(none)" | "(not set)") {
            Self::Direct
        } else if medium == "ai-assistant" {
            Self::AiAssistant
        } else if contains(campaign, "cross-network") {
            Self::CrossNetwork
        } else if paid && shopping() {
            Self::PaidShopping
        } else if paid && is(Kind::Search) {
            Self::PaidSearch
        } else if paid && is(Kind::Social) {
            Self::PaidSocial
        } else if paid && is(Kind::Video) {
            Self::PaidVideo
        } else if is_display(medium) {
            Self::Display
        } else if paid {
            Self::PaidOther
        } else if shopping() {
            Self::OrganicShopping
        } else if is(Kind::Social) || is_social(medium) {
            Self::OrganicSocial
        } else if is(Kind::Video) || contains(medium, "video") {
            Self::OrganicVideo
        } else if is(Kind::Search) || medium == "organic" {
            Self::OrganicSearch
        } else if matches!(medium, "referral" | "app" | "link") {
            Self::Referral
        } else if email(source) || email(medium) {
            Self::Email
        } else if medium == "affiliate" {
            Self::Affiliates
        } else if medium == "audio" {
            Self::Audio
        } else if source == "sms" || medium == "sms" {
            Self::Sms
        } else if medium.ends_with("push")
            || contains(medium, "mobile")
            || contains(medium, "notification")
            || source == "firebase"
        {
            Self::MobilePush
        } else {
            Self::Unassigned
        }
    }

    /// GA4's name of the channel.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "Internal",
            Self::Direct => "Direct",
            Self::AiAssistant => "AI Assistant",
            Self::CrossNetwork => "Cross-network",
            Self::PaidShopping => "Paid Shopping",
            Self::PaidSearch => "Paid Search",
            Self::PaidSocial => "Paid Social",
            Self::PaidVideo => "Paid Video",
            Self::Display => "Display",
            Self::PaidOther => "Paid Other",
            Self::OrganicShopping => "Organic Shopping",
            Self::OrganicSocial => "Organic Social",
            Self::OrganicVideo => "Organic Video",
            Self::OrganicSearch => "Organic Search",
            Self::Referral => "Referral",
            Self::Email => "Email",
            Self::Affiliates => "Affiliates",
            Self::Audio => "Audio",
            Self::Sms => "SMS",
            Self::MobilePush => "Mobile Push Notifications",
            Self::Unassigned => "Unassigned",
        }
    }
}

/// GA4's `^(.*cp.*|ppc|retargeting|paid.*)$` for a medium in lower case.
pub(crate) fn is_paid(medium: &str) -> bool {
    contains(medium, "cp") || matches!(medium, "ppc" | "retargeting") || medium.starts_with("paid")
}

/// GA4's media for the channel Display.
pub(crate) fn is_display(medium: &str) -> bool {
    matches!(medium, "display" | "banner" | "expandable" | "interstitial" | "cpm")
}

fn is_social(medium: &str) -> bool {
    matches!(medium, "social" | "social-network" | "social-media" | "sm" | "social network" | "social media")
}

/// GA4's `^(.*(([^a-df-z]|^)shop|shopping).*)$`: `shopping` anywhere, or `shop` at the beginning or after anything other
/// than a letter, or after an `e` (`eshop`).
fn is_shopping_campaign(campaign: &str) -> bool {
    let bytes = campaign.as_bytes();
    let after_start = |at: usize| match at.checked_sub(1).and_then(|before| bytes.get(before)) {
        None => true,
        Some(before) => !before.is_ascii_alphabetic() || before.eq_ignore_ascii_case(&b'e'),
    };
    bytes.windows(4).enumerate().any(|(at, window)| {
        window.eq_ignore_ascii_case(b"shop")
            && (after_start(at) || bytes.get(at + 4..at + 8).is_some_and(|rest| rest.eq_ignore_ascii_case(b"ping")))
    })
}

/// Substring search, ignoring case. For short texts it is faster than `str::contains`, which preprocesses the pattern.
fn contains(text: &str, wanted: &str) -> bool {
    text.as_bytes().windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{Channel, is_shopping_campaign};

    #[test]
    fn every_name_leads_back_to_its_channel() {
        for &channel in Channel::ALL {
            assert_eq!(Channel::from_name(channel.as_str()), Some(channel));
        }
    }

    #[test]
    fn shop_is_a_word_of_its_own() {
        for yes in ["shop", "Shop-2026", "eshop", "my shop", "workshopping", "SHOPPING", "1shop"] {
            assert!(is_shopping_campaign(yes), "{yes}");
        }
        for no in ["workshop", "photoshop", "bishop", "sho", ""] {
            assert!(!is_shopping_campaign(no), "{no}");
        }
    }
}
