//! 30,000 seeded visits: an answer each, the same for the stored address. A million with `cargo xtask test --long`;
//! `FUZZ_RUNS` sets another number, `FUZZ_SEED` another seed.

mod support;

use classifier::hygiene::{DEFAULT_KEPT, store_path, store_referrer, store_url};
use classifier::{ProjectRules, Visit, classify, registrable_domain};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn seeded_visits_get_an_answer_that_storing_does_not_change() {
    let rules = ProjectRules::default();
    let mut random = support::Random(number("FUZZ_SEED", 20_261_121));
    let (mut url, mut referrer, mut host) = (String::new(), String::new(), String::new());
    let usual = if std::env::var_os("HEADWATER_LONG").is_some() { 1_000_000 } else { 30_000 };
    for run in 0..number("FUZZ_RUNS", usual) {
        support::text(&mut random, &mut url);
        support::text(&mut random, &mut referrer);
        support::text(&mut random, &mut host);
        let stored = store_url(&url, DEFAULT_KEPT);
        let visit = |url| Visit { url, referrer: &referrer, host: &host, rules: &rules };
        let mut one = classify(&visit(&url));
        let other = classify(&visit(&stored));
        one.term.clone_from(&other.term);
        assert_eq!(one, other, "run {run}: {url:?} stored as {stored:?}");
        assert!(!one.source.is_empty() && !one.medium.is_empty(), "run {run}: {url:?}");
        assert!(stored.len() <= url.len() && stored.len() <= 2048, "run {run}: {url:?}");
        assert!(store_referrer(&referrer).len() <= referrer.len());
        store_path(&url);
        registrable_domain(&host);
    }
}
