//! Cursors: where the next page of an answer begins, as an opaque string that is valid for one question only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::fault::{Fault, Path};
use super::model::Query;
use super::range::MAX_DAYS;
use intake::time::{DAY_MS, LAST_MS, Timestamp};
use statement::Range;
use statement::Scope;

/// Maximum number of rows to page through.
const MAX_OFFSET: u32 = 1_000_000;
/// Length of the question's fingerprint, in bytes.
const MARK: usize = 8;
/// The message for a string that is not a cursor.
pub(super) const BROKEN: &str = "must be the next_cursor of a previous answer";

/// The cursor of the page after this one.
pub(super) fn next(query: &Query, scope: &Scope<'_>) -> String {
    seal("stats", query, scope, &query.offset.saturating_add(query.limit).to_be_bytes())
}

/// Continues a question at its cursor, if it has one.
///
/// # Errors
/// It is not a cursor, or belongs to another question or project.
pub fn resume(query: &mut Query, scope: &Scope<'_>) -> Result<(), Fault> {
    open("stats", query, scope, |place| {
        let offset = u32::from_be_bytes(place.try_into().map_err(|_| BROKEN)?);
        if offset > MAX_OFFSET {
            Err("is too far: at most 1,000,000 rows can be paged through; narrow the question")
        } else {
            Ok(offset)
        }
    })
    .map(|offset| query.offset = offset.unwrap_or(query.offset))
}

/// Writes a cursor: fingerprint, period and place. The period is part of it, because `30d` means another period a
/// minute later.
pub(super) fn seal(kind: &str, query: &Query, scope: &Scope<'_>, place: &[u8]) -> String {
    let mut bytes = mark(kind, query, scope).to_vec();
    bytes.extend_from_slice(&query.range.from.0.to_be_bytes());
    bytes.extend_from_slice(&query.range.to.0.to_be_bytes());
    bytes.extend_from_slice(place);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads the place from a question's cursor, if it has one, and gives the question the cursor's period.
pub(super) fn open<T>(
    kind: &str,
    query: &mut Query,
    scope: &Scope<'_>,
    read: impl FnOnce(&[u8]) -> Result<T, &'static str>,
) -> Result<Option<T>, Fault> {
    let Some((cursor, path)) = query.cursor.take() else { return Ok(None) };
    let found = || {
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).map_err(|_| BROKEN)?;
        let (found, rest) = bytes.split_first_chunk::<MARK>().ok_or(BROKEN)?;
        let (from, rest) = rest.split_first_chunk::<8>().ok_or(BROKEN)?;
        let (to, place) = rest.split_first_chunk::<8>().ok_or(BROKEN)?;
        if *found != mark(kind, query, scope) {
            return Err("belongs to another question or project; start without a cursor");
        }
        let range = Range { from: Timestamp(i64::from_be_bytes(*from)), to: Timestamp(i64::from_be_bytes(*to)) };
        // A forged cursor gets no more than an ordinary question.
        let length = range.to.0.checked_sub(range.from.0).ok_or(BROKEN)?;
        if !(1..=MAX_DAYS * DAY_MS).contains(&length) || range.from.0 < 0 || range.to.0 > LAST_MS {
            return Err(BROKEN);
        }
        query.range = range;
        read(place).map(Some)
    };
    found().map_err(|message| Path::new(path).fault(message))
}

/// A fingerprint of the question without its page and period.
fn mark(kind: &str, query: &Query, scope: &Scope<'_>) -> [u8; MARK] {
    let Query { project, metrics, dimensions, zone, filter, goal, order_by, include, limit, .. } = query;
    let text = format!(
        "{kind}{scope:?}{project:?}{metrics:?}{dimensions:?}{}{filter:?}{goal:?}{order_by:?}{include:?}{limit}",
        zone.name
    );
    let digest = Sha256::digest(text.as_bytes());
    let mut mark = [0; MARK];
    for (slot, byte) in mark.iter_mut().zip(digest) {
        *slot = byte;
    }
    mark
}
