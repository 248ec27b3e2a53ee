//! Saved segments: named conditions of a project, to which questions refer (`docs/queries.md`).
//!
//! A question is read twice where it names some: the first time they are noted, then they are looked up, and the
//! second time their conditions stand in their place. So a question with segments is bounded like one that has
//! all of it written out.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fault::{Fault, Path};
use super::filter::{self, Filter};
use super::frame::members;
use super::given::{Given, place};
use super::member::Members as _;
use super::nearest::nearest;
use super::read::project;
use intake::error::ErrorCode;
use statement::Binder;
use statement::Statement;

/// Members of a segment that its owner writes.
pub const MEMBERS: &[&str] = &["name", "description", "filters"];
/// Parameters of the routes of segments.
pub const KNOWN: &[&str] = &["project"];
/// Most characters of a segment's name.
pub const MAX_NAME: usize = 100;
/// Most characters of a description.
pub const MAX_DESCRIPTION: usize = 500;
/// Most bytes of a segment's conditions as JSON.
pub const MAX_BYTES: usize = 16 * 1024;
/// Most segments of one question.
pub const MAX_NAMED: usize = 10;
/// How many names a fault tells.
const MAX_TOLD: usize = 10;

/// What a question knows of the project's segments.
#[derive(Clone, Copy)]
pub enum Segments<'a> {
    /// None can be named here.
    Closed,
    /// Those that are named are noted, to be looked up.
    Noted(&'a Noted),
    /// Those that were looked up.
    Saved(&'a Saved),
}

/// The segments that a question names.
#[derive(Debug, Default)]
pub struct Noted(RefCell<Vec<String>>);

/// Segments as they are saved, for one question.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Saved {
    /// Conditions, by the name or id that the question gives.
    found: BTreeMap<String, Value>,
    /// The names of all segments of the project.
    names: Vec<String>,
}

impl Noted {
    /// Notes a segment.
    ///
    /// # Errors
    /// They are too many.
    pub(super) fn note(&self, name: &str, path: &Path<'_>) -> Result<(), Fault> {
        let mut names = self.0.borrow_mut();
        if names.iter().any(|known| known == name) {
            return Ok(());
        }
        if names.len() == MAX_NAMED {
            return Err(path.fault(format!("a question can name {MAX_NAMED} segments at most")));
        }
        names.push(name.to_owned());
        Ok(())
    }

    /// The names and ids, each once.
    pub fn into_names(self) -> Vec<String> {
        self.0.into_inner()
    }
}

impl Saved {
    /// A segment's conditions.
    ///
    /// # Errors
    /// There is no such segment.
    pub(super) fn find(&self, name: &str, path: &Path<'_>) -> Result<&Value, Fault> {
        self.found.get(name).ok_or_else(|| path.fault(self.instead_of(name)))
    }

    /// What may have been meant, the nearest first.
    fn instead_of(&self, name: &str) -> String {
        let names = nearest(self.names.iter().map(String::as_str), name, MAX_TOLD);
        if names.is_empty() {
            return "there is no such segment; the project has none".to_owned();
        }
        let more = if self.names.len() > names.len() { ", …" } else { "" };
        format!("there is no such segment; there are {}{more}", names.join(", "))
    }
}

/// What a segment is to be, or what of it is to change.
#[derive(Debug)]
pub struct Draft {
    /// The members as they are to be stored.
    pub members: Map<String, Value>,
    /// A statement that fails where a pattern is none; `None` where there are no patterns.
    pub trial: Option<Statement>,
}

/// Reads what a segment is to be, or, where not the `whole` of it must be given, what is to change.
///
/// # Errors
/// What is wrong, with its path and what is allowed.
pub fn draft(body: &Value, whole: bool) -> Result<Draft, Fault> {
    read_draft(body, whole).map_err(|fault| fault.code(ErrorCode::InvalidPayload))
}

fn trial(filter: &Filter) -> Option<Statement> {
    let mut bind = Binder::default();
    let tried: Vec<String> =
        filter.patterns().iter().map(|pattern| format!("match('', {})", bind.value("String", pattern))).collect();
    (!tried.is_empty()).then(|| bind.statement(format!("SELECT {}\nFORMAT JSONCompactEachRow", tried.join(", "))))
}

