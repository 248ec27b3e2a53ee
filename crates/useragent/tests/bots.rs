//! Scored on crawler-user-agents (npm, MIT) and on browsers of people (npm `top-user-agents`, MIT,
//! and uap-core's), with isbot's own pattern as the host runs it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod support;

use std::collections::BTreeMap;

use fancy_regex::{Regex, RegexBuilder};
use support::{npm, npm_json, uap};
use useragent::{ISBOT_PATTERN, bot_class};

/// JavaScript takes `[\w\d-.]` for a literal hyphen, this engine wants it marked.
fn isbot() -> Regex {
    RegexBuilder::new(&ISBOT_PATTERN.replace("\\d-.]", "\\d\\-.]"))
        .case_insensitive(true)
        .build()
        .expect("isbot's pattern compiles")
}

/// Families of uap-core that people browse with.
const BROWSERS: &[&str] = &[
    "Amazon Silk",
    "Android",
    "Brave",
    "Chrome",
    "Chrome Mobile",
    "Chrome Mobile WebView",
    "Chrome Mobile iOS",
    "Edge",
    "Edge Mobile",
    "Facebook",
    "Firefox",
    "Firefox Beta",
    "Firefox Mobile",
    "Firefox iOS",
    "IE",
    "IE Mobile",
    "Instagram",
    "LinkedIn",
    "Mobile Safari",
    "Mobile Safari UI/WKWebView",
    "Opera",
    "Opera Mini",
    "Opera Mobile",
    "Puffin",
    "QQ Browser",
    "QQ Browser Mobile",
    "Safari",
    "Samsung Internet",
    "SeaMonkey",
    "Snapchat",
    "UC Browser",
    "Vivaldi",
    "Whale",
    "Yandex Browser",
];

/// Not a request of an app's own (`Snapchat/10.29`), nor a log's spelling (`Mozilla/5.0+(`) or cut off
/// there, nor a bot that uap-core calls Chrome.
fn is_browser(user_agent: &str) -> bool {
    (user_agent.starts_with("Mozilla/") || user_agent.starts_with("Opera/"))
        && !user_agent.contains("+(")
        && user_agent.matches('(').count() <= user_agent.matches(')').count()
        && !user_agent.contains("Google Web Preview")
}

/// Two "crawlers" of the list are in-app browsers of Meta: people.
fn is_person(user_agent: &str) -> bool {
    user_agent.contains("FBAN/") || user_agent.contains("FBAV/") || user_agent.contains("Instagram ")
}

fn crawlers() -> Vec<(String, Vec<String>)> {
    let list = npm_json("crawler-user-agents/crawler-user-agents.json");
    let texts = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    list.as_array()
        .expect("a list")
        .iter()
        .flat_map(|crawler| {
            let tags = texts(&crawler["tags"]);
            texts(&crawler["instances"]).into_iter().map(move |agent| (agent, tags.clone())).collect::<Vec<_>>()
        })
        .filter(|(agent, _)| !is_person(agent))
        .collect()
}

fn share(part: usize, all: usize) -> f64 {
    100.0 * f64::from(u32::try_from(part).expect("small")) / f64::from(u32::try_from(all).expect("small"))
}

#[test]
fn the_pattern_is_that_of_the_package() {
    let package = npm("isbot/index.js");
    assert!(package.contains("var fullPattern = \""), "isbot's build has another form");
    let literal =
        package.split("var fullPattern = ").nth(1).and_then(|rest| rest.split(";\n").next()).expect("a literal");
    let pattern: String = serde_json::from_str(literal).expect("a string");
    assert!(ISBOT_PATTERN == pattern, "tables/isbot.txt is older or newer than the package");
}

#[test]
fn crawlers_are_found() {
    let isbot = isbot();
    let crawlers = crawlers();
    let mut named = 0;
    let mut missed = 0;
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    for (agent, _) in &crawlers {
        named += usize::from(!bot_class(agent, |_| false).is_empty());
        let class = bot_class(agent, |text| isbot.is_match(text).unwrap_or(false));
        *classes.entry(class).or_default() += 1;
        if class.is_empty() {
            missed += 1;
            println!("missed: {agent}");
        }
    }
    println!("{named} of {} by name; {classes:?}", crawlers.len());
    let found = share(crawlers.len() - missed, crawlers.len());
    println!("found: {found:.2} %");
    assert!(found >= 99.0);
}

#[test]
fn classes_agree_with_the_lists_tags() {
    let (mut right, mut all) = (0, 0);
    for (agent, tags) in crawlers() {
        let wanted: &[&str] = match tags.first().map(String::as_str) {
            Some("search-engine") => &["search-crawler", "ai-crawler"],
            Some("ai-crawler") => &["ai-crawler", "ai-assistant", "search-crawler"],
            Some("monitoring") => &["monitor"],
            Some("http-library") => &["library"],
            Some("feed-reader") => &["feed"],
            Some("social-preview") => &["preview", "ai-assistant"],
            Some("archiver") => &["archiver"],
            Some("scanner") => &["scanner"],
            Some("advertising") => &["ads"],
            Some("browser-automation") => &["headless", "ai-assistant"],
            _ => continue,
        };
        let class = bot_class(&agent, |_| false);
        if class.is_empty() {
            continue;
        }
        all += 1;
        if wanted.contains(&class) {
            right += 1;
        } else {
            println!("{tags:?} | {class} | {agent}");
        }
    }
    println!("{:.1} % of {all} named agents", share(right, all));
    assert!(share(right, all) >= 90.0);
}

#[test]
fn people_are_not_called_bots() {
    let isbot = isbot();
    let mut people: Vec<String> =
        ["top-user-agents/src/index.json", "top-user-agents/src/desktop.json", "top-user-agents/src/mobile.json"]
            .iter()
            .flat_map(|file| npm_json(file).as_array().cloned().unwrap_or_default())
            .filter_map(|agent| agent.as_str().map(str::to_owned))
            .collect();
    people.extend(
        [
            "tests/test_ua.yaml",
            "test_resources/firefox_user_agent_strings.yaml",
            "test_resources/opera_mini_user_agent_strings.yaml",
        ]
        .iter()
        .flat_map(|file| uap(file))
        .filter(|case| BROWSERS.contains(&&*case.family))
        .map(|case| case.user_agent)
        .filter(|agent| is_browser(agent)),
    );
    people.sort_unstable();
    people.dedup();
    let mut wrong = 0;
    for agent in &people {
        let class = bot_class(agent, |text| isbot.is_match(text).unwrap_or(false));
        if !class.is_empty() {
            wrong += 1;
            println!("{class} | {agent}");
        }
    }
    let pattern_alone = people.iter().filter(|agent| isbot.is_match(agent).unwrap_or(false)).count();
    println!("{wrong} of {} browsers called bots, {pattern_alone} by the pattern alone", people.len());
    assert!(share(wrong, people.len()) <= 0.2);
}
