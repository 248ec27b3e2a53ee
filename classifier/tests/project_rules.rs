//! A project's own rules stand in front, its own hosts count as the same site.

use classifier::{Channel, Confidence, Field, ProjectRule, ProjectRules, Visit, classify};

fn rule(id: &str, field: Field, pattern: &str, channel: Option<&str>) -> ProjectRule {
    ProjectRule {
        id: id.into(),
        field,
        pattern: pattern.into(),
        source: "partner".into(),
        medium: "affiliate".into(),
        channel: channel.map(Into::into),
    }
}

#[test]
fn own_rules_go_before_all_others() {
    let own = [
        rule("forum", Field::ReferrerHost, "reddit.com", Some("Organic Social")),
        rule("codes", Field::UtmCampaign, "aff-*", None),
    ];
    let rules = ProjectRules::new(own, []).expect("sound rules");
    let ask = |url, referrer| {
        let answer = classify(&Visit { url, referrer, host: "example.com", rules: &rules });
        (answer.rule_id.to_string(), answer.channel, answer.confidence)
    };
    assert_eq!(
        ask("https://example.com/?gclid=x", "https://old.reddit.com/r/x"),
        ("forum".to_owned(), Channel::OrganicSocial, Confidence::High)
    );
    assert_eq!(
        ask("https://example.com/?utm_campaign=AFF-7", ""),
        ("codes".to_owned(), Channel::Affiliates, Confidence::High)
    );
    assert_eq!(ask("https://example.com/", "").0, "direct");
}

#[test]
fn own_hosts_are_the_same_site() {
    let rules = ProjectRules::new([], ["Shop.Example.NET".to_owned()]).expect("a sound host");
    let visit = |referrer| {
        let visit = Visit { url: "https://example.com/", referrer, host: "", rules: &rules };
        classify(&visit).channel
    };
    assert_eq!(visit("https://shop.example.net/cart"), Channel::Internal);
    assert_eq!(visit("https://de.shop.example.net/"), Channel::Internal);
    assert_eq!(visit("https://example.net/"), Channel::Referral);
}
