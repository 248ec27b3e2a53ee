//! What is read, and what it is read as.

use std::borrow::Cow;

/// What a request says about its user agent; an absent header is the empty string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signals<'a> {
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// `Sec-CH-UA`: `"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"`.
    pub ch_ua: &'a str,
    /// `Sec-CH-UA-Mobile`: `?0` or `?1`.
    pub ch_mobile: &'a str,
    /// `Sec-CH-UA-Platform`, quoted as sent: `"Windows"`.
    pub ch_platform: &'a str,
    /// `Sec-CH-UA-Platform-Version`, quoted as sent: `"15.0.0"`.
    pub ch_platform_version: &'a str,
}

/// What is learnt from the signals; whatever is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent<'a> {
    /// `desktop`, `mobile`, `tablet`, `tv`, `console`, `wearable`, `bot` or empty. `bot` stands for
    /// bots known by name; one that only the host's pattern finds has what it pretends to be.
    pub device_type: &'static str,
    /// `Chrome`, `Safari`, `Instagram` …; of a bot its name: `GPTBot`.
    pub browser: Cow<'a, str>,
    /// The major version: digits only.
    pub browser_version: &'a str,
    /// `Windows`, `macOS`, `iOS`, `Android`, `ChromeOS`, `Linux` …
    pub os: &'static str,
    /// As people say it: `11`, `10.15`, `17`, `XP`. Windows without client hints says `10` for 10 and
    /// 11; where a browser freezes the number (Chrome on Android, Safari 16 and later on macOS) it is
    /// empty.
    pub os_version: Cow<'a, str>,
}
