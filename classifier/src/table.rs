//! A hash table of names, made by the build script as one byte string.
//!
//! A bucket is a sequence of records: the key's length, kind and flag, source (two bytes, little-endian), key. Most look-ups
//! are for names that are not in the table; they end after comparing a length or two.

use crate::hash::{self, EXACT};

/// A hash table.
pub(crate) struct Table {
    /// The offset of each bucket, and the end of the last one.
    pub(crate) starts: &'static [u16],
    pub(crate) records: &'static [u8],
}

/// A row of a table.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) source: u16,
    /// Index into `KINDS`.
    pub(crate) kind: u8,
    /// The key matches only itself: it is a public suffix, whose subdomains belong to others.
    pub(crate) exact: bool,
}

impl Table {
    /// The row of a name.
    pub(crate) fn find(&self, name: &str) -> Option<Row> {
        self.find_hashed(name, hash::of(name))
    }

    /// The row of a name, whose hash is given.
    pub(crate) fn find_hashed(&self, name: &str, hash: u32) -> Option<Row> {
        let bucket = hash::bucket(hash, self.starts.len() - 1);
        let (start, end) = (*self.starts.get(bucket)?, *self.starts.get(bucket + 1)?);
        let mut records = self.records.get(usize::from(start)..usize::from(end))?;
        while let [length, kind, low, high, rest @ ..] = records {
            let (key, next) = rest.split_at_checked(usize::from(*length))?;
            if key == name.as_bytes() {
                let source = u16::from_le_bytes([*low, *high]);
                return Some(Row { source, kind: kind & !EXACT, exact: kind & EXACT != 0 });
            }
            records = next;
        }
        None
    }

    /// The row of the longest suffix of a name that begins at a label, is in the table and satisfies `fits`; with the index
    /// at which it begins.
    pub(crate) fn longest_ending(&self, name: &str, fits: impl Fn(Row, &str) -> bool) -> Option<(usize, Row)> {
        let bytes = name.as_bytes();
        let mut hash = hash::START;
        let mut found = None;
        for (at, &byte) in bytes.iter().enumerate().rev() {
            hash = hash::before(hash, byte);
            let begins = at == 0 || bytes.get(at - 1) == Some(&b'.');
            if begins
                && let Some(ending) = name.get(at..)
                && let Some(row) = self.find_hashed(ending, hash)
                && fits(row, ending)
            {
                found = Some((at, row));
            }
        }
        found
    }
}
