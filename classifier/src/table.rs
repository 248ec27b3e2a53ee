//! A table from the build: names by their hashes, in one string of bytes.
//!
//! A bucket holds one record after the other: the key's length, kind and flag, source (two bytes, the lower
//! one first), key. Nearly all questions are about names that are not there, and end after a look at a
//! length or two.

use crate::hash::{self, EXACT};

/// A table.
pub(crate) struct Table {
    /// Where each bucket starts, and where the last one ends.
    pub(crate) starts: &'static [u16],
    pub(crate) records: &'static [u8],
}

/// A row of a table.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) source: u16,
    /// The kind's number.
    pub(crate) kind: u8,
    /// Hosts below the key are other people's (the key is a public suffix).
    pub(crate) exact: bool,
}

impl Table {
    /// The row of a name.
    pub(crate) fn find(&self, name: &str) -> Option<Row> {
        self.find_hashed(name, hash::of(name))
    }

    /// The row of a name whose hash is known.
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

    /// The row of the longest ending of a name that is in the table, of those that begin at a label and that
    /// `fits` takes; with the place at which it begins.
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
