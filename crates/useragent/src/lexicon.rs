//! The tokens worth knowing, looked up at the start of each word of a user agent.

use crate::fold::{OPEN, START, bucket};

/// Browsers of this [`Entry::rank`] and above are apps that show pages (in-app browsers), which no client hint names.
pub(crate) const APP: u8 = 200;

/// What a token speaks of.
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
    /// Compared without regard to case.
    pub token: &'static str,
    pub kind: Kind,
    /// The highest of a kind wins; of equals the first.
    pub rank: u8,
    /// Class of a bot, name of a browser or system, type of a device, meaning of a mark.
    pub name: &'static str,
    /// Type of the device a system runs on, empty where that is open.
    pub device: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/lexicon.rs"));

/// How much of a user agent is looked at, in bytes: the longest of real people (in-app browsers of
/// Facebook and of `TikTok`) stay below.
const LIMIT: usize = 1024;

/// A token met, with what follows it.
pub(crate) struct Hit<'a> {
    pub entry: Entry,
    /// What stands after the token.
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

/// The first fitting record of the bucket: one after the other they hold the token's length, kind and flags,
/// rank, the numbers of name and device (two bytes each, the lower one first), and the token.
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

/// The first [`LIMIT`] bytes, cut at a character.
pub(crate) fn bounded(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LIMIT)).unwrap_or_default()
}
