//! The pages of a site. A few of them get most of the views.

use crate::random::{Random, Weighted};

/// Pages of every site, the most visited first.
const PAGES: &[(&str, &str)] = &[
    ("/", "First-party analytics"),
    ("/pricing", "Pricing"),
    ("/features", "Features"),
    ("/docs", "Documentation"),
    ("/blog", "Blog"),
    ("/docs/quickstart", "Quick start · Documentation"),
    ("/customers", "Customers"),
    ("/about", "About us"),
    ("/docs/api", "API reference · Documentation"),
    ("/compare/google-analytics", "Compared with Google Analytics"),
    ("/changelog", "Changelog"),
    ("/compare/plausible", "Compared with Plausible"),
    ("/security", "Security"),
    ("/privacy", "Privacy"),
    ("/careers", "Careers"),
    ("/contact", "Contact"),
];
const TOPICS: &[&str] = &[
    "cookieless-tracking",
    "funnels",
    "retention",
    "attribution",
    "clickhouse",
    "rust-on-workers",
    "consent",
    "bots",
    "utm-parameters",
    "ai-assistants",
    "newsletters",
    "dashboards",
];
const DOCS: usize = 60;
const POSTS: usize = 180;

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) path: String,
    pub(super) title: String,
}

/// The pages of a site, weighted by Zipf's law: the second page has half of the first one's views, the third a third.
pub(super) fn pages() -> Weighted<Page> {
    let fixed = PAGES.iter().map(|(path, title)| Page { path: (*path).to_owned(), title: (*title).to_owned() });
    let article = |folder: &'static str, name: &'static str| {
        move |number: usize| {
            let topic = TOPICS.get(number % TOPICS.len()).copied().unwrap_or_default();
            let path = format!("/{folder}/{topic}-{}", number / TOPICS.len() + 1);
            Page { path, title: format!("{} {} · {name}", topic.replace('-', " "), number / TOPICS.len() + 1) }
        }
    };
    let posts = (0..POSTS).map(article("blog", "Blog"));
    let docs = (0..DOCS).map(article("docs", "Documentation"));
    let all = fixed.chain(docs).chain(posts);
    Weighted::new((1..).zip(all).map(|(rank, page)| (1_000_000 / rank, page)))
}

/// Landing pages of campaigns.
const LANDING_PAGES: &[&str] = &["/", "/", "/pricing", "/features", "/compare/google-analytics"];

/// Draws a landing page.
pub(super) fn landing_page(random: &mut Random) -> &'static str {
    random.one_of::<&'static str>(LANDING_PAGES)
}

/// Registrable domain of a project's site.
pub(super) fn domain(slug: &str) -> String {
    format!("{slug}.example")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::random::Seed;

    #[test]
    fn the_first_page_has_ten_times_the_views_of_the_tenth() {
        let pages = pages();
        let paths: BTreeSet<&str> = pages.items().iter().map(|page| page.path.as_str()).collect();
        assert_eq!(paths.len(), PAGES.len() + DOCS + POSTS);
        let mut random = Seed::of("pages").stream("test", [0, 0]);
        let mut views: BTreeMap<&str, u32> = BTreeMap::new();
        for _ in 0..100_000 {
            *views.entry(&pages.draw(&mut random).path).or_default() += 1;
        }
        let (first, tenth) = (views["/"], views[PAGES[9].0]);
        assert!((9 * tenth..11 * tenth).contains(&first), "{first} {tenth}");
        assert!(views.len() > 200, "{}", views.len());
    }
}
