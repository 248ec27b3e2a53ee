//! Whatever comes in, there is an answer, and it is a bounded one.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail")]

use proptest::prelude::*;
use useragent::{Signals, bot_class, is_spam_referrer, read};

const DEVICES: [&str; 8] = ["", "desktop", "mobile", "tablet", "tv", "console", "wearable", "bot"];

fn check(text: &str, other: &str) {
    let signals =
        Signals { user_agent: text, ch_ua: other, ch_mobile: other, ch_platform: other, ch_platform_version: text };
    let agent = read(&signals);
    assert!(DEVICES.contains(&agent.device_type), "{agent:?}");
    assert!(agent.browser.len() <= 40, "{agent:?}");
    assert!(agent.browser_version.len() <= 5 && agent.browser_version.bytes().all(|byte| byte.is_ascii_digit()));
    assert!(agent.os_version.len() <= 10, "{agent:?}");
    let class = bot_class(text, |_| false);
    assert_eq!(class.is_empty(), read(&Signals { user_agent: text, ..Signals::default() }).device_type != "bot");
    is_spam_referrer(text);
}

proptest! {
    #[test]
    fn any_text(text in "\\PC*", other in "\\PC{0,60}") {
        check(&text, &other);
    }

    #[test]
    fn any_words(words in prop::collection::vec(prop::sample::select(vec![
        "Mozilla/5.0", "(", ")", ";", " ", "/", "_", ".", "10", "99999999999999999999", "Windows NT", "Mac OS X", "iPhone OS",
        "Version/", "Chrome", "Safari", "FBAV/", "Darwin/", "Trident/", "rv:", "Android", "CrOS", "Edg", "Opera Mini",
        "GPTBot", "curl", "\u{e9}", "\u{1f980}", "\"", ",", "v=", "Chromium", "Not", "Brand", "PlayStation", "SM-T", "v",
    ]), 0..40)) {
        let text = words.concat();
        check(&text, &text);
    }
}

#[test]
fn long_garbage_is_cut_at_a_character() {
    for unit in ["\u{1f980}", "a", "é", " Mozilla/", "(((", "10_", "Windows NT "] {
        let text = unit.repeat(10_000);
        check(&text, &text);
        check(&format!("x{text}"), "");
    }
}
