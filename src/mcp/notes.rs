//! Notes for the model: the period, what was cut off, and what an empty answer means.

use serde_json::Value;

use super::question::CONDITIONS;
use super::text::quoted;
use super::tools::Ask;
use intake::set;
use query::nearest;

/// Maximum number of suggested names.
const NEAREST: usize = 5;

/// Names in a question that may not exist.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Names of events.
    pub events: Vec<String>,
    /// Keys of properties.
    pub properties: Vec<String>,
    /// Dimensions with the values that filters require.
    pub values: Vec<(String, Vec<String>)>,
}

/// Writes the notes of an answer, and says whether the answer is empty.
pub fn notes(ask: Ask, answer: &Value) -> (Vec<String>, bool) {
    let mut notes = Vec::new();
    let meta = answer.get("meta").unwrap_or(&Value::Null);
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (from, to) = (text(meta, "from"), text(meta, "to"));
    if !from.is_empty() {
        let zone = meta.get("timezone").and_then(Value::as_str).unwrap_or("UTC");
        notes.push(format!("Period: {from} up to {to} (not included), time zone {zone}."));
    }
    if let Some(other) = meta.get("compare") {
        notes.push(format!("Compared with {} up to {}.", text(other, "from"), text(other, "to")));
    }
    let rows = answer.get("rows").and_then(Value::as_array).map_or(0, Vec::len);
    if answer.get("next_cursor").is_some_and(Value::is_string) {
        notes
            .push(format!("Only the first {rows} rows; there are more. Pass next_cursor as cursor for the next page."));
    } else if meta.get("truncated") == Some(&Value::Bool(true)) {
        notes.push("Cut off: there are more rows than shown.".to_owned());
    }
    for note in meta.get("notes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        notes.push(format!("Note: {note}."));
    }
    if let Some(share) = meta.get("cookieless_excluded").and_then(Value::as_f64).filter(|share| *share > 0.0) {
        notes.push(format!("{share} % of the events have no id, cannot be followed and are left out."));
    }
    match ask {
        Ask::Realtime => notes.push("Whole UTC minutes, including the current one.".to_owned()),
        Ask::Schema => notes.push("The last 90 days; at most 200 events, and 100 keys of each.".to_owned()),
        _ => {}
    }
    let is_empty = is_empty(ask, answer);
    if is_empty {
        notes.push("No data: nothing matches this question in this period.".to_owned());
    }
    (notes, is_empty)
}

fn is_empty(ask: Ask, answer: &Value) -> bool {
    let list = |name: &str| answer.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_nothing = |value: Option<&Value>| match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(members)) => members.is_empty(),
        Some(value) => value.as_f64() == Some(0.0),
    };
    match ask {
        Ask::Stats | Ask::TopSources | Ask::TopPages | Ask::Compare | Ask::CompareProjects => {
            let metrics = list("metrics");
            list("rows")
                .iter()
                .all(|row| metrics.iter().filter_map(Value::as_str).all(|metric| is_nothing(row.get(metric))))
        }
        Ask::Events => list("rows").is_empty(),
        // A step without any match may have a misspelled name.
        Ask::Funnel => list("steps").iter().any(|step| is_nothing(step.get("count"))),
        Ask::Retention => list("rows").iter().all(|row| is_nothing(row.get("size"))),
        Ask::Journeys => is_nothing(answer.pointer("/start/count")),
        Ask::Match => is_nothing(answer.get("triggers")) || is_nothing(answer.get("matched")),
        Ask::Realtime => list("windows").iter().all(|window| is_nothing(window.get("events"))),
        Ask::Schema => list("events").is_empty(),
        Ask::Segments | Ask::Explain | Ask::Definitions | Ask::Track | Ask::Projects | Ask::Usage => false,
    }
}

/// Collects the names in a question that may not exist.
pub fn names_in(question: &Value) -> Named {
    let mut named = Named::default();
    for name in CONDITIONS {
        if let Some(part) = question.get(name) {
            look(part, &mut named);
        }
    }
    let listed = question.get("dimensions").and_then(Value::as_array).into_iter().flatten();
    for name in listed.chain(question.get("breakdown")).chain(question.get("result_by")).filter_map(Value::as_str) {
        if let Some(key) = name.strip_prefix("prop:") {
            add(&mut named.properties, key);
        }
    }
    named
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn look(value: &Value, named: &mut Named) {
    let Value::Array(items) = value else { return };
    if let [Value::String(operator), Value::String(subject), rest @ ..] = items.as_slice() {
        if let Some(key) = subject.strip_prefix("prop:") {
            add(&mut named.properties, key);
        }
        let values = rest.first().map(|values| values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice));
        let values: Vec<&str> = values.unwrap_or_default().iter().filter_map(Value::as_str).collect();
        match (operator.as_str(), subject.as_str()) {
            ("is" | "is_not", "event") => values.iter().for_each(|name| add(&mut named.events, name)),
            ("is", subject) if subject != "segment" => {
                named.values.push((subject.to_owned(), values.into_iter().map(str::to_owned).collect()));
            }
            _ => {}
        }
        return;
    }
    for item in items {
        look(item, named);
    }
}

