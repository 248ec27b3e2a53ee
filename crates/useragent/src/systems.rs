//! Names and versions of operating systems as people know them.

use std::borrow::Cow;

use crate::version::major;

/// The operating system and its version. `version` is the number after the system's token, `browser` the browser's name
/// and major version, `page` the number after `Version/`.
pub(crate) fn name<'a>(
    user_agent: &str,
    system: &'static str,
    version: &'a str,
    browser: &(&'static str, u32),
    page: &'a str,
) -> (&'static str, Cow<'a, str>) {
    let version = match system {
        "Windows" => Cow::Borrowed(windows(version)),
        "Windows CE" => return ("Windows", Cow::Borrowed("CE")),
        "macOS" if frozen_mac(version, *browser, page) => Cow::Borrowed(""),
        "macOS" => mac(version),
        "Darwin" => return darwin(user_agent, version),
        "iOS" => Cow::Borrowed(ios(version, page)),
        // Chrome's reduced user agent always has `Android 10; K`.
        "Android" if version == "10" && user_agent.contains("Android 10; K)") => Cow::Borrowed(""),
        "Linux" | "ChromeOS" => Cow::Borrowed(""),
        _ => Cow::Borrowed(major(version)),
    };
    (system, version)
}

/// The product for a version of Windows NT. `NT 10.0` is both 10 and 11.
fn windows(version: &str) -> &str {
    match version {
        "6.4" => "10",
        "6.3" => "8.1",
        "6.2" => "8",
        "6.1" => "7",
        "6.0" => "Vista",
        "5.2" | "5.1" => "XP",
        "5.0" | "5.01" => "2000",
        "4.0" => "NT",
        version => major(version),
    }
}

/// Major and minor version up to Catalina (`10.15`), then the major version (`14`).
pub(crate) fn mac(version: &str) -> Cow<'_, str> {
    match version.split_once(['.', '_']) {
        Some(("10", minor)) => match major(minor) {
            "" => Cow::Borrowed("10"),
            minor if version.as_bytes().get(2) == Some(&b'.') => {
                Cow::Borrowed(version.get(..3 + minor.len()).unwrap_or_default())
            }
            minor => Cow::Owned(format!("10.{minor}")),
        },
        _ => Cow::Borrowed(major(version)),
    }
}

/// Whether the version is wrong. Safari, Chrome and Firefox report 10.15 on every later macOS too; Safari from 16 and
/// Chrome from 129 do not run on Catalina, so for them 10.15 cannot be true.
fn frozen_mac(version: &str, browser: (&str, u32), page: &str) -> bool {
    let catalina = matches!(version, "10_15_7" | "10.15.7" | "10.15");
    match browser.0 {
        "Safari" => catalina && major(page).parse().is_ok_and(|safari: u32| safari >= 16),
        "Chrome" | "Edge" => catalina && browser.1 >= 129,
        _ => false,
    }
}

/// From iOS 26 on, Safari reports `iPhone OS 18_…` and its own version, which is the system's version.
fn ios<'a>(version: &'a str, page: &'a str) -> &'a str {
    let (said, shown) = (major(version), major(page));
    if said == "18" && shown.len() == 2 && shown >= "26" { shown } else { said }
}

/// Apple's network library reports only the kernel: `MyApp/1 CFNetwork/978.0.7 Darwin/18.5.0`. A Mac adds its
/// architecture.
fn darwin<'a>(user_agent: &str, version: &str) -> (&'static str, Cow<'a, str>) {
    let kernel: u32 = major(version).parse().unwrap_or(0);
    if ["x86_64", "i386", "Power%20Macintosh"].iter().any(|arch| user_agent.contains(arch)) {
        return (
            "macOS",
            match kernel {
                5..=19 => Cow::Owned(format!("10.{}", kernel - 4)),
                20..=24 => Cow::Owned((kernel - 9).to_string()),
                25.. => Cow::Owned((kernel + 1).to_string()),
                _ => Cow::Borrowed(""),
            },
        );
    }
    (
        "iOS",
        match kernel {
            // Darwin 9 to 13 span several releases each.
            14..=24 => Cow::Owned((kernel - 6).to_string()),
            25.. => Cow::Owned((kernel + 1).to_string()),
            _ => Cow::Borrowed(""),
        },
    )
}
