//! The rules, in order: the first that answers decides.
//!
//! The order follows the published order of a system in the field, with the corrections that
//! others found; `docs/classifier.md` is written from this table. Channels are not decided here:
//! GA4's conditions are applied to the source and the medium as sent (`channel.rs`).

use crate::answers::{self, Verdict};
use crate::attribution::Confidence;
use crate::brands::Kind;
use crate::channel::Channel;
use crate::signals::Signals;

/// A rule: its stable name, what it means, how sure it is, an example that is a test.
pub struct Rule {
    /// The stable name, stored with each event.
    pub id: &'static str,
    /// What the rule says and why.
    pub doc: &'static str,
    /// How sure the rule is of its answer.
    pub confidence: Confidence,
    /// A visit that the rule decides.
    pub example: Example,
    pub(crate) answer: for<'a> fn(&Signals<'_, 'a>) -> Option<Verdict<'a>>,
}

/// A visit to `example.com` and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The page's address.
    pub url: &'static str,
    /// The referrer.
    pub referrer: &'static str,
    /// The source answered.
    pub source: &'static str,
    /// The medium answered.
    pub medium: &'static str,
    /// The channel answered.
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

/// The rules in their order. The last one always answers.
pub static RULES: &[Rule] = &[
    Rule {
        id: "paid-click-id",
        doc: "A paid click id (see the table of click ids) whose vendor is not contradicted: \
              neither by a `utm_source` of another brand, or of no brand with a medium that is \
              not paid, nor, without a `utm_source`, by a referrer of another known brand. A \
              copied link carries its click id along: a stray `gclid` on a visit from DuckDuckGo \
              stays organic. The source is the vendor, or what the tag or the referrer names of \
              the vendor's own family.",
        confidence: Confidence::High,
        example: example("https://example.com/?gclid=x", "", ("google", "paid"), Channel::PaidSearch),
        answer: answers::paid_click_id,
    },
    Rule {
        id: "meta-paid-click-id",
        doc: "`fbclid` with `utm_source` facebook, instagram or meta, and no `utm_medium` that \
              says otherwise: a link tagged for an advertisement.",
        confidence: Confidence::High,
        example: example("https://example.com/?utm_source=ig&fbclid=x", "", ("instagram", "paid"), Channel::PaidSocial),
        answer: answers::meta_paid_click_id,
    },
    Rule {
        id: "paid-medium",
        doc: "`utm_medium` is cpc, ppc, cpm, cpv, cpa, retargeting, display or begins with paid, \
              and `utm_source` says who was paid.",
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
        doc: "A paid `utm_medium` without a `utm_source`, but with a click id that names the \
              vendor.",
        confidence: Confidence::Medium,
        example: example("https://example.com/?utm_medium=cpc&fbclid=x", "", ("facebook", "paid"), Channel::PaidSocial),
        answer: answers::paid_medium_click_id,
    },
    Rule {
        id: "paid-medium-unknown",
        doc: "A paid `utm_medium` and nobody named: somebody was paid, by the referrer or not.",
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
        doc: "A click id that proves no payment (`fbclid`, `igshid`: social; `srsltid`, `ysclid`: \
              organic; `mc_cid`, `mc_eid`: email) in a link without `utm_source` and \
              `utm_medium`, where no other site is the referrer. Meta adds `fbclid` to organic \
              clicks too. The source is the vendor, or the referrer where that is of its family.",
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
        doc: "`utm_source` names the source. A host is read as a host, with the medium a referrer \
              of that host would have (`chatgpt.com`: ai-assistant; an unknown host: referral); so \
              is the name of an AI assistant, whose channel hangs on the medium. Of any other name \
              without a `utm_medium` the medium is unknown.",
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
        doc: "`utm_medium` without `utm_source`: the medium as sent; the source is what `ref`, \
              `source` or `via` names, else the vendor of a click id, else the referrer, else \
              unknown.",
        confidence: Confidence::Medium,
        example: example("https://example.com/?utm_medium=Email", "", ("unknown", "email"), Channel::Email),
        answer: answers::utm_medium,
    },
    Rule {
        id: "ref-parameter",
        doc: "`ref`, `source` or `via` (looked at in this order) names a known brand or a host \
              other than the site's own, and the referrer is not the site itself. A link's own \
              word goes before the referrer, as with `utm_source`.",
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
        doc: "The referrer has the site's registrable domain by the public suffix list (ICANN and \
              private sections), or is one of the project's own hosts. Before the tables of known \
              sites, so that amazon.com is not its own customer.",
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
        doc: "The referrer is an AI assistant (`tables/ai.tsv`), tested before the search engine \
              on whose domain it may live.",
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
        doc: "The referrer is a code host, a news site or another site known by a name \
              (`tables/site.tsv`).",
        confidence: Confidence::Medium,
        example: example("https://example.com/", "https://github.com/a/b", ("github", "referral"), Channel::Referral),
        answer: |signals| answers::referrer_of(signals, Kind::Site),
    },
    Rule {
        id: "referrer-ads",
        doc: "The referrer is an advertisement server (`tables/ads.tsv`).",
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
        doc: "The referrer has a label `mail`, `webmail` or `email` before its registered name, \
              and does not imitate another host (`mail.google.com.evil.net`).",
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
        doc: "Any other host: itself, without `www.`; of an unknown app its package.",
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
        doc: "No referrer, but `ref`, `source` or `via` has a word nobody knows: taken for the \
              source, as other products do.",
        confidence: Confidence::Low,
        example: example("https://example.com/?ref=Partner-Page", "", ("partner-page", "referral"), Channel::Referral),
        answer: answers::ref_word,
    },
    Rule {
        id: "unusable-referrer",
        doc: "Something was sent as referrer, but there is no host in it (`about:blank`, a file, \
              garbage).",
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
