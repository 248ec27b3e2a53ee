//! The built-in rules, in order: the first that matches decides.
//!
//! `docs/classifier.md` is generated from this table. Channels are not decided here: `channel.rs` applies GA4's conditions
//! to the source and the medium as sent.

use crate::answers::{self, Verdict};
use crate::attribution::Confidence;
use crate::brands::Kind;
use crate::channel::Channel;
use crate::signals::Signals;

/// A rule. Its example is also its test.
pub struct Rule {
    /// Its id, stored with each event. Does not change.
    pub id: &'static str,
    /// When it matches, and why. Markdown.
    pub doc: &'static str,
    /// How reliable its result is.
    pub confidence: Confidence,
    /// A visit that it decides.
    pub example: Example,
    pub(crate) answer: for<'a> fn(&Signals<'_, 'a>) -> Option<Verdict<'a>>,
}

/// A visit to `example.com` and its result.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The page's URL.
    pub url: &'static str,
    /// The referrer.
    pub referrer: &'static str,
    /// The resulting source.
    pub source: &'static str,
    /// The resulting medium.
    pub medium: &'static str,
    /// The resulting channel.
    pub channel: Channel,
}

const fn example(
    url: &'static str,
    referrer: &'static str,
    (source, medium): (&'static str, &'static str),
    channel: Channel,
) -> Example {
    Example { url, referrer, source, medium, channel }
}

