//! What holds for every input: an answer, the same one for the stored address, hosts as the `url`
//! crate reads them.

use classifier::hygiene::{DEFAULT_KEPT, store_path, store_referrer, store_url};
use classifier::{Attribution, ProjectRules, Visit, classify, host_of, registrable_domain};
use proptest::prelude::*;

fn ask<'a>(url: &'a str, referrer: &'a str, host: &'a str, rules: &'a ProjectRules) -> Attribution<'a> {
    classify(&Visit { url, referrer, host, rules })
}

/// Everything but `term`, owned.
fn without_term(answer: &Attribution<'_>) -> Attribution<'static> {
    Attribution {
        source: answer.source.to_string().into(),
        medium: answer.medium.to_string().into(),
        channel: answer.channel,
        campaign: answer.campaign.to_string().into(),
        term: "".into(),
        content: answer.content.to_string().into(),
        click_id: answer.click_id,
        referrer_host: answer.referrer_host.to_string().into(),
        confidence: answer.confidence,
        rule_id: answer.rule_id.to_string().into(),
        version: answer.version,
    }
}

fn same_when_stored(url: &str, referrer: &str, host: &str) -> Result<(), TestCaseError> {
    let rules = ProjectRules::default();
    let stored_url = store_url(url, DEFAULT_KEPT);
    let stored_referrer = store_referrer(referrer);
    prop_assert!(stored_url.len() <= 2048 && stored_url.len() <= url.len());
    prop_assert!(stored_referrer.len() <= referrer.len());
    prop_assert_eq!(&store_url(&stored_url, DEFAULT_KEPT), &stored_url);
    let original = without_term(&ask(url, referrer, host, &rules));
    let stored = without_term(&ask(&stored_url, referrer, host, &rules));
    prop_assert_eq!(&original, &stored, "stored url: {}", stored_url);
    let stored = without_term(&ask(&stored_url, &stored_referrer, host, &rules));
    prop_assert_eq!(&original, &stored, "stored referrer: {}", stored_referrer);
    Ok(())
}

/// Text made of what addresses are made of, so that random inputs reach the rules.
fn addressy() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("https://"),
        Just("HTTP:"),
        Just("//"),
        Just("/"),
        Just("\\"),
        Just("?"),
        Just("&"),
        Just("="),
        Just("#"),
        Just("@"),
        Just(":"),
        Just("."),
        Just("%"),
        Just("%40"),
        Just("+"),
        Just(" "),
        Just("gclid"),
        Just("fbclid="),
        Just("utm_source="),
        Just("UTM_MEDIUM="),
        Just("utm_campaign="),
        Just("utm_content="),
        Just("ref="),
        Just("source="),
        Just("via="),
        Just("cpc"),
        Just("google"),
        Just("facebook"),
        Just("chatgpt.com"),
        Just("example.com"),
        Just("www."),
        Just("co.uk"),
        Just("mail."),
        Just("a@b.co"),
        Just("android-app://"),
        Just("com.slack"),
        Just("[::1]"),
        Just(":8080"),
        Just("127.0.0.1"),
        Just("münchen"),
        Just("xn--"),
        Just("amp;"),
        Just("x.com/i/grok"),
        Just("data:"),
        Just("q=secret"),
        Just("\u{3002}"),
        Just("\n"),
        Just("\u{0}"),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => addressy(), 1 => ".{0,60}", 1 => "\\PC{0,80}"]
}

/// More of them with `cargo xtask test --long`.
fn cases() -> u32 {
    if std::env::var_os("HEADWATER_LONG").is_some() { 20_000 } else { 384 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_input_has_an_answer_and_storing_does_not_change_it(
        url in any_text(), referrer in any_text(), host in any_text(),
    ) {
        same_when_stored(&url, &referrer, &host)?;
        store_path(&url);
        registrable_domain(&host);
    }

    #[test]
    fn long_inputs_too(url in addressy(), filler in "[a-z@.%=&/?]{1,40}", referrer in addressy()) {
        let url = format!("{url}{}", filler.repeat(120));
        same_when_stored(&url, &referrer, "")?;
    }

    #[test]
    fn hosts_are_read_as_the_standard_reads_them(
        user in "([a-z]{1,4}(:[a-z@]{0,4})?@)?",
        host in "[a-zA-Z0-9]([a-zA-Z0-9-]{0,8}[a-zA-Z0-9])?(\\.[a-zA-Z]([a-zA-Z0-9-]{0,6}[a-zA-Z])){1,3}\\.?",
        port in "(:[1-9][0-9]{0,3})?",
        rest in "([/?#\\\\][a-z@:/?#=&.]{0,12})?",
        slashes in "(//|/|///|\\\\\\\\)",
    ) {
        let text = format!("https:{slashes}{user}{host}{port}{rest}");
        if let Ok(parsed) = url::Url::parse(&text) {
            let wanted = parsed.host_str().map(|host| host.trim_end_matches('.'));
            let found = host_of(&text);
            prop_assert_eq!(found.as_deref(), wanted, "{}", text);
        }
    }

    #[test]
    fn international_hosts_too(label in "[a-zäöüßéèñçøåłżčшдлйかなカ公司網]{1,12}") {
        let text = format!("https://{label}.example/");
        if let Ok(parsed) = url::Url::parse(&text) {
            let found = host_of(&text);
            prop_assert_eq!(found.as_deref(), parsed.host_str(), "{}", text);
        }
    }

    #[test]
    fn stored_addresses_parse_to_the_same_place(
        host in "[a-z]{1,8}\\.(com|de|co\\.uk)", path in "(/[a-z0-9.-]{0,8}){0,3}", query in "(utm_source=[a-z]{1,5}|q=[a-z]{1,5})?",
    ) {
        let text = format!("https://u:p@{host}{path}?{query}#f");
        let stored = store_url(&text, DEFAULT_KEPT);
        let (before, after) = (url::Url::parse(&text).unwrap(), url::Url::parse(&stored).unwrap());
        prop_assert_eq!(before.host_str(), after.host_str());
        prop_assert_eq!(before.path(), after.path());
        prop_assert_eq!(after.username(), "");
        prop_assert_eq!(after.password(), None);
        prop_assert_eq!(after.fragment(), None);
    }
}
