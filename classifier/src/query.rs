//! The query parameters that say where a visit came from.

use std::borrow::Cow;

use crate::brands::CLICK_IDS;
use crate::escape::decode;

/// The relevant parameters, decoded and trimmed; empty if absent. Of repeated parameters the first that is not empty
/// counts.
#[derive(Debug, Default)]
pub(crate) struct Query<'a> {
    pub(crate) source: Cow<'a, str>,
    pub(crate) medium: Cow<'a, str>,
    pub(crate) campaign: Cow<'a, str>,
    pub(crate) term: Cow<'a, str>,
    pub(crate) content: Cow<'a, str>,
    /// `ref`, `source` and `via`, in this order.
    pub(crate) hints: [Cow<'a, str>; 3],
    /// A bit for each click id of the table that is present, with or without a value.
    pub(crate) click_ids: u32,
}

impl<'a> Query<'a> {
    pub(crate) fn read(query: &'a str) -> Self {
        let mut found = Self::default();
        if query.is_empty() {
            return found;
        }
        for pair in pairs(query) {
            let (name, value) = name_and_value(pair);
            let name = parameter_name(name);
            if let Some(index) = click_id(&name) {
                found.click_ids |= 1 << index;
            } else if let Some(slot) = found.slot(&name)
                && slot.is_empty()
            {
                *slot = decode(value);
            }
        }
        found
    }

    fn slot(&mut self, name: &str) -> Option<&mut Cow<'a, str>> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        Some(match name.len() {
            3 if is("ref") => &mut self.hints[0],
            3 if is("via") => &mut self.hints[2],
            6 if is("source") => &mut self.hints[1],
            8 if is("utm_term") => &mut self.term,
            10 if is("utm_source") => &mut self.source,
            10 if is("utm_medium") => &mut self.medium,
            11 if is("utm_content") => &mut self.content,
            12 if is("utm_campaign") => &mut self.campaign,
            _ => return None,
        })
    }
}

/// The pairs of a query, separated by `&`. Searches by bytes, which is faster than `str::split` for short texts.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = &str> {
    let mut left = Some(query);
    std::iter::from_fn(move || {
        let rest = left?;
        let end = rest.bytes().position(|byte| byte == b'&');
        left = end.map(|end| &rest[end + 1..]);
        Some(&rest[..end.unwrap_or(rest.len())])
    })
}

/// The two sides of a pair's first `=`, not decoded.
pub(crate) fn name_and_value(pair: &str) -> (&str, &str) {
    match pair.bytes().position(|byte| byte == b'=') {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, ""),
    }
}

/// The index of a click id in [`CLICK_IDS`], by the parameter's name in any case.
pub(crate) fn click_id(name: &str) -> Option<usize> {
    if !(4..=14).contains(&name.len()) {
        return None;
    }
    CLICK_IDS.iter().position(|id| id.name.eq_ignore_ascii_case(name))
}

/// A parameter's name, decoded, without the `amp;` that is left in a link that was HTML-escaped twice.
pub(crate) fn parameter_name(name: &str) -> Cow<'_, str> {
    match decode(name) {
        Cow::Borrowed(name) => Cow::Borrowed(without_amp(name)),
        Cow::Owned(name) => match without_amp(&name) {
            short if short.len() == name.len() => Cow::Owned(name),
            short => Cow::Owned(short.to_owned()),
        },
    }
}

fn without_amp(name: &str) -> &str {
    match name.get(..4) {
        Some(head) if head.eq_ignore_ascii_case("amp;") => &name[4..],
        _ => name,
    }
}
