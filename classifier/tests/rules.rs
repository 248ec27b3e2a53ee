//! Each rule's example is decided by that rule, and the documentation is what the rules say.

use std::fs;
use std::path::PathBuf;

use classifier::{ProjectRules, RULES, Visit, classify};

#[test]
fn each_rule_decides_its_example() {
    let rules = ProjectRules::default();
    for rule in RULES {
        let example = &rule.example;
        let visit = Visit { url: example.url, referrer: example.referrer, host: "example.com", rules: &rules };
        let answer = classify(&visit);
        assert_eq!(answer.rule_id, rule.id, "{example:?}");
        assert_eq!(
            (&*answer.source, &*answer.medium, answer.channel),
            (example.source, example.medium, example.channel),
            "{}",
            rule.id
        );
        assert_eq!(answer.confidence, rule.confidence);
    }
}

#[test]
fn rule_ids_are_unique_and_stable_in_form() {
    let mut ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert!(ids.iter().all(|id| id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), RULES.len());
}

#[path = "../examples/document.rs"]
mod document;

/// `UPDATE_DOCS=1 cargo test -p classifier --test rules` writes it anew.
#[test]
fn the_documentation_is_current() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/classifier.md");
    let wanted = document::document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/classifier.md is outdated: run with UPDATE_DOCS=1");
}
