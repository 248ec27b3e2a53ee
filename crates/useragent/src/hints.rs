//! User agent client hints: what Chromium says in headers of their own
//! (<https://wicg.github.io/ua-client-hints/>).

use std::borrow::Cow;

use crate::agent::Signals;
use crate::scan::Found;
use crate::systems::mac;
use crate::version::major;

/// Longer names of brands are no names.
const BRAND: usize = 32;

/// Lets the hints correct what the user agent says.
pub(crate) fn apply<'a>(signals: &Signals<'a>, found: &mut Found<'a>) {
    if let Some((name, version)) = brand(signals.ch_ua)
        && !found.app
        // Where the hints name the engine alone, the user agent may know better.
        && (name != "Chrome" || matches!(&*found.browser, "" | "Chrome" | "Safari"))
    {
        // Some brands (Opera, Yandex) count the versions of the engine in one of the two places.
        if found.browser != name || found.browser_version.is_empty() {
            found.browser_version = version;
        }
        found.browser = Cow::Borrowed(name);
    }
    if let Some(os) = platform(unquoted(signals.ch_platform)) {
        if found.os != os {
            found.os = os;
            found.os_version = Cow::Borrowed("");
            found.device = "";
        }
        if let Some(version) = platform_version(os, unquoted(signals.ch_platform_version)) {
            found.os_version = version;
        }
    }
    if matches!(found.device, "" | "desktop" | "mobile" | "tablet") {
        found.device = match (signals.ch_mobile.trim(), found.os) {
            ("?1", _) => "mobile",
            ("?0", "Android") => "tablet",
            ("?0", "Windows" | "macOS" | "ChromeOS" | "Linux") => "desktop",
            _ => found.device,
        };
    }
}

/// The most telling brand: neither grease (`Not=A?Brand`) nor, where there is another, the engine.
fn brand(list: &str) -> Option<(&str, &str)> {
    let mut best: Option<(&str, &str, u8)> = None;
    for item in list.split(',').take(8) {
        let Some((brand, rest)) = item.trim().strip_prefix('"').and_then(|item| item.split_once('"')) else { continue };
        let version = rest.split_once("v=").map_or("", |(_, version)| major(unquoted(version)));
        let (name, rank) = match brand.trim() {
            "Chromium" => ("Chrome", 0),
            "Google Chrome" | "HeadlessChrome" => ("Chrome", 1),
            "Microsoft Edge" => ("Edge", 2),
            "Microsoft Edge WebView2" | "Edge Side Panel" => ("Edge", 1),
            "Opera GX" | "OperaMobile" | "Opera Air" => ("Opera", 2),
            "YaBrowser" | "Yandex" => ("Yandex Browser", 3),
            "Yowser" => continue,
            "CocCoc" => ("Coc Coc", 2),
            "Android WebView" => ("Android WebView", 2),
            "HuaweiBrowser" => ("Huawei Browser", 2),
            other if !is_name(other) => continue,
            other => (other, 2),
        };
        if best.is_none_or(|(_, _, before)| rank > before) {
            best = Some((name, version, rank));
        }
    }
    best.map(|(name, version, _)| (name, version))
}

/// A brand's name may be anything a client likes: only plain ones are taken, and no grease, which
/// the specification spells `Not`, `A`, `Brand` with marks between.
fn is_name(brand: &str) -> bool {
    !brand.is_empty()
        && brand.len() <= BRAND
        && !(brand.contains("Not") && brand.contains("Brand"))
        && brand.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'.' | b'-'))
}

/// The specification's own list of platforms.
fn platform(name: &str) -> Option<&'static str> {
    Some(match name {
        "Windows" => "Windows",
        "macOS" | "Mac OS X" => "macOS",
        "Android" => "Android",
        "iOS" => "iOS",
        "Linux" => "Linux",
        "Chrome OS" | "Chromium OS" => "ChromeOS",
        "Fuchsia" => "Fuchsia",
        _ => return None,
    })
}

/// `None` where the hint says nothing.
fn platform_version<'a>(os: &str, version: &'a str) -> Option<Cow<'a, str>> {
    let number = major(version);
    if number.is_empty() {
        return None;
    }
    Some(match os {
        // Microsoft's table: the hint is a contract version, 13 and later is Windows 11.
        // https://learn.microsoft.com/microsoft-edge/web-platform/how-to-detect-win11
        "Windows" => Cow::Borrowed(match number {
            "0" if version.starts_with("0.1") => "7",
            "0" if version.starts_with("0.2") => "8",
            "0" if version.starts_with("0.3") => "8.1",
            "0" => return None,
            _ if number.parse().is_ok_and(|number: u32| number >= 13) => "11",
            _ => "10",
        }),
        "macOS" => mac(version),
        "Linux" | "ChromeOS" => Cow::Borrowed(""),
        _ => Cow::Borrowed(number),
    })
}

fn unquoted(value: &str) -> &str {
    value.trim().trim_matches('"')
}
