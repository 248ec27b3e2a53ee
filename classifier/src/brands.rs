//! Who is known: hosts, apps, names and click ids, from the tables under `tables/`.

use crate::host::{is_within, without_www};

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// What a known source is: decides the medium where none was sent, and GA4's category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ai,
    Search,
    Social,
    Video,
    Shopping,
    Email,
    /// A code host, a news site: known by name, a referral all the same.
    Site,
    /// An advertisement server or network.
    Paid,
    /// Text messages and pushes: a name in tags, never a referrer.
    Message,
    /// `(direct)` written out in a tag.
    Direct,
}

impl Kind {
    /// The medium of a visit from such a source where the link does not name one.
    pub(crate) const fn medium(self) -> &'static str {
        match self {
            Self::Ai => "ai-assistant",
            Self::Search => "organic",
            Self::Social => "social",
            Self::Video => "video",
            Self::Shopping => "shopping",
            Self::Email => "email",
            Self::Site | Self::Message => "referral",
            Self::Paid => "paid",
            Self::Direct => "direct",
        }
    }
}

/// A row of a table.
pub(crate) struct Row {
    key: &'static str,
    source: u16,
    kind: Kind,
    /// Hosts below the key are other people's (the key is a public suffix).
    exact: bool,
}

/// A click id: a parameter that an advertiser's or sender's system adds to a link.
#[derive(Debug)]
pub struct ClickId {
    /// The parameter's name as its vendor writes it.
    pub name: &'static str,
    /// The vendor's slug.
    pub source: &'static str,
    pub(crate) kind: Kind,
    pub(crate) contradicted_by_referrer: bool,
    pub(crate) family: &'static [&'static str],
    /// Whose parameter it is and what it shows.
    pub origin: &'static str,
}

impl ClickId {
    /// What a click with this id is, where nothing contradicts it: `paid`, `organic`, `social`
    /// or `email`.
    pub const fn medium(&self) -> &'static str {
        self.kind.medium()
    }
}

/// A known source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Brand {
    pub(crate) source: &'static str,
    pub(crate) kind: Kind,
}

impl Row {
    fn brand(&self) -> Brand {
        let source = SOURCES.get(usize::from(self.source)).copied().unwrap_or_default();
        Brand { source, kind: self.kind }
    }
}

fn find(rows: &'static [Row], key: &str) -> Option<&'static Row> {
    rows.binary_search_by(|row| row.key.cmp(key)).ok().map(|at| &rows[at])
}

/// The brand of an app's package.
pub(crate) fn of_app(package: &str) -> Option<Brand> {
    find(APPS, package).map(Row::brand)
}

/// The brand of a normalised host, and of the path where a row asks for one.
///
/// The row with the most labels wins; a row with a path wins over all without.
pub(crate) fn of_host(host: &str, path: &str) -> Option<Brand> {
    if path.len() > 1
        && let Some(row) = PATHS.iter().find(|row| path_row_matches(row.key, host, path))
    {
        return Some(row.brand());
    }
    let stem = country_stem(host);
    let mut rest = host;
    loop {
        if let Some(row) = find(HOSTS, rest)
            && (!row.exact || without_www(host) == rest)
        {
            return Some(row.brand());
        }
        let below = host.len() - rest.len();
        if let Some(stem) = stem.and_then(|stem| stem.get(below..))
            && let Some(row) = find(COUNTRY_HOSTS, stem)
        {
            return Some(row.brand());
        }
        rest = rest.split_once('.')?.1;
    }
}

/// The brand a name in a tag stands for: case, spaces and underscores do not matter, nor does a
/// trailing `ads`.
pub(crate) fn of_name(name: &str) -> Option<Brand> {
    const LONGEST: usize = 40;
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let mut buffer = [0_u8; LONGEST];
    for (slot, byte) in buffer.iter_mut().zip(name.bytes()) {
        *slot = match byte {
            b' ' | b'_' => b'-',
            _ => byte.to_ascii_lowercase(),
        };
    }
    let name = std::str::from_utf8(&buffer[..name.len()]).ok()?;
    let bare = || name.strip_suffix("ads").map(|name| name.trim_end_matches('-'));
    find(NAMES, name).or_else(|| find(NAMES, bare()?)).map(Row::brand)
}

/// The host without its country: `www.google` of `www.google.co.uk`, for the rows that stand for
/// every country.
fn country_stem(host: &str) -> Option<&str> {
    let (stem, last) = host.rsplit_once('.')?;
    if last == "com" {
        return Some(stem);
    }
    if last.len() != 2 {
        return None;
    }
    match stem.rsplit_once('.') {
        Some((stem, "co" | "com")) => Some(stem),
        _ => Some(stem),
    }
}

fn path_row_matches(key: &str, host: &str, path: &str) -> bool {
    let Some((pattern, prefix)) = key.split_once('/') else { return false };
    let below = path
        .strip_prefix('/')
        .and_then(|path| path.get(..prefix.len()).zip(path.get(prefix.len()..)))
        .is_some_and(|(head, tail)| head.eq_ignore_ascii_case(prefix) && (tail.is_empty() || tail.starts_with('/')));
    below
        && match pattern.strip_suffix(".*") {
            Some(stem) => country_stem(host).is_some_and(|host| is_within(host, stem)),
            None => is_within(host, pattern),
        }
}

/// Whether a host is somebody's webmail by its labels: a label `mail`, `webmail` or `email` left
/// of the registered name (`webmail.provider.net`), and no imitation (`mail.google.com.evil.net`,
/// where a whole host name stands in front of another).
pub(crate) fn is_webmail(host: &str) -> bool {
    let Some(registered) = crate::registrable_domain(host) else { return false };
    let Some(before) = host.strip_suffix(registered) else { return false };
    let mut labels = before.split('.').filter(|label| !label.is_empty());
    let mail = |label: &str| matches!(label, "mail" | "webmail" | "email");
    labels.clone().any(mail) && !labels.any(|label| matches!(label, "com" | "net" | "org" | "co"))
}