/// For each name that the schema lacks, a hint with the nearest names.
pub fn instead_of(named: &Named, schema: &Value) -> Vec<String> {
    let events: Vec<&Value> = schema.get("events").and_then(Value::as_array).into_iter().flatten().collect();
    if events.is_empty() {
        return vec!["The project has no events in the last 90 days.".to_owned()];
    }
    let name_of = |event: &&'_ Value| event.get("name").and_then(Value::as_str).map(str::to_owned);
    let known: Vec<String> = events.iter().filter_map(name_of).collect();
    let keys: Vec<String> = events
        .iter()
        .flat_map(|event| event.get("properties").and_then(Value::as_array).into_iter().flatten())
        .filter_map(|property| property.get("key").and_then(Value::as_str).map(str::to_owned))
        .collect();
    let missing = |what: &str, wanted: &[String], known: &[String]| -> Vec<String> {
        let absent = wanted.iter().filter(|wanted| !known.contains(wanted));
        absent.map(|wanted| unknown(what, wanted, known)).collect()
    };
    [missing("event", &named.events, &known), missing("property", &named.properties, &keys)].concat()
}

/// A hint for a name that does not exist, with the nearest names.
pub(super) fn unknown(what: &str, wanted: &str, known: &[String]) -> String {
    let all = set::of(known.iter().map(String::as_str));
    let near: Vec<String> = nearest(all.into_iter(), wanted, NEAREST).into_iter().map(quoted).collect();
    let wanted = quoted(wanted);
    if near.is_empty() {
        return format!("There is no {what} {wanted}; the project has none.");
    }
    format!("There is no {what} {wanted} in the last 90 days. The nearest names: {}.", near.join(", "))
}

impl Named {
    /// A hint for each value of a dimension that does not occur in `rows`, the answer grouped by that dimension.
    pub fn other_values(dimension: &str, wanted: &[String], rows: &Value) -> Vec<String> {
        let known: Vec<String> = rows
            .get("rows")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|row| row.get(dimension).and_then(Value::as_str).filter(|value| !value.is_empty()))
            .map(str::to_owned)
            .collect();
        let missing = wanted.iter().filter(|wanted| !known.contains(wanted));
        missing
            .map(|wanted| {
                unknown(&format!("value of {dimension}"), wanted, &known)
                    .replace(" in the last 90 days", " in this period")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn notes_name_the_period_and_what_was_cut_off() {
        let answer = json!({ "metrics": ["visitors"], "rows": [{ "visitors": 3 }], "next_cursor": "abc",
            "meta": { "from": "a", "to": "b", "timezone": "Europe/Berlin", "compare": { "from": "c", "to": "d" } } });
        let (notes, is_empty) = notes(Ask::Stats, &answer);
        assert!(!is_empty);
        assert!(notes[0].contains("a up to b (not included), time zone Europe/Berlin"));
        assert!(notes[1].contains("c up to d") && notes[2].contains("first 1 rows"));
    }

    #[test]
    fn an_empty_answer_is_recognised() {
        for (ask, answer) in [
            (Ask::Stats, json!({ "metrics": ["visitors", "revenue"], "rows": [{ "visitors": 0, "revenue": {} }] })),
            (Ask::TopSources, json!({ "metrics": ["visitors"], "rows": [] })),
            (Ask::Funnel, json!({ "steps": [{ "count": 3 }, { "count": 0 }] })),
            (Ask::Retention, json!({ "rows": [{ "size": 0 }] })),
            (Ask::Events, json!({ "rows": [] })),
        ] {
            assert!(notes(ask, &answer).1, "{answer}");
        }
        assert!(!notes(Ask::Stats, &json!({ "metrics": ["visitors"], "rows": [{ "visitors": 1 }] })).1);
    }

    #[test]
    fn unknown_names_get_suggestions() {
        let question = json!({ "filters": [["not", ["is", "event", ["sign_up"]]], ["is", "country", "GB"], ["exists", "prop:plam"]],
            "steps": [["is", "event", ["signup"]]], "breakdown": "prop:plan" });
        let named = names_in(&question);
        assert_eq!(named.events, ["sign_up", "signup"]);
        assert_eq!(named.properties, ["plam", "plan"]);
        assert_eq!(named.values, [("country".to_owned(), vec!["GB".to_owned()])]);
        let schema =
            json!({ "events": [{ "name": "signup", "properties": [{ "key": "plan" }] }, { "name": "purchase" }] });
        let hints = instead_of(&named, &schema);
        assert!(
            hints[0].contains("no event \"sign_up\"") && hints[0].contains("\"signup\", \"purchase\""),
            "{hints:?}"
        );
        assert!(hints[1].contains("no property \"plam\"") && hints.len() == 2, "{hints:?}");
        let rows = json!({ "rows": [{ "country": "UK" }, { "country": "" }] });
        assert!(Named::other_values("country", &["GB".to_owned()], &rows)[0].contains("\"UK\""));
    }
}