fn read_draft(body: &Value, whole: bool) -> Result<Draft, Fault> {
    let given = members(body, MEMBERS)?;
    let (mut draft, mut tried) = (Map::new(), None);
    let (value, path) = given.member("name");
    if whole || given.contains_key("name") {
        let is_name = |name: &str| uuid::Uuid::try_parse(name).is_err();
        let name = value.and_then(|value| line(value, MAX_NAME)).filter(|name| is_name(name));
        let message = format!("must be a text of 1 to {MAX_NAME} characters, in one line and not in the form of an id");
        draft.insert("name".to_owned(), name.ok_or_else(|| path.fault(message))?.into());
    }
    let (value, path) = given.member("description");
    if given.contains_key("description") {
        let told = match value {
            None => Value::Null,
            Some(value) => line(value, MAX_DESCRIPTION)
                .ok_or_else(|| path.fault(format!("must be a text of 1 to {MAX_DESCRIPTION} characters, in one line")))?
                .into(),
        };
        draft.insert("description".to_owned(), told);
    }
    let (value, path) = given.member("filters");
    if whole || given.contains_key("filters") {
        let value = value.filter(|value| value.as_array().is_some_and(|list| !list.is_empty()));
        let value = value.ok_or_else(|| path.fault("must be a list of conditions, one at least"))?;
        tried = trial(&filter::read_all(value, &path, Segments::Closed)?);
        if value.to_string().len() > MAX_BYTES || has_nul(value) {
            return Err(path.fault(format!("must have {MAX_BYTES} bytes at most, and no NUL")));
        }
        draft.insert("filters".to_owned(), value.clone());
    }
    Ok(Draft { members: draft, trial: tried })
}

/// PostgreSQL stores all characters but this one.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        _ => false,
    }
}

