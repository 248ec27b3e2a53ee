//! Prints the median time per call of `read`, `bot_class` without its pattern, and `is_spam_referrer`.
//!
//! `cargo run --release -p useragent --example useragent_bench`

use std::hint::black_box;
use std::time::Instant;

use useragent::{Signals, bot_class, is_spam_referrer, read};

const AGENTS: &[(&str, &str)] = &[
    (
        "Chrome on Windows",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36",
    ),
    (
        "Safari on iOS",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.6.1 Mobile/15E148 Safari/604.1",
    ),
    (
        "Chrome on Android",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Mobile Safari/537.36",
    ),
    ("Firefox on macOS", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (
        "Facebook's app",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/470.0.0.30.109;FBBV/619399345;FBDV/iPhone14,2;FBMD/iPhone;FBSN/iOS;FBSV/17.5;FBSS/3;FBCR/;FBID/phone;FBLC/en_US;FBOP/80]",
    ),
    (
        "GPTBot",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    ),
];

fn main() {
    for (name, user_agent) in AGENTS {
        let bare = Signals { user_agent, ..Signals::default() };
        let hinted = Signals {
            ch_ua: r#""Chromium";v="153", "Not=A?Brand";v="24", "Google Chrome";v="153""#,
            ch_mobile: "?0",
            ch_platform: r#""Windows""#,
            ch_platform_version: r#""15.0.0""#,
            ..bare
        };
        println!(
            "{name:18}  read {:4} ns, with hints {:4} ns, bot_class {:4} ns",
            median(|| read(black_box(&bare))),
            median(|| read(black_box(&hinted))),
            median(|| bot_class(black_box(user_agent), |_| false)),
        );
    }
    println!("is_spam_referrer    {:4} ns", median(|| is_spam_referrer(black_box("www.news.example.com"))));
}

/// Median of 301 rounds of 200 calls, in ns per call.
fn median<T>(mut call: impl FnMut() -> T) -> u128 {
    let mut rounds: Vec<u128> = (0..301)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..200 {
                black_box(call());
            }
            start.elapsed().as_nanos() / 200
        })
        .collect();
    rounds.sort_unstable();
    rounds.get(150).copied().unwrap_or_default()
}
