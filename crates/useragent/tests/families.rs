//! Scored on uap-core's test resources: the 40 families most frequent in them.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod support;

use std::collections::HashMap;

use support::{Case, uap};
use useragent::{Signals, read};

/// Families of uap-core and what they are called here. Whatever does not stand here must be the same.
const BROWSERS: &[(&str, &str)] = &[
    ("Android", "Android Browser"),
    ("Chrome Mobile", "Chrome"),
    ("Chrome Mobile WebView", "Android WebView"),
    ("Chrome Mobile iOS", "Chrome"),
    ("Edge Mobile", "Edge"),
    ("Firefox Beta", "Firefox"),
    ("Google", "Google App"),
    ("Mobile Safari", "Safari"),
    ("Mobile Safari UI/WKWebView", "Safari (in-app)"),
    ("Opera Mobile", "Opera"),
    ("QQ Browser Mobile", "QQ Browser"),
    // The phone's own browser, which older phones do not name.
    ("BlackBerry WebKit", "BlackBerry Browser"),
    ("Nokia Services (WAP) Browser", "Nokia Browser"),
    // Spelt otherwise.
    ("AdobeAIR", "Adobe AIR"),
    ("NutchCVS", "Nutch"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("Mac OS X", "macOS"),
    ("ATV OS X", "tvOS"),
    ("WatchOS", "watchOS"),
    ("Chrome OS", "ChromeOS"),
    ("GoogleTV", "Google TV"),
    ("Brew MP", "BREW"),
    ("Nokia Series 40", "Series 40"),
    ("Symbian OS", "Symbian"),
    ("Symbian^3", "Symbian"),
    ("BlackBerry Tablet OS", "BlackBerry OS"),
    // Distributions of Linux, and what runs on it without a name of its own.
    ("CentOS", "Linux"),
    ("Chromecast Linux", "Linux"),
    ("Debian", "Linux"),
    ("Fedora", "Linux"),
    ("Gentoo", "Linux"),
    ("Linux Mint", "Linux"),
    ("Mandriva", "Linux"),
    ("Red Hat", "Linux"),
    ("Ubuntu", "Linux"),
    // Of a television that does not tell its system uap-core names the maker.
    ("LG", "HbbTV"),
    ("Panasonic", "HbbTV"),
    ("Philips", "HbbTV"),
    ("Samsung", "HbbTV"),
    ("Sony", "HbbTV"),
];

const BROWSER_FILES: [&str; 5] = [
    "tests/test_ua.yaml",
    "test_resources/firefox_user_agent_strings.yaml",
    "test_resources/opera_mini_user_agent_strings.yaml",
    "test_resources/pgts_browser_list.yaml",
    "test_resources/podcasting_user_agent_strings.yaml",
];
const SYSTEM_FILES: [&str; 2] = ["tests/test_os.yaml", "test_resources/additional_os_tests.yaml"];

/// Per cent of cases of the most frequent families that `ours` names alike; prints what is missed.
fn score(cases: &[Case], map: &[(&str, &str)], ours: impl Fn(&str) -> String) -> f64 {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for case in cases {
        *counts.entry(&case.family).or_default() += 1;
    }
    // `Other` is no family: it says that uap-core has none.
    counts.remove("Other");
    let mut frequent: Vec<_> = counts.into_iter().map(|(family, count)| (std::cmp::Reverse(count), family)).collect();
    frequent.sort_unstable();
    frequent.truncate(40);
    let (mut right, mut all) = (0_u32, 0_u32);
    for case in cases.iter().filter(|case| frequent.iter().any(|(_, family)| *family == case.family)) {
        let wanted = map.iter().find(|(theirs, _)| *theirs == case.family).map_or(&*case.family, |(_, ours)| ours);
        let said = ours(&case.user_agent);
        all += 1;
        if said == wanted {
            right += 1;
        } else {
            println!("{wanted} | {said} | {}", case.user_agent);
        }
    }
    let score = 100.0 * f64::from(right) / f64::from(all);
    println!("{right} of {all}: {score:.2} %");
    score
}

fn browser(user_agent: &str) -> String {
    read(&Signals { user_agent, ..Signals::default() }).browser.into_owned()
}

fn system(user_agent: &str) -> String {
    read(&Signals { user_agent, ..Signals::default() }).os.to_owned()
}

#[test]
fn browsers_of_the_test_file() {
    assert!(score(&uap(BROWSER_FILES[0]), BROWSERS, browser) >= 97.0);
}

#[test]
fn browsers_of_all_files() {
    let cases: Vec<Case> = BROWSER_FILES.iter().flat_map(|file| uap(file)).collect();
    assert!(score(&cases, BROWSERS, browser) >= 97.0);
}

#[test]
fn systems_of_the_test_file() {
    assert!(score(&uap(SYSTEM_FILES[0]), SYSTEMS, system) >= 97.0);
}

#[test]
fn systems_of_all_files() {
    let cases: Vec<Case> = SYSTEM_FILES.iter().flat_map(|file| uap(file)).collect();
    assert!(score(&cases, SYSTEMS, system) >= 97.0);
}
