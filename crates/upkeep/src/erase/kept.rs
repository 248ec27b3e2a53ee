//! Erasure requests as the control plane stores them (`migrations/postgres/0010_forget.sql`).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::person::{Ids, Person};
use super::{is_number, place};
use intake::key::Env;
use intake::set;
use intake::time::Day;

/// A request that is due.
#[derive(Debug, Clone)]
pub struct Due {
    /// Its id.
    pub id: String,
    /// The person's ids that are known so far.
    pub person: Person,
    /// The requested device, if its owner is not known yet.
    pub device: Option<String>,
    /// Whether all ids of the person were found in an earlier run.
    pub resolved: bool,
    /// Days with rows to erase that may not be marked as dirty yet.
    pub days: BTreeSet<Day>,
    requested_at: Value,
}

/// Numbers of erased rows of a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Events, each identity once.
    pub events: u64,
    /// Sessions.
    pub sessions: u64,
    /// Identifications by day.
    pub identities: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Events that were still in the buffer.
    pub buffered: u64,
}

/// Encodes an id for PostgreSQL, whose texts cannot contain a zero byte. Other ids stay as they are.
fn kept(id: &str) -> String {
    if id.contains(['\\', '\0']) { id.replace('\\', "\\\\").replace('\0', "\\0") } else { id.to_owned() }
}

/// Decodes an id that [`kept`] encoded.
fn unkept(text: &str) -> String {
    let mut id = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        id.push(match character {
            '\\' => match characters.next() {
                Some('0') => '\0',
                other => other.unwrap_or('\\'),
            },
            other => other,
        });
    }
    id
}

/// Arguments with the ids of a request.
pub fn ids_kept(user_id: Option<&str>, anonymous_id: Option<&str>) -> Value {
    json!({ "user_id": user_id.map(kept), "anonymous_id": anonymous_id.map(kept) })
}

/// Parses the answer of `forget_due`.
///
/// # Errors
/// It has another shape. The text quotes nothing of the answer.
pub fn due(answer: &[u8]) -> Result<Vec<Due>, String> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
        project_id: String,
        env: Env,
        asked_anonymous_id: Option<String>,
        user_ids: Vec<String>,
        anonymous_ids: Vec<String>,
        visitor_hashes: Vec<String>,
        days: Vec<String>,
        resolved: bool,
        requested_at: Value,
    }
    let rows: Vec<Row> = intake::json::read(answer).map_err(|error| format!("unusable answer: {}", place(&error)))?;
    let ids = |texts: Vec<String>| set::of(texts.iter().map(|text| unkept(text)));
    Ok(rows
        .into_iter()
        .map(|row| Due {
            id: row.id,
            person: Person {
                project_id: row.project_id,
                env: row.env,
                ids: Ids { users: ids(row.user_ids), devices: ids(row.anonymous_ids) },
                hashes: set::of(row.visitor_hashes.into_iter().filter(|hash| is_number(hash))),
            },
            device: row.asked_anonymous_id.as_deref().map(unkept).filter(|_| !row.resolved),
            resolved: row.resolved,
            days: set::of(row.days.iter().filter_map(|day| Day::parse(day))),
            requested_at: row.requested_at,
        })
        .collect())
}

/// Arguments of `forget_widen` for one request: the ids that were found, stored before any row is erased. `newest` are
/// visitor hashes, the newest last.
pub fn widened(due: &Due, newest: &[String], days: &BTreeSet<Day>, resolved: bool) -> Value {
    let ids = |ids: &BTreeSet<String>| ids.iter().map(|id| kept(id)).collect::<Vec<_>>();
    json!({
        "id": due.id, "user_ids": ids(&due.person.ids.users), "anonymous_ids": ids(&due.person.ids.devices),
        "visitor_hashes": newest, "days": days.iter().map(|day| day.to_iso()).collect::<Vec<_>>(),
        "resolved": resolved,
    })
}

/// How a run ended for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It could not be finished and is due again at once.
    Failed,
    /// More rows may follow.
    Unfinished,
    /// All rows are erased.
    Finished,
}

/// Arguments of `forget_ran` for one request.
pub fn ran(due: &Due, counts: &Counts, outcome: Outcome) -> Value {
    let days = due.days.iter().filter(|_| outcome != Outcome::Failed);
    json!({
        "id": due.id, "requested_at": due.requested_at, "counts": counts,
        "days": days.map(|day| day.to_iso()).collect::<Vec<_>>(),
        "done": outcome == Outcome::Finished, "failed": outcome == Outcome::Failed,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_id_comes_back_as_it_went(id in "[\\\\\u{0}0a'\"é😀]{0,20}") {
            let text = kept(&id);
            prop_assert!(!text.contains('\0'));
            prop_assert_eq!(unkept(&text), id);
        }
    }

    #[test]
    fn two_ids_are_two_in_the_kept_form() {
        let ids = ["a\0", "a\\0", "a\\\0", "a\\\\0", "a0"];
        let forms: BTreeSet<String> = ids.iter().map(|id| kept(id)).collect();
        assert_eq!(forms.len(), ids.len());
    }
}
