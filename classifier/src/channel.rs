//! GA4's default channel groups, plus `Internal`.

/// A default channel group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The visitor came from the same site.
    Internal,
    /// No referrer and no tag.
    Direct,
    /// A chat assistant's answer.
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
    /// Banners and the like.
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
    /// A link on another site.
    Referral,
    /// From a mail.
    Email,
    /// From a partner programme.
    Affiliates,
    /// From an audio advertisement.
    Audio,
    /// From a text message.
    Sms,
    /// From a push notification.
    MobilePush,
    /// No rule of GA4 fits.
    Unassigned,
}

impl Channel {
    /// GA4's name of the channel group.
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
