//! A seeded source of visits that look enough like real ones to reach every rule.

use std::fmt::Write;

/// `SplitMix64`: small, seeded, good enough to vary inputs.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or(0)
    }
}

const PIECES: &[&str] = &[
    "https://",
    "http:",
    "android-app://",
    "//",
    "/",
    "\\",
    "?",
    "&",
    "=",
    "#",
    "@",
    ":",
    ".",
    "%",
    "%40",
    "%ff",
    "+",
    " ",
    "\t",
    "\0",
    "gclid",
    "fbclid=",
    "srsltid=1",
    "utm_source=",
    "utm_medium=",
    "utm_campaign=",
    "utm_term=",
    "utm_content=",
    "UTM_SOURCE=",
    "ref=",
    "source=",
    "via=",
    "amp;",
    "cpc",
    "email",
    "google",
    "facebook",
    "chatgpt.com",
    "www.",
    "example.com",
    "news.ycombinator.com",
    "google.co.uk",
    "mail.",
    "co.uk",
    "com.slack",
    "[::1]",
    "127.0.0.1",
    ":8080",
    "jane@example.org",
    "xn--",
    "münchen",
    "日本",
    "。",
    "ß",
    "\u{fffd}",
    "x.com/i/grok",
    "data:",
    "about:blank",
    "kobe.jp",
    "alice.github.io",
    "shop",
    "cross-network",
    "😀",
];

/// A text of known pieces, random characters, and sometimes a long repetition.
pub(crate) fn text(random: &mut Random, into: &mut String) {
    into.clear();
    for _ in 0..random.below(16) {
        match random.below(12) {
            0 => {
                let code = u32::try_from(random.below(0x11_0000)).unwrap_or(0);
                into.push(char::from_u32(code).unwrap_or('x'));
            }
            1 => {
                let _ = write!(into, "{:x}", random.next());
            }
            _ => into.push_str(PIECES[random.below(PIECES.len())]),
        }
    }
    if random.below(64) == 0 {
        let piece = PIECES[random.below(PIECES.len())];
        while into.len() < 10_000 {
            into.push_str(piece);
        }
    }
}
