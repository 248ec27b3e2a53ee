//! Segments that a question refers to by name or id.
//!
//! A question with segments is parsed twice. The first pass notes the names, the Worker looks them up, and the second
//! pass replaces each name by the segment's conditions. So the limits of a filter count the conditions of its segments.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use super::fault::{Fault, Path};
use super::nearest::{nearest, unknown};

/// Maximum length of a segment's name, in characters.
pub const MAX_NAME: usize = 100;
/// Maximum number of segments that one question names.
pub const MAX_NAMED: usize = 10;
/// Maximum number of names that an error lists.
const MAX_LISTED: usize = 10;

/// What is known of the project's segments while a question is parsed.
#[derive(Clone, Copy)]
pub enum Segments<'a> {
    /// A question cannot name any here.
    Closed,
    /// First pass: names are noted, to be looked up.
    Noted(&'a Noted),
    /// Second pass: the segments were looked up.
    Saved(&'a Saved),
}

/// The segments that a question names.
#[derive(Debug, Default)]
pub struct Noted(RefCell<Vec<String>>);

/// The segments of one question as they are stored.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Saved {
    /// Conditions, by the name or id that the question uses.
    pub(super) found: BTreeMap<String, Value>,
    /// The names of all segments of the project.
    names: Vec<String>,
}

impl Noted {
    /// Notes a segment.
    ///
    /// # Errors
    /// The question names more than [`MAX_NAMED`].
    pub(super) fn note(&self, name: &str, path: &Path<'_>) -> Result<(), Fault> {
        let mut names = self.0.borrow_mut();
        if names.iter().any(|known| known == name) {
            return Ok(());
        }
        if names.len() == MAX_NAMED {
            return Err(path.fault(format!("a question can name at most {MAX_NAMED} segments")));
        }
        names.push(name.to_owned());
        Ok(())
    }

    /// The names and ids, without duplicates.
    pub fn into_names(self) -> Vec<String> {
        self.0.into_inner()
    }
}

impl Saved {
    /// A segment's conditions.
    ///
    /// # Errors
    /// The project has no such segment. The message lists the nearest names.
    pub(super) fn find(&self, name: &str, path: &Path<'_>) -> Result<&Value, Fault> {
        self.found.get(name).ok_or_else(|| {
            let names = nearest(self.names.iter().map(String::as_str), name, MAX_LISTED);
            if names.is_empty() {
                return path.fault("unknown segment; the project has no segments");
            }
            let more = if self.names.len() > names.len() { ", …" } else { "" };
            path.fault(format!("{}{more}", unknown(&name.into(), names.into_iter())))
        })
    }
}
