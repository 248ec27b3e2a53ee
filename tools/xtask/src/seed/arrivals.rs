//! Where visits come from: referrers and tagged links, with their weights.

use crate::random::{Random, Weighted};

/// A referrer and the query string of the link. Placeholders: `{id}` value of a click id, `{week}` number of the
/// newsletter, `{site}` the site's own domain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    referrer: &'static str,
    query: &'static str,
    /// Whether the link is part of a campaign and leads to a landing page.
    pub(super) is_campaign: bool,
}

/// Weights of first visits, later visits and visits on the launch day; referrer; query string.
#[rustfmt::skip]
const ARRIVALS: &[(u64, u64, u64, &str, &str)] = &[
    (230, 420, 150, "", ""),
    // Search
    (190, 90, 60, "https://www.google.com/", ""),
    (30, 14, 5, "https://www.google.de/", ""),
    (16, 8, 3, "https://www.google.co.uk/", ""),
    (12, 6, 2, "android-app://com.google.android.googlequicksearchbox/", ""),
    (30, 16, 6, "https://www.bing.com/", ""),
    (22, 14, 8, "https://duckduckgo.com/", ""),
    (6, 4, 1, "https://www.ecosia.org/", ""),
    (5, 3, 1, "https://search.brave.com/", ""),
    (4, 2, 0, "https://search.yahoo.com/", ""),
    (3, 1, 0, "https://yandex.ru/", ""),
    (3, 1, 0, "https://www.baidu.com/", ""),
    // Social networks and communities
    (18, 6, 110, "https://t.co/", ""),
    (14, 4, 12, "https://l.facebook.com/", "fbclid={id}"),
    (9, 3, 6, "https://l.instagram.com/", "fbclid={id}"),
    (20, 10, 40, "https://www.linkedin.com/", ""),
    (14, 4, 90, "https://www.reddit.com/", ""),
    (12, 4, 380, "https://news.ycombinator.com/", ""),
    (3, 1, 40, "https://lobste.rs/", ""),
    (4, 2, 25, "https://bsky.app/", ""),
    (3, 2, 20, "https://mastodon.social/", ""),
    (2, 1, 120, "https://www.producthunt.com/", "ref=producthunt"),
    (10, 4, 12, "https://www.youtube.com/", ""),
    // AI assistants
    (26, 14, 8, "https://chatgpt.com/", "utm_source=chatgpt.com"),
    (10, 6, 4, "https://www.perplexity.ai/", ""),
    (8, 6, 4, "https://claude.ai/", ""),
    (6, 3, 1, "https://gemini.google.com/", ""),
    (4, 2, 1, "https://copilot.microsoft.com/", ""),
    // Newsletters and mail
    (16, 110, 20, "", "utm_source=newsletter&utm_medium=email&utm_campaign=weekly-{week}"),
    (4, 12, 4, "https://mail.google.com/", "utm_source=newsletter&utm_medium=email&utm_campaign=weekly-{week}&utm_content=footer"),
    (5, 10, 1, "", "utm_source=onboarding&utm_medium=email&utm_campaign=day-3"),
    (4, 4, 2, "https://open.substack.com/", "utm_source=substack&utm_medium=email"),
    // Paid
    (40, 8, 6, "https://www.google.com/", "utm_source=google&utm_medium=cpc&utm_campaign=brand&utm_term=analytics&gclid={id}"),
    (22, 4, 3, "https://www.google.com/", "gclid={id}&gad_source=1"),
    (12, 2, 1, "https://www.google.com/", "utm_source=google&utm_medium=cpc&utm_campaign=competitors&utm_content=variant-b&gbraid={id}"),
    (10, 2, 1, "https://www.bing.com/", "utm_source=bing&utm_medium=cpc&utm_campaign=brand&msclkid={id}"),
    (16, 4, 2, "https://m.facebook.com/", "utm_source=facebook&utm_medium=paid_social&utm_campaign=autumn&fbclid={id}"),
    (10, 3, 1, "https://www.linkedin.com/", "utm_source=linkedin&utm_medium=cpc&utm_campaign=teams&li_fat_id={id}"),
    (5, 1, 1, "https://www.tiktok.com/", "utm_source=tiktok&utm_medium=paid&ttclid={id}"),
    (4, 6, 1, "https://www.youtube.com/", "utm_source=youtube&utm_medium=display&utm_campaign=retargeting"),
    // Other sites
    (16, 14, 20, "https://github.com/", ""),
    (10, 6, 4, "https://stackoverflow.com/", ""),
    (6, 3, 10, "https://dev.to/", ""),
    (8, 4, 2, "https://partner.example.net/tools/analytics", "utm_source=partner&utm_medium=referral"),
    (6, 3, 2, "https://blog.example.org/2026/best-analytics", ""),
    (4, 3, 3, "https://en.wikipedia.org/", ""),
    (3, 2, 1, "https://www.heise.de/", ""),
    (3, 8, 1, "https://status.{site}/", ""),
    // Referrer spam
    (3, 0, 1, "http://semalt.com/", ""),
];