/// The rules in order. The last one matches every visit.
pub static RULES: &[Rule] = &[
    Rule {
        id: "paid-click-id",
        doc: "The link has a paid click id (see the table of click ids), and nothing shows that the click \
              did not come from its vendor: no `utm_source` of another brand, no `utm_source` of an unknown \
              brand with a medium that is not paid and, if there is no `utm_source`, no referrer of another \
              known brand. When people copy a link, its click id goes along: a visit from DuckDuckGo with a \
              stray `gclid` stays organic. The source is the vendor, or the brand of the vendor's family \
              that the tag or the referrer names.",
        confidence: Confidence::High,
        example: example("https://example.com/?gclid=x", "", ("google", "paid"), Channel::PaidSearch),
        answer: answers::paid_click_id,
    },
    Rule {
        id: "meta-paid-click-id",
        doc: "`fbclid` with a `utm_source` of facebook, instagram or meta and no `utm_medium` other than a \
              paid one: the link was tagged for an ad.",
        confidence: Confidence::High,
        example: example("https://example.com/?utm_source=ig&fbclid=x", "", ("instagram", "paid"), Channel::PaidSocial),
        answer: answers::meta_paid_click_id,
    },
    Rule {
        id: "paid-medium",
        doc: "`utm_medium` is cpc, ppc, cpm, cpv, cpa, retargeting, display or begins with paid, and \
              `utm_source` names who was paid.",
        confidence: Confidence::High,
        example: example(
            "https://example.com/?utm_source=google&utm_medium=display",
            "",
            ("google", "paid"),
            Channel::Display,
        ),
        answer: answers::paid_medium,
    },
    Rule {
        id: "paid-medium-click-id",
        doc: "A paid `utm_medium` without `utm_source`; a click id names the vendor.",
        confidence: Confidence::Medium,
        example: example("https://example.com/?utm_medium=cpc&fbclid=x", "", ("facebook", "paid"), Channel::PaidSocial),
        answer: answers::paid_medium_click_id,
    },
    Rule {
        id: "paid-medium-unknown",
        doc: "A paid `utm_medium`, and nothing names who was paid. The referrer does not count: it need not \
              be the one that was paid.",
        confidence: Confidence::Medium,
        example: example(
            "https://example.com/?utm_medium=cpc",
            "https://www.google.com/",
            ("unknown", "paid"),
            Channel::PaidOther,
        ),
        answer: answers::paid_medium_unknown,
    },
    Rule {
        id: "click-id",
        doc: "The link has a click id that does not prove payment (`fbclid`, `igshid`: social; `srsltid`, \
              `ysclid`: organic; `mc_cid`, `mc_eid`: email), no `utm_source` or `utm_medium`, and the \
              referrer is not an unknown other site. Meta adds `fbclid` to organic clicks too. The source is \
              the vendor, or the referrer if it belongs to the vendor's family.",
        confidence: Confidence::Medium,
        example: example(
            "https://example.com/?fbclid=x",
            "https://l.facebook.com/",
            ("facebook", "social"),
            Channel::OrganicSocial,
        ),
        answer: answers::click_id,
    },
    Rule {
        id: "utm-source",
        doc: "`utm_source` names the source. If it is a host, the medium is the one of a referrer with this \
              host (`chatgpt.com`: ai-assistant; an unknown host: referral). The name of an AI assistant \
              gets the medium ai-assistant, on which the channel depends. For any other name without \
              `utm_medium` the medium is unknown.",
        confidence: Confidence::High,
        example: example(
            "https://example.com/?utm_source=chatgpt.com",
            "",
            ("chatgpt", "ai-assistant"),
            Channel::AiAssistant,
        ),
        answer: answers::utm_source,
    },
    Rule {
        id: "utm-medium",
        doc: "`utm_medium` without `utm_source`. The medium is the one sent; the source is the one named by \
              `ref`, `source` or `via`, otherwise the vendor of a click id, otherwise the referrer, \
              otherwise unknown.",
        confidence: Confidence::Medium,
        example: example("https://example.com/?utm_medium=Email", "", ("unknown", "email"), Channel::Email),
        answer: answers::utm_medium,
    },
    Rule {
        id: "ref-parameter",
        doc: "`ref`, `source` or `via` (checked in this order) is a known brand or a host other than the \
              site's own, and the referrer is not the site itself. Like `utm_source`, it takes precedence \
              over the referrer.",
        confidence: Confidence::Medium,
        example: example(
            "https://example.com/?ref=producthunt",
            "",
            ("product-hunt", "social"),
            Channel::OrganicSocial,
        ),
        answer: answers::ref_parameter,
    },
    Rule {
        id: "internal",
        doc: "The referrer has the same registrable domain as the site, by the public suffix list (ICANN and \
              private sections), or is one of the project's own hosts. Checked before the tables of known \
              sites, so that clicks within amazon.com do not count as visits from Amazon.",
        confidence: Confidence::High,
        example: example(
            "https://www.example.com/",
            "https://blog.example.com/post",
            ("internal", "direct"),
            Channel::Internal,
        ),
        answer: answers::internal,
    },
    Rule {
        id: "referrer-ai",
        doc: "The referrer is an AI assistant (`tables/ai.tsv`). Checked before search engines, because an \
              assistant may be on a search engine's domain.",
        confidence: Confidence::Medium,
        example: example(
            "https://example.com/",
            "https://gemini.google.com/",
            ("gemini", "ai-assistant"),
            Channel::AiAssistant,
        ),
        answer: |signals| answers::referrer_of(signals, Kind::Ai),
    },
    Rule {
        id: "referrer-search",
        doc: "The referrer is a search engine (`tables/search.tsv`), in any country.",
        confidence: Confidence::Medium,
        example: example(
            "https://example.com/",
            "https://www.google.co.uk/",
            ("google", "organic"),
            Channel::OrganicSearch,
        ),
        answer: |signals| answers::referrer_of(signals, Kind::Search),
    },
    Rule {
        id: "referrer-social",
        doc: "The referrer is a social network, a community or a messenger (`tables/social.tsv`).",
        confidence: Confidence::Medium,
        example: example("https://example.com/", "https://t.co/abc", ("twitter", "social"), Channel::OrganicSocial),
        answer: |signals| answers::referrer_of(signals, Kind::Social),
    },
    Rule {
        id: "referrer-video",
        doc: "The referrer is a video site (`tables/video.tsv`).",
        confidence: Confidence::Medium,
        example: example(
            "https://example.com/",
            "https://www.youtube.com/",
            ("youtube", "video"),
            Channel::OrganicVideo,
        ),
        answer: |signals| answers::referrer_of(signals, Kind::Video),
    },
    Rule {
        id: "referrer-shopping",
        doc: "The referrer is a shop, a marketplace or a price comparison (`tables/shopping.tsv`).",
        confidence: Confidence::Medium,
        example: example(
            "https://example.com/",
            "https://www.amazon.de/dp/1",
            ("amazon", "shopping"),
            Channel::OrganicShopping,
        ),
        answer: |signals| answers::referrer_of(signals, Kind::Shopping),
    },
    Rule {
        id: "referrer-email",
        doc: "The referrer is a known webmail, mail app or mail service (`tables/email.tsv`).",
        confidence: Confidence::Medium,
        example: example(
            "https://example.com/",
            "android-app://com.google.android.gm/",
            ("gmail", "email"),
            Channel::Email,
        ),
        answer: |signals| answers::referrer_of(signals, Kind::Email),
    },
    Rule {
        id: "referrer-known-site",
        doc: "The referrer is another known site, such as a code host or a news site (`tables/site.tsv`).",
        confidence: Confidence::Medium,
        example: example("https://example.com/", "https://github.com/a/b", ("github", "referral"), Channel::Referral),
        answer: |signals| answers::referrer_of(signals, Kind::Site),
    },
    Rule {
        id: "referrer-ads",
        doc: "The referrer is an ad server (`tables/ads.tsv`).",
        confidence: Confidence::Medium,
        example: example(
            "https://example.com/",
            "https://googleads.g.doubleclick.net/",
            ("doubleclick", "paid"),
            Channel::PaidOther,
        ),
        answer: |signals| answers::referrer_of(signals, Kind::Paid),
    },
    Rule {
        id: "referrer-webmail",
        doc: "The referrer's host has a label `mail`, `webmail` or `email` before its registrable domain and \
              does not imitate another host (`mail.google.com.evil.net`).",
        confidence: Confidence::Medium,
        example: example(
            "https://example.com/",
            "https://webmail.provider.net/",
            ("webmail.provider.net", "email"),
            Channel::Email,
        ),
        answer: answers::referrer_webmail,
    },
    Rule {
        id: "referrer",
        doc: "Any other referrer. The source is its host without `www.`, or the package of an unknown app.",
        confidence: Confidence::Low,
        example: example(
            "https://example.com/",
            "https://www.some-blog.org/p",
            ("some-blog.org", "referral"),
            Channel::Referral,
        ),
        answer: answers::referrer,
    },
    Rule {
        id: "ref-word",
        doc: "No referrer, but `ref`, `source` or `via` has an unknown word: it is taken as the source, as \
              other analytics products do.",
        confidence: Confidence::Low,
        example: example("https://example.com/?ref=Partner-Page", "", ("partner-page", "referral"), Channel::Referral),
        answer: answers::ref_word,
    },
    Rule {
        id: "unusable-referrer",
        doc: "A referrer was sent, but it has no host (`about:blank`, a file, garbage).",
        confidence: Confidence::Low,
        example: example("https://example.com/", "about:blank", ("direct", "direct"), Channel::Direct),
        answer: |signals| signals.referrer.is_unusable().then(answers::direct),
    },
    Rule {
        id: "direct",
        doc: "No referrer and no tag.",
        confidence: Confidence::High,
        example: example("https://example.com/", "", ("direct", "direct"), Channel::Direct),
        answer: |_| Some(answers::direct()),
    },
];