/// A text without control characters, without blanks around it.
fn line(value: &Value, longest: usize) -> Option<String> {
    let text = value.as_str()?.trim();
    let fits = (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// The project that the query string of a route of segments names.
///
/// # Errors
/// There is something else in it.
pub fn project_in(query: &str) -> Result<Option<String>, Fault> {
    let given = Given::read(query, KNOWN)?;
    let Some(name) = given.text("project") else { return Ok(None) };
    let members = Map::from_iter([("project".to_owned(), name.into())]);
    project(&members).map_err(|fault| place("project").fault(fault.message))
}

#[cfg(test)]
mod tests {
    use super::super::World;
    use super::*;
    use intake::time::Timestamp;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_795_255_200_000);

    fn saved() -> Saved {
        serde_json::from_value(json!({
            "found": { "DACH": [["is", "country", ["DE", "AT", "CH"]]], "buyers": [["exists", "revenue"], ["is", "os", "iOS"]],
                "landed": [["is", "entry_path", "/"]], "came": [["has_done", ["is", "event", "a"]]],
                "large": vec![json!(["exists", "path"]); 60] },
            "names": ["Buyers", "DACH", "Mobile"],
        }))
        .unwrap()
    }

    fn read(filters: &Value, segments: Segments<'_>) -> Result<Filter, Fault> {
        let world = World { now: NOW, timezone: "UTC", offset_at: crate::zone::host_offset, segments };
        crate::from_json(&json!({ "filters": filters }), world).map(|query| query.filter)
    }

    #[test]
    fn a_segment_is_its_conditions() {
        let saved = saved();
        let expanded = |with: Value, without: Value| {
            assert_eq!(
                read(&with, Segments::Saved(&saved)).unwrap(),
                read(&without, Segments::Closed).unwrap(),
                "{with}"
            );
        };
        let (dach, buyers) = (json!(["and", saved.found["DACH"]]), json!(["and", saved.found["buyers"]]));
        expanded(json!([["is", "segment", "DACH"]]), json!([["or", [dach]]]));
        expanded(json!([["is", "segment", ["DACH", "buyers"]]]), json!([["or", [dach, buyers]]]));
        expanded(json!([["is_not", "segment", ["DACH"]]]), json!([["not", ["or", [dach]]]]));
        expanded(
            json!([["or", [["not", ["is", "segment", "buyers"]], ["has_done", ["is", "segment", "buyers"]]]]]),
            json!([["or", [["not", ["or", [buyers]]], ["has_done", ["or", [buyers]]]]]]),
        );
    }

    #[test]
    fn what_is_named_is_noted_once() {
        let noted = Noted::default();
        let filters =
            json!([["is", "segment", ["a", "b"]], ["has_done", ["is_not", "segment", "a"]], ["is", "path", "segment"]]);
        read(&filters, Segments::Noted(&noted)).unwrap();
        assert_eq!(noted.into_names(), ["a", "b"]);
        let many: Vec<String> = (0..=MAX_NAMED).map(|number| number.to_string()).collect();
        let fault = read(&json!([["is", "segment", many]]), Segments::Noted(&Noted::default())).unwrap_err();
        assert_eq!((fault.path.as_str(), fault.message.contains("10 segments")), ("/filters/0/2/10", true));
    }

    #[test]
    fn faults_have_the_place_of_the_reference() {
        let saved = saved();
        for (filters, path, message) in [
            (json!([["is", "segment", ["DACH", "buyer"]]]), "/filters/0/2/1", "there are Buyers, DACH, Mobile"),
            (json!([["not", ["is", "segment", "dahc"]]]), "/filters/0/1/2", "there are DACH, "),
            (json!([["is", "segment", []]]), "/filters/0/2", "1 to 10"),
            (json!([["is", "segment", 7]]), "/filters/0/2", "name or id"),
            (json!([["is", "segment", [null]]]), "/filters/0/2/0", "name or id"),
            (json!([["is", "segment", "x".repeat(101)]]), "/filters/0/2", "name or id"),
            (json!([["contains", "segment", "D"]]), "/filters/0/1", "is and is_not"),
            (json!([["exists", "segment"]]), "/filters/0/1", "is and is_not"),
            (json!([["gt", "segment", 1]]), "/filters/0/1", "revenue or prop:KEY"),
            (json!([["is", "segment", "landed"]]), "/filters", "entry_path"),
            (json!([["has_done", ["is", "segment", "landed"]]]), "/filters/0/1", "entry_path"),
            (json!([["has_done", ["is", "segment", "came"]]]), "/filters/0/1", "within has_done"),
            (json!([["is", "segment", "large"], ["is", "segment", "large"]]), "/filters/1/2", "at most 100"),
        ] {
            let fault = read(&filters, Segments::Saved(&saved)).unwrap_err();
            assert_eq!(fault.path, path, "{filters}: {}", fault.message);
            assert!(fault.message.contains(message), "{filters}: {}", fault.message);
        }
        let none = Saved::default();
        let fault = read(&json!([["is", "segment", "a"]]), Segments::Saved(&none)).unwrap_err();
        assert!(fault.message.contains("has none"), "{}", fault.message);
    }

    #[test]
    fn a_draft_is_read_as_a_question_is() {
        let filters = json!([["is", "country", ["DE"]]]);
        let made = draft(&json!({ "name": "  DACH ", "description": null, "filters": filters }), true).unwrap();
        assert_eq!(Value::Object(made.members), json!({ "name": "DACH", "description": null, "filters": filters }));
        assert!(made.trial.is_none());
        assert!(draft(&json!({}), false).unwrap().members.is_empty());
        let patterns = json!({ "filters": [["not", ["has_done", ["matches", "path", ["^/a", "') OR 1=1"]]]]] });
        let trial = draft(&patterns, false).unwrap().trial.unwrap();
        assert_eq!(
            trial.sql,
            "SELECT match('', {p0_string:String}), match('', {p1_string:String})\nFORMAT JSONCompactEachRow"
        );
        assert_eq!(trial.parameters[1].1, "') OR 1=1");
        for (body, whole, path) in [
            (json!([]), true, ""),
            (json!({ "filters": filters }), true, "/name"),
            (json!({ "name": null }), false, "/name"),
            (json!({ "name": " " }), false, "/name"),
            (json!({ "name": "a\nb" }), false, "/name"),
            (json!({ "name": "x".repeat(101) }), false, "/name"),
            (json!({ "name": "d0f20aea-0b76-4434-a826-4dd8e8b94f11" }), false, "/name"),
            (json!({ "name": "a" }), true, "/filters"),
            (json!({ "filters": [] }), false, "/filters"),
            (json!({ "filters": null }), false, "/filters"),
            (json!({ "filters": [["is", "nothing", "a"]] }), false, "/filters/0/1"),
            (json!({ "filters": [["and", [["is", "segment", "a"]]]] }), false, "/filters/0/1/0/1"),
            (json!({ "filters": vec![json!(["is", "path", "x".repeat(2000)]); 9] }), false, "/filters"),
            (json!({ "filters": [["is", "path", "a\0b"]] }), false, "/filters"),
            (json!({ "description": "" }), false, "/description"),
            (json!({ "id": 1 }), false, "/id"),
        ] {
            let fault = draft(&body, whole).unwrap_err();
            assert_eq!((fault.path.as_str(), fault.code), (path, ErrorCode::InvalidPayload), "{}", fault.message);
        }
    }

    #[test]
    fn the_query_string_names_a_project_alone() {
        assert_eq!(project_in("project=shop").unwrap().as_deref(), Some("shop"));
        assert_eq!(project_in("").unwrap(), None);
        assert_eq!(project_in(&format!("project={}", "x".repeat(129))).unwrap_err().path, "?project");
        assert_eq!(project_in("limit=1").unwrap_err().path, "?limit");
    }
}
