//! User agent client hints: headers that Chromium sends (<https://wicg.github.io/ua-client-hints/>).

use std::borrow::Cow;

use crate::agent::Signals;
use crate::scan::Found;
use crate::systems::mac;
use crate::version::major;

/// Most bytes of a brand's name; longer ones are ignored.
const BRAND: usize = 32;

/// Corrects the user agent's result by the hints.
pub(crate) fn apply<'a>(signals: &Signals<'a>, found: &mut Found<'a>) {
    if let Some((name, version)) = brand(signals.ch_ua)
        && !found.app
        // If the hints name only the engine, the user agent may be more specific.
        && (name != "Chrome" || matches!(&*found.browser, "" | "Chrome" | "Safari"))
    {
        // Some brands (Opera, Yandex) report the engine's version in the hints or in the user agent.
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

/// The most specific brand and its version: not GREASE (`Not=A?Brand`), and the engine only if there is no other.
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

/// Whether a brand is a plain name. Clients can send anything; GREASE is `Not`, `A`, `Brand` with marks between, by the
/// specification.
fn is_name(brand: &str) -> bool {
    !brand.is_empty()
        && brand.len() <= BRAND
        && !(brand.contains("Not") && brand.contains("Brand"))
        && brand.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'.' | b'-'))
}

/// Our name of a platform, from the specification's list.
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

/// The platform's version as people know it; `None` if the hint does not say.
fn platform_version<'a>(os: &str, version: &'a str) -> Option<Cow<'a, str>> {
    let number = major(version);
    if number.is_empty() {
        return None;
    }
    Some(match os {
        // Microsoft's table: the hint is the API contract's version; 13 and later is Windows 11.
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
