//! The input, a request's headers, and the result.

use std::borrow::Cow;

/// Headers of a request. A missing header is the empty string.
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

/// Browser, operating system and device. Unknown values are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent<'a> {
    /// `desktop`, `mobile`, `tablet`, `tv`, `console`, `wearable`, `bot` or empty. `bot` is for bots known by name; a bot
    /// that only the generic pattern finds has the device that it pretends to be.
    pub device_type: &'static str,
    /// `Chrome`, `Safari`, `Instagram` …; for a bot its name: `GPTBot`.
    pub browser: Cow<'a, str>,
    /// The major version: digits only.
    pub browser_version: &'a str,
    /// `Windows`, `macOS`, `iOS`, `Android`, `ChromeOS`, `Linux` …
    pub os: &'static str,
    /// The version as people know it: `11`, `10.15`, `17`, `XP`. Without client hints, Windows 11 is `10` as well. Empty
    /// if the browser reports a fixed number instead of the real one (Chrome on Android, Safari from 16 on macOS).
    pub os_version: Cow<'a, str>,
}
