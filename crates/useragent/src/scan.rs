//! One pass over the user agent: finds the best browser, operating system and device, with their versions.

use std::borrow::Cow;

use crate::agent::Agent;
use crate::bots;
use crate::lexicon::{APP, Entry, Hit, Hits, Kind};
use crate::systems;
use crate::version::{major, number};

/// Devices of this rank and above override the system's own device. `Mobile` and the like are below it.
const TELLING: u8 = 20;

/// The result before client hints are applied.
#[derive(Default)]
pub(crate) struct Found<'a> {
    pub bot: Option<(Entry, &'a str)>,
    pub browser: Cow<'a, str>,
    pub browser_version: &'a str,
    /// The browser is an app with a web view.
    pub app: bool,
    pub os: &'static str,
    pub os_version: Cow<'a, str>,
    pub device: &'static str,
}

impl<'a> Found<'a> {
    pub(crate) fn into_agent(self) -> Agent<'a> {
        let (device_type, browser, browser_version) = match self.bot {
            Some((entry, version)) => ("bot", Cow::Borrowed(bot_name(entry)), version),
            None => (self.device, self.browser, self.browser_version),
        };
        Agent { device_type, browser, browser_version, os: self.os, os_version: self.os_version }
    }
}

/// The best entry of a kind and the version that follows it.
#[derive(Default, Clone, Copy)]
struct Best<'a> {
    entry: Option<Entry>,
    /// Digits, dots and underscores.
    version: &'a str,
}

impl<'a> Best<'a> {
    fn offer(&mut self, hit: &Hit<'a>) {
        let version = number(hit.rest);
        match self.entry {
            Some(entry) if entry.rank >= hit.entry.rank => {
                if self.version.is_empty() && entry.name == hit.entry.name {
                    self.version = version;
                }
            }
            Some(entry) if entry.name == hit.entry.name && version.is_empty() => self.entry = Some(hit.entry),
            _ => *self = Self { entry: Some(hit.entry), version },
        }
    }

    fn name(&self) -> &'static str {
        self.entry.map_or("", |entry| entry.name)
    }

    fn rank(&self) -> u8 {
        self.entry.map_or(0, |entry| entry.rank)
    }
}

/// Versions of something that is named elsewhere in the user agent.
#[derive(Default)]
struct Versions<'a> {
    /// `Version/`: of Safari and old Opera.
    version: &'a str,
    /// `FBAV/`: of the apps of Meta.
    meta: &'a str,
    /// `Trident/`: four less than Internet Explorer's version.
    trident: &'a str,
    /// `rv:`
    gecko: &'a str,
}

impl<'a> Versions<'a> {
    fn note(&mut self, hit: &Hit<'a>) {
        let slot = match hit.entry.name {
            "version" => &mut self.version,
            "meta" => &mut self.meta,
            "trident" => &mut self.trident,
            "gecko" => &mut self.gecko,
            _ => return,
        };
        *slot = number(hit.rest);
    }
}

pub(crate) fn scan(user_agent: &str) -> Found<'_> {
    let (mut browser, mut system, mut device) = (Best::default(), Best::default(), Best::default());
    let mut versions = Versions::default();
    let (mut bot, mut bot_version) = (None, "");
    for hit in Hits::of(user_agent) {
        match hit.entry.kind {
            Kind::Bot => {
                let before = bot;
                bots::note(&mut bot, hit.entry);
                if bot != before {
                    bot_version = major(number(hit.rest));
                }
            }
            Kind::Browser => browser.offer(&hit),
            Kind::System => system.offer(&hit),
            Kind::Device => device.offer(&hit),
            Kind::Mark => versions.note(&hit),
        }
    }
    let (system_name, by_browser) = system_of(&system, &browser);
    // If the system is a pretence, so is its version.
    let system_version = if by_browser.is_empty() { system.version } else { "" };
    let (os, os_version) =
        systems::name(user_agent, system_name, system_version, &browser_of(&browser), versions.version);
    let (browser_name, version) = named(user_agent, &browser, &versions, os);
    Found {
        bot: bot.map(|entry| (entry, bot_version)),
        browser: Cow::Borrowed(browser_name),
        browser_version: major(version),
        app: browser.rank() >= APP || browser_name == "Android WebView",
        os,
        os_version,
        device: if by_browser.is_empty() { device_type(&device, &system, os) } else { by_browser },
    }
}

