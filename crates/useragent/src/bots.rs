//! Bots by name, then by the host's pattern.

use crate::lexicon::{APP, Entry, Hits, Kind, bounded};

/// The class of a bot, empty for people.
///
/// | class | is |
/// |---|---|
/// | `search-crawler` | reads for a search engine |
/// | `ai-crawler` | reads for a model's training or an AI search's index |
/// | `ai-assistant` | fetches because somebody asked an assistant just now |
/// | `ads` | checks pages for advertising |
/// | `preview` | makes the preview of a shared link |
/// | `monitor` | measures uptime, speed or validity |
/// | `feed` | reads feeds |
/// | `seo` | reads for SEO tools and media watching |
/// | `archiver` | keeps copies |
/// | `scanner` | looks for weaknesses |
/// | `headless` | a browser without a person: `HeadlessChrome`, Playwright … |
/// | `library` | an HTTP library: curl, python-requests, okhttp … |
/// | `other` | a named bot of no such class, or one that only `generic` finds |
///
/// A name decides before `generic` is asked; of several the first that is neither `library` nor
/// `headless`, which only tell what a bot is made of. Who browses within an app of Meta, or any
/// other app the table of browsers names, is a person whatever `generic` thinks of the app's name. `generic` gets the first 1,024 bytes at most.
///
/// An empty user agent is nobody's, so its class is empty: events sent by a server have none.
pub fn bot_class(user_agent: &str, generic: impl FnOnce(&str) -> bool) -> &'static str {
    let mut named = None;
    let (mut in_app, mut extended) = (false, false);
    for hit in Hits::of(user_agent) {
        match hit.entry.kind {
            Kind::Bot => note(&mut named, hit.entry),
            Kind::Browser => in_app |= hit.entry.rank >= APP,
            Kind::Mark => extended |= hit.entry.name == "extension",
            _ => {}
        }
    }
    if let Some(bot) = named {
        return bot.name;
    }
    let text = bounded(user_agent);
    let person = extended || in_app && (text.starts_with("Mozilla/") || text.starts_with("[FB"));
    if !person && !text.trim().is_empty() && generic(text) { "other" } else { "" }
}

/// Keeps the entry that tells most: the first, unless it only tells what the bot is made of.
pub(crate) fn note(named: &mut Option<Entry>, entry: Entry) {
    if named.is_none_or(|before| {
        matches!(before.name, "library" | "headless") && !matches!(entry.name, "library" | "headless")
    }) {
        *named = Some(entry);
    }
}
