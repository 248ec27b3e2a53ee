//! Recognizes bots: by name, then by a generic pattern.

use crate::lexicon::{APP, Entry, Hits, Kind, bounded};

/// The class of a bot; empty for people.
///
/// | class | meaning |
/// |---|---|
/// | `search-crawler` | crawls for a search engine |
/// | `ai-crawler` | crawls for training a model or for an AI search index |
/// | `ai-assistant` | fetches a page because a person just asked an assistant |
/// | `ads` | checks pages for an ad network |
/// | `preview` | makes the preview of a shared link |
/// | `monitor` | measures uptime, speed or validity |
/// | `feed` | reads feeds |
/// | `seo` | crawls for SEO tools and media monitoring |
/// | `archiver` | archives pages |
/// | `scanner` | scans for vulnerabilities |
/// | `headless` | an automated browser: `HeadlessChrome`, Playwright … |
/// | `library` | an HTTP library: curl, python-requests, okhttp … |
/// | `other` | a known bot of another class, or one that only `generic` recognizes |
///
/// A known name takes precedence over `generic`. If there are several, the first counts that is neither `library` nor
/// `headless`, since these only say how a bot is built. A person who browses in an app of the table of browsers (such as
/// Facebook's) is a person even if `generic` matches the app's name.
///
/// `generic` is called with at most the first 1,024 bytes, for example with [`crate::ISBOT_PATTERN`].
///
/// The class of an empty user agent is empty: events sent by a server have none.
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

/// Keeps the more specific entry: the first one, unless it only says how the bot is built.
pub(crate) fn note(named: &mut Option<Entry>, entry: Entry) {
    if named.is_none_or(|before| {
        matches!(before.name, "library" | "headless") && !matches!(entry.name, "library" | "headless")
    }) {
        *named = Some(entry);
    }
}