/// Arrivals by kind of visit.
#[derive(Debug)]
pub(super) struct Arrivals {
    first: Weighted<Arrival>,
    again: Weighted<Arrival>,
    launch: Weighted<Arrival>,
}

/// Referrer and query string of a visit's first page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// Address of the page with the link; may be empty.
    pub(super) referrer: String,
    /// Query string with its `?`; may be empty.
    pub(super) query: String,
}

impl Arrivals {
    pub(super) fn new() -> Self {
        let list = |weight: fn(&(u64, u64, u64, &'static str, &'static str)) -> u64| {
            Weighted::new(ARRIVALS.iter().map(|row| {
                let (_, _, _, referrer, query) = *row;
                (weight(row), Arrival { referrer, query, is_campaign: query.contains("utm_") || query.contains("id=") })
            }))
        };
        Self { first: list(|row| row.0), again: list(|row| row.1), launch: list(|row| row.2) }
    }

    /// Draws an arrival. A launch affects first visits only.
    pub(super) fn draw(&self, is_new: bool, is_launch: bool, random: &mut Random) -> Arrival {
        let list = match (is_new, is_launch) {
            (true, true) => &self.launch,
            (true, false) => &self.first,
            (false, _) => &self.again,
        };
        *list.draw(random)
    }
}

impl Arrival {
    /// Fills in the placeholders.
    pub(super) fn open(&self, site: &str, week: i32, random: &mut Random) -> Opened {
        let mut query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        if query.contains('{') {
            query = query.replace("{id}", &format!("{:016x}", random.bits())).replace("{week}", &week.to_string());
        }
        Opened { referrer: self.referrer.replace("{site}", site), query }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use classifier::{ProjectRules, Visit, classify};

    use super::*;
    use crate::random::Seed;

    #[test]
    fn every_kind_of_source_is_among_them() {
        let rules = ProjectRules::default();
        let mut random = Seed::of("arrivals").stream("test", [0, 0]);
        let mut channels = BTreeSet::new();
        for arrival in Arrivals::new().first.items() {
            let opened = arrival.open("a.example", 7, &mut random);
            assert!(!opened.query.contains('{') && !opened.referrer.contains('{'), "{opened:?}");
            let url = format!("https://www.a.example/{}", opened.query);
            let answer = classify(&Visit { url: &url, referrer: &opened.referrer, host: "", rules: &rules });
            channels.insert(answer.channel.as_str());
        }
        for channel in [
            "Direct",
            "Organic Search",
            "Paid Search",
            "Organic Social",
            "Paid Social",
            "Organic Video",
            "Email",
            "Referral",
            "AI Assistant",
            "Internal",
            "Display",
        ] {
            assert!(channels.contains(channel), "{channel} is not in {channels:?}");
        }
    }
}
