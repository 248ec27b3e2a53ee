//! Saved segments: parses what a caller sends to create or change one (`docs/queries.md`). How questions refer to
//! segments is in [`crate::references`].

use serde_json::{Map, Value};

use super::fault::Fault;
use super::filter::{self, Filter};
use super::frame::members;
use super::given::{Given, place};
use super::member::Members as _;
use super::read::project;
pub use super::references::{MAX_NAME, MAX_NAMED, Noted, Saved, Segments};
use intake::error::ErrorCode;
use statement::Binder;
use statement::Statement;

/// Members that a caller can set.
pub const MEMBERS: &[&str] = &["name", "description", "filters"];
/// Query parameters of the segment routes.
pub const KNOWN: &[&str] = &["project"];
/// Maximum length of a description, in characters.
pub const MAX_DESCRIPTION: usize = 500;
/// Maximum size of a segment's conditions as JSON, in bytes.
pub const MAX_BYTES: usize = 16 * 1024;
/// A new segment, or the changes to one.
#[derive(Debug)]
pub struct Draft {
    /// The members to store.
    pub members: Map<String, Value>,
    /// A statement that fails if a regular expression is invalid; `None` if the filters have none. Only the event store
    /// can check RE2 syntax.
    pub trial: Option<Statement>,
}

/// Parses a full segment, or a partial update if `whole` is false.
///
/// # Errors
/// `invalid_payload` with the path of the first invalid member, and what is allowed there.
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
        let message = format!("must be a string of 1 to {MAX_NAME} characters on one line, and not a UUID");
        draft.insert("name".to_owned(), name.ok_or_else(|| path.fault(message))?.into());
    }
    let (value, path) = given.member("description");
    if given.contains_key("description") {
        let description = match value {
            None => Value::Null,
            Some(value) => line(value, MAX_DESCRIPTION)
                .ok_or_else(|| {
                    path.fault(format!("must be null or a string of 1 to {MAX_DESCRIPTION} characters on one line"))
                })?
                .into(),
        };
        draft.insert("description".to_owned(), description);
    }
    let (value, path) = given.member("filters");
    if whole || given.contains_key("filters") {
        let value = value.filter(|value| value.as_array().is_some_and(|list| !list.is_empty()));
        let value = value.ok_or_else(|| {
            path.fault("must be a list of at least one condition such as [\"is\",\"country\",[\"DE\"]]")
        })?;
        tried = trial(&filter::read_all(value, &path, Segments::Closed)?);
        if value.to_string().len() > MAX_BYTES || has_nul(value) {
            return Err(path.fault(format!("must have at most {MAX_BYTES} bytes of JSON, and no NUL character")));
        }
        draft.insert("filters".to_owned(), value.clone());
    }
    Ok(Draft { members: draft, trial: tried })
}

/// Whether a string contains NUL, the one character that PostgreSQL cannot store.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        _ => false,
    }
}

/// The string without surrounding white space; `None` if it is empty, too long or has control characters.
fn line(value: &Value, longest: usize) -> Option<String> {
    let text = value.as_str()?.trim();
    let fits = (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// Parses the query string of a segment route: the project's slug or id, if it names one.
///
/// # Errors
/// The parameter is unknown, repeated, or not a slug or id.
pub fn project_in(query: &str) -> Result<Option<String>, Fault> {
    let given = Given::read(query, KNOWN)?;
    let Some(name) = given.text("project") else { return Ok(None) };
    let mut members = Map::new();
    members.insert("project".to_owned(), name.into());
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
            (
                json!([["is", "segment", ["DACH", "buyer"]]]),
                "/filters/0/2/1",
                "did you mean \"Buyers\"? Allowed: Buyers, DACH, Mobile",
            ),
            (json!([["not", ["is", "segment", "dahc"]]]), "/filters/0/1/2", "Allowed: DACH, "),
            (json!([["is", "segment", []]]), "/filters/0/2", "1 to 10"),
            (json!([["is", "segment", 7]]), "/filters/0/2", "name or id"),
            (json!([["is", "segment", [null]]]), "/filters/0/2/0", "name or id"),
            (json!([["is", "segment", "x".repeat(101)]]), "/filters/0/2", "name or id"),
            (json!([["contains", "segment", "D"]]), "/filters/0/1", "is and is_not"),
            (json!([["exists", "segment"]]), "/filters/0/1", "is and is_not"),
            (json!([["gt", "segment", 1]]), "/filters/0/1", "revenue or prop:KEY"),
            (json!([["is", "segment", "landed"]]), "/filters", "entry_path"),
            (json!([["has_done", ["is", "segment", "landed"]]]), "/filters/0/1", "entry_path"),
            (json!([["has_done", ["is", "segment", "came"]]]), "/filters/0/1", "inside has_done"),
            (json!([["is", "segment", "large"], ["is", "segment", "large"]]), "/filters/1/2", "at most 100"),
        ] {
            let fault = read(&filters, Segments::Saved(&saved)).unwrap_err();
            assert_eq!(fault.path, path, "{filters}: {}", fault.message);
            assert!(fault.message.contains(message), "{filters}: {}", fault.message);
        }
        let none = Saved::default();
        let fault = read(&json!([["is", "segment", "a"]]), Segments::Saved(&none)).unwrap_err();
        assert!(fault.message.contains("has no segments"), "{}", fault.message);
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
