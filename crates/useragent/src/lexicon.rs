//! Finds known tokens in a user agent: at the start of each word.

use crate::fold::{OPEN, START, bucket};

/// Browsers of this [`Entry::rank`] and above are apps that show pages (in-app browsers), which no client hint names.
pub(crate) const APP: u8 = 200;

/// What a token says something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bot,
    Browser,
    System,
    Device,
    Mark,
}

/// A row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The token; matches in any case.
    pub token: &'static str,
    pub kind: Kind,
    /// The entry with the highest rank of its kind wins; among equals the first.
    pub rank: u8,
    /// Class of a bot, name of a browser or operating system, type of a device, meaning of a mark.
    pub name: &'static str,
    /// Type of the devices that an operating system runs on; empty if it runs on several.
    pub device: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/lexicon.rs"));

/// Most bytes of a user agent that are parsed. The longest real ones (in-app browsers of Facebook and `TikTok`) are
/// shorter.
const LIMIT: usize = 1024;

/// A token in a user agent.
pub(crate) struct Hit<'a> {
    pub entry: Entry,
    /// The text after the token.
    pub rest: &'a str,
}

/// The tokens of a user agent, in order, without overlaps.
pub(crate) struct Hits<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Hits<'a> {
    pub(crate) fn of(user_agent: &'a str) -> Self {
        Self { text: bounded(user_agent), at: 0 }
    }
}

impl<'a> Iterator for Hits<'a> {
    type Item = Hit<'a>;

    fn next(&mut self) -> Option<Hit<'a>> {
        let bytes = self.text.as_bytes();
        let mut inside = self.at > 0 && bytes.get(self.at - 1).is_some_and(u8::is_ascii_alphanumeric);
        while let Some(rest) = bytes.get(self.at..)
            && let [first, ..] = rest
        {
            let starts = !inside;
            inside = first.is_ascii_alphanumeric();
            if starts && let Some(entry) = longest(rest, self.at == 0) {
                let end = self.at + entry.token.len();
                self.at = end;
                return Some(Hit { entry, rest: self.text.get(end..).unwrap_or_default() });
            }
            self.at += 1;
        }
        None
    }
}

/// The first matching record of the bucket. A record is: the token's length, kind and flags, rank, the indexes of name and
/// device (two bytes each, little-endian), the token. Longer tokens come first.
fn longest(rest: &[u8], at_start: bool) -> Option<Entry> {
    let [first, second, ..] = *rest else { return None };
    let bucket = bucket(first, second);
    let (from, to) = (*STARTS.get(bucket)?, *STARTS.get(bucket + 1)?);
    let mut records = RECORDS.get(usize::from(from)..usize::from(to))?;
    while let [length, kind, rank, name_low, name_high, device_low, device_high, tail @ ..] = records {
        let length = usize::from(*length);
        let (token, next) = tail.split_at_checked(length)?;
        if (at_start || kind & START == 0)
            && rest.get(..length).is_some_and(|head| head.eq_ignore_ascii_case(token))
            && (kind & OPEN != 0 || !rest.get(length).is_some_and(u8::is_ascii_alphanumeric))
        {
            return Some(Entry {
                token: str::from_utf8(token).ok()?,
                kind: *KINDS.get(usize::from(kind & !(START | OPEN)))?,
                rank: *rank,
                name: word(u16::from_le_bytes([*name_low, *name_high])),
                device: word(u16::from_le_bytes([*device_low, *device_high])),
            });
        }
        records = next;
    }
    None
}

fn word(number: u16) -> &'static str {
    let number = usize::from(number);
    let end = |number: usize| WORD_ENDS.get(number).map_or(0, |&end| usize::from(end));
    let start = number.checked_sub(1).map_or(0, end);
    WORDS.get(start..end(number)).unwrap_or_default()
}

/// The first [`LIMIT`] bytes, cut at a character boundary.
pub(crate) fn bounded(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LIMIT)).unwrap_or_default()
}
