//! What must be said beside the numbers: their period, what was cut off, and what an empty answer means.

use serde_json::Value;

use super::question::CONDITIONS;
use super::text::quoted;
use super::tools::Ask;
use query::nearest;

/// Names that may have been meant.
const NEAREST: usize = 5;

/// Names in a question that may not exist.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Of events.
    pub events: Vec<String>,
    /// Keys of properties.
    pub properties: Vec<String>,
    /// Dimensions and the values they are to have.
    pub values: Vec<(String, Vec<String>)>,
}

/// What is to be said of an answer, and whether nothing was found.
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
        notes.push(format!(
            "Only the first {rows} rows: there are more. Ask with next_cursor as cursor for the next ones."
        ));
    } else if meta.get("truncated") == Some(&Value::Bool(true)) {
        notes.push("Cut off: there are more rows than are shown.".to_owned());
    }
    for note in meta.get("notes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        notes.push(format!("Note: {note}."));
    }
    if let Some(share) = meta.get("cookieless_excluded").and_then(Value::as_f64).filter(|share| *share > 0.0) {
        notes.push(format!("{share} % of the events have no id and cannot be followed: they are left out."));
    }
    match ask {
        Ask::Realtime => notes.push("Whole minutes of UTC, the running one included.".to_owned()),
        Ask::Schema => notes.push("The last 90 days; 200 events and 100 keys of each at most.".to_owned()),
        _ => {}
    }
    let is_empty = is_empty(ask, answer);
    if is_empty {
        notes.push("No data: nothing fits this question in this period.".to_owned());
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
        // One step that nobody takes is worth a look at its name.
        Ask::Funnel => list("steps").iter().any(|step| is_nothing(step.get("count"))),
        Ask::Retention => list("rows").iter().all(|row| is_nothing(row.get("size"))),
        Ask::Journeys => is_nothing(answer.pointer("/start/count")),
        Ask::Match => is_nothing(answer.get("triggers")) || is_nothing(answer.get("matched")),
        Ask::Realtime => list("windows").iter().all(|window| is_nothing(window.get("events"))),
        Ask::Schema => list("events").is_empty(),
        Ask::Segments | Ask::Explain | Ask::Definitions | Ask::Track | Ask::Projects | Ask::Usage => false,
    }
}

/// The names that a question hangs on.
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

/// What may have been meant instead: names that are not among those of the schema.
pub fn instead_of(named: &Named, schema: &Value) -> Vec<String> {
    let events: Vec<&Value> = schema.get("events").and_then(Value::as_array).into_iter().flatten().collect();
    if events.is_empty() {
        return vec!["The project has no events at all in the last 90 days.".to_owned()];
    }
    let name_of = |event: &&'_ Value| event.get("name").and_then(Value::as_str).map(str::to_owned);
    let known: Vec<String> = events.iter().filter_map(name_of).collect();
    let keys: Vec<String> = events
        .iter()
        .flat_map(|event| event.get("properties").and_then(Value::as_array).into_iter().flatten())
        .filter_map(|property| property.get("key").and_then(Value::as_str).map(str::to_owned))
        .collect();
    let told = |what: &str, wanted: &[String], known: &[String]| -> Vec<String> {
        let missing = wanted.iter().filter(|wanted| !known.contains(wanted));
        missing.map(|wanted| unknown(what, wanted, known)).collect()
    };
    [told("event", &named.events, &known), told("property", &named.properties, &keys)].concat()
}

/// A name that is not there, and those that are nearest to it.
pub(super) fn unknown(what: &str, wanted: &str, known: &[String]) -> String {
    let mut all: Vec<&str> = known.iter().map(String::as_str).collect();
    all.sort_unstable();
    all.dedup();
    let near: Vec<String> = nearest(all.into_iter(), wanted, NEAREST).into_iter().map(quoted).collect();
    let wanted = quoted(wanted);
    if near.is_empty() {
        return format!("There is no {what} {wanted}; there is none at all.");
    }
    format!("There is no {what} {wanted} in the last 90 days. The nearest names: {}.", near.join(", "))
}

impl Named {
    /// What may have been meant instead of a dimension's values, by the rows of a question grouped by it.
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
    fn an_answer_is_told_with_its_period_and_caps() {
        let answer = json!({ "metrics": ["visitors"], "rows": [{ "visitors": 3 }], "next_cursor": "abc",
            "meta": { "from": "a", "to": "b", "timezone": "Europe/Berlin", "compare": { "from": "c", "to": "d" } } });
        let (told, is_empty) = notes(Ask::Stats, &answer);
        assert!(!is_empty);
        assert!(told[0].contains("a up to b (not included), time zone Europe/Berlin"));
        assert!(told[1].contains("c up to d") && told[2].contains("first 1 rows"));
    }

    #[test]
    fn nothing_is_nothing() {
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
    fn names_that_are_not_there_have_others_near_them() {
        let question = json!({ "filters": [["not", ["is", "event", ["sign_up"]]], ["is", "country", "GB"], ["exists", "prop:plam"]],
            "steps": [["is", "event", ["signup"]]], "breakdown": "prop:plan" });
        let named = names_in(&question);
        assert_eq!(named.events, ["sign_up", "signup"]);
        assert_eq!(named.properties, ["plam", "plan"]);
        assert_eq!(named.values, [("country".to_owned(), vec!["GB".to_owned()])]);
        let schema =
            json!({ "events": [{ "name": "signup", "properties": [{ "key": "plan" }] }, { "name": "purchase" }] });
        let told = instead_of(&named, &schema);
        assert!(told[0].contains("no event \"sign_up\"") && told[0].contains("\"signup\", \"purchase\""), "{told:?}");
        assert!(told[1].contains("no property \"plam\"") && told.len() == 2, "{told:?}");
        let rows = json!({ "rows": [{ "country": "UK" }, { "country": "" }] });
        assert!(Named::other_values("country", &["GB".to_owned()], &rows)[0].contains("\"UK\""));
    }
}
