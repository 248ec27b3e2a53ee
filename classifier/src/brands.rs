//! Known sources: hosts, apps, names and click ids, from `tables/`.

use crate::host::{is_within, without_www};
use crate::table::{Row, Table};

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// The kind of a known source. It determines the medium if none was sent, and GA4's source category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ai,
    Search,
    Social,
    Video,
    Shopping,
    Email,
    /// Any other known site, such as a code host or a news site; a visit from it is a referral.
    Site,
    /// An ad server or ad network.
    Paid,
    /// Text messages and push notifications: only in tags, never a referrer.
    Message,
    /// `(direct)` as a tag's value.
    Direct,
}

impl Kind {
    /// The medium of a visit from such a source if the link has none.
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

/// A source that is a path of a host (`x.com/i/grok`).
struct PathRow {
    host: &'static str,
    /// `host` is without its country and matches in every country.
    any_country: bool,
    prefix: &'static str,
    source: u16,
    kind: Kind,
}

/// A click id: a query parameter that an ad or mail system adds to a link.
#[derive(Debug)]
pub struct ClickId {
    /// The parameter's name as the vendor spells it.
    pub name: &'static str,
    /// The vendor's slug.
    pub source: &'static str,
    pub(crate) kind: Kind,
    pub(crate) contradicted_by_referrer: bool,
    pub(crate) family: &'static [&'static str],
    /// The vendor and what the parameter means.
    pub origin: &'static str,
}

impl ClickId {
    /// The medium of a click with this id unless something contradicts it: `paid`, `organic`, `social` or `email`.
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

impl Brand {
    fn of(row: Row) -> Option<Self> {
        KINDS.get(usize::from(row.kind)).map(|&kind| Self { source: source(row.source), kind })
    }
}

fn source(index: u16) -> &'static str {
    let index = usize::from(index);
    let end = |index: usize| SOURCE_ENDS.get(index).map_or(0, |&end| usize::from(end));
    let start = index.checked_sub(1).map_or(0, end);
    SOURCE_TEXT.get(start..end(index)).unwrap_or_default()
}

/// The brand of an app's package.
pub(crate) fn of_app(package: &str) -> Option<Brand> {
    APPS.find(package).and_then(Brand::of)
}

/// The brand of a normalized host and a path.
///
/// A row with a path takes precedence over rows without; among those, the one with the most labels.
pub(crate) fn of_host(host: &str, path: &str) -> Option<Brand> {
    if path.len() > 1
        && let Some(row) = PATHS.iter().find(|row| row.fits(host, path))
    {
        return Some(Brand { source: source(row.source), kind: row.kind });
    }
    let bare = without_www(host);
    let exactly = HOSTS.longest_ending(host, |row, ending| !row.exact || ending == bare);
    let anywhere = country_stem(host).and_then(|stem| COUNTRY_HOSTS.longest_ending(stem, |_, _| true));
    let row = match (exactly, anywhere) {
        (Some((at, row)), Some((other, _))) if at <= other => row,
        (Some((_, row)), None) | (_, Some((_, row))) => row,
        (None, None) => return None,
    };
    Brand::of(row)
}

/// The brand with this name, as written in a tag: case, the difference between space, `_` and `-`, and a trailing `ads`
/// do not matter.
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
    NAMES.find(name).or_else(|| NAMES.find(bare()?)).and_then(Brand::of)
}

/// The host without its country: `www.google` for `www.google.co.uk`. For rows that match in every country.
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

impl PathRow {
    fn fits(&self, host: &str, path: &str) -> bool {
        let here = if self.any_country {
            country_stem(host).is_some_and(|stem| is_within(stem, self.host))
        } else {
            is_within(host, self.host)
        };
        here && path.strip_prefix('/').and_then(|path| path.split_at_checked(self.prefix.len())).is_some_and(
            |(head, tail)| head.eq_ignore_ascii_case(self.prefix) && (tail.is_empty() || tail.starts_with('/')),
        )
    }
}