/// The name of a bot: its token without the `/` before a version.
fn bot_name(entry: Entry) -> &'static str {
    entry.token.split_once('/').map_or(entry.token, |(name, _)| name)
}

/// The operating system, and the device if the browser determines it: browsers on iOS and Fire tablets that request
/// desktop pages claim to run on a Mac or Linux; some phones with Firefox OS do not name it.
fn system_of(system: &Best<'_>, browser: &Best<'_>) -> (&'static str, &'static str) {
    let token = browser.entry.map_or("", |entry| entry.token);
    match (system.name(), browser.name()) {
        ("macOS", _) if token.ends_with("iOS") => ("iOS", "tablet"),
        ("macOS" | "Linux", "Amazon Silk") => ("Android", "tablet"),
        ("", "Firefox") => ("Firefox OS", ""),
        (name, _) => (name, ""),
    }
}

fn browser_of(browser: &Best<'_>) -> (&'static str, u32) {
    (browser.name(), major(browser.version).parse().unwrap_or(0))
}

/// The browser's name and version, which may depend on the system and on other versions.
fn named<'a>(user_agent: &str, browser: &Best<'a>, versions: &Versions<'a>, os: &str) -> (&'static str, &'a str) {
    let own = browser.version;
    match browser.name() {
        "" | "Safari" if os == "BlackBerry OS" => ("BlackBerry Browser", versions.version),
        name @ ("Facebook" | "Messenger") => (name, versions.meta),
        "Safari" if os == "Symbian" => ("Nokia Browser", ""),
        "Safari" if os == "Android" => ("Android Browser", versions.version),
        "Safari" => ("Safari", versions.version),
        // A web view has `wv`; before Android 5 it has `Version/4.0` beside its Chrome.
        "Chrome" if os == "Android" && (user_agent.contains("; wv)") || versions.version == "4.0") => {
            ("Android WebView", own)
        }
        "Opera" if !versions.version.is_empty() && browser.rank() < 110 => ("Opera", versions.version),
        "IE" if !versions.trident.is_empty() => ("IE", ie(versions.trident).unwrap_or(own)),
        // Sony's consoles before the PlayStation 4 have NetFront but do not name it.
        "" if os == "PlayStation" => ("NetFront", ""),
        "" | "Firefox" if !versions.trident.is_empty() => ("IE", ie(versions.trident).unwrap_or(versions.gecko)),
        "" if os == "iOS" && user_agent.contains("AppleWebKit/") => ("Safari (in-app)", versions.version),
        "" if os == "Android" && user_agent.contains("AppleWebKit/") => ("Android Browser", versions.version),
        name => (name, own),
    }
}

/// Internet Explorer's version by its engine's, because in compatibility view it claims to be 7.
fn ie(trident: &str) -> Option<&'static str> {
    match major(trident) {
        "4" => Some("8"),
        "5" => Some("9"),
        "6" => Some("10"),
        "7" => Some("11"),
        _ => None,
    }
}

fn device_type(device: &Best<'_>, system: &Best<'_>, os: &str) -> &'static str {
    let by_system = system.entry.map_or("", |entry| entry.device);
    if device.rank() >= TELLING && by_system != "console" {
        return device.name();
    }
    if !by_system.is_empty() {
        return by_system;
    }
    match (device.name(), os) {
        // By Android's convention a phone has `Mobile`, a tablet does not.
        ("", "Android" | "HarmonyOS") => "tablet",
        ("", "macOS") => "desktop",
        ("", "iOS" | "Tizen") => "mobile",
        (name, _) => name,
    }
}
