//! Converts a tool's arguments to the JSON question of the REST API, and trims events for the model.

use serde_json::{Map, Value, json};

use super::tools::Ask;
use intake::time::Day;
use query::{COMPARE_WORDS, Fault, Path, SourcesBy, spoken, spoken_dates};
use schema::Column;

const PERIODS: &str = "unknown period; use last 30 days, yesterday, last week, 2026-10, 2026-10-01 to 2026-10-15 or a pair of \
     dates";

/// Columns that a model does not need: other columns have the same information.
const LEFT_OUT: [&str; 6] = ["received_at", "url", "referrer", "rule_id", "confidence", "classifier_version"];

/// Members that hold conditions. In all but `filters`, the name of an event can be used instead of a condition.
pub(super) const CONDITIONS: [&str; 8] =
    ["filters", "goal", "steps", "cohort_by", "return", "start", "trigger", "result"];

/// Converts a tool's arguments to a JSON question. `today` is the date in the question's time zone.
///
/// # Errors
/// A period in words is not understood.
pub fn question(ask: Ask, given: &Map<String, Value>, today: Day) -> Result<Value, Fault> {
    let mut question = given.clone();
    question.remove("projects");
    if let Some(Value::String(words)) = question.get("date_range") {
        let period = spoken(words, today).ok_or_else(|| Path::new("/date_range").fault(PERIODS))?;
        question.insert("date_range".to_owned(), period);
    }
    if let Some(compare) = question.remove("compare_to") {
        question.insert("compare".to_owned(), compare);
    } else if ask == Ask::Compare {
        question.insert("compare".to_owned(), "previous_period".into());
    }
    if let Some(Value::String(words)) = question.get("compare")
        && !COMPARE_WORDS.contains(&words.as_str())
    {
        let place = if ask == Ask::Compare { "/compare_to" } else { "/compare" };
        let dates = spoken_dates(words, today).ok_or_else(|| Path::new(place).fault(PERIODS))?;
        question.insert("compare".to_owned(), dates);
    }
    if let Some(bots) = question.remove("include_bots") {
        question.insert("include".to_owned(), json!({ "bots": bots }));
    }
    for name in CONDITIONS {
        match question.get_mut(name) {
            Some(Value::Array(steps)) if name == "steps" => {
                for step in steps {
                    *step = named(step.take());
                }
            }
            Some(condition) if !(name == "cohort_by" && *condition == "first") && name != "filters" => {
                *condition = named(condition.take());
            }
            _ => {}
        }
    }
    let mut default = |name: &str, value: Value| {
        question.entry(name).or_insert(value);
    };
    match ask {
        Ask::Stats => default("limit", 100.into()),
        Ask::Compare => {
            let by = given.get("dimensions").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
            let metrics = json!(["visitors", "events", "pageviews", "sessions"]);
            default("metrics", if by { json!(["visitors", "events"]) } else { metrics });
            default("limit", 20.into());
        }
        Ask::CompareProjects => {
            default("metrics", json!(["visitors", "events"]));
            default("limit", 1.into());
        }
        Ask::Events => default("limit", 50.into()),
        Ask::TopSources | Ask::TopPages => default("limit", 20.into()),
        _ => {}
    }
    let mut only = |name: &str| {
        let event = named(name.into());
        if let Some(Value::Array(filters)) = question.get_mut("filters") {
            filters.push(event);
        } else {
            question.insert("filters".to_owned(), json!([event]));
        }
    };
    let by = given.get("by").and_then(Value::as_str);
    match ask {
        Ask::TopSources => {
            question.insert("metrics".to_owned(), json!(["visitors", "events", "paid_share"]));
            let by = by.and_then(SourcesBy::parse).unwrap_or(SourcesBy::SourceMedium);
            question.insert("dimensions".to_owned(), json!(by.dimensions()));
            question.remove("by");
        }
        Ask::TopPages => {
            let name = by.unwrap_or("path");
            let of_sessions = name.ends_with("_path");
            if !of_sessions {
                only("pageview");
            }
            let metrics =
                if of_sessions { json!(["sessions", "bounce_rate"]) } else { json!(["visitors", "pageviews"]) };
            question.insert("metrics".to_owned(), metrics);
            question.insert("dimensions".to_owned(), json!([name]));
            question.remove("by");
        }
        Ask::Events => {
            if let Some(event) = given.get("event").and_then(Value::as_str) {
                only(event);
            }
            for name in ["event", "properties", "identifiers"] {
                question.remove(name);
            }
        }
        _ => {}
    }
    Ok(question.into())
}

/// Converts the name of an event to a condition; leaves a condition unchanged.
fn named(condition: Value) -> Value {
    match condition {
        Value::String(name) => json!(["is", "event", [name]]),
        other => other,
    }
}

/// Trims single events to what was asked for: identifiers only if `given` says so, properties by their keys, and no
/// empty members.
pub fn trimmed(answer: &mut Value, given: &Map<String, Value>) {
    let shows_ids = given.get("identifiers") == Some(&Value::Bool(true));
    let keys: Vec<&str> =
        given.get("properties").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for row in answer.get_mut("rows").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(row) = row.as_object_mut() else { continue };
        if let Some(Value::Object(properties)) = row.get_mut("properties")
            && !keys.contains(&"*")
        {
            properties.retain(|key, _| keys.contains(&key.as_str()));
        }
        row.retain(|name, value| {
            let is_personal = Column::PERSONAL.iter().any(|column| column.as_str() == name);
            let is_empty = value.is_null() || value == "" || value.as_object().is_some_and(Map::is_empty);
            !is_empty && !LEFT_OUT.contains(&name.as_str()) && (shows_ids || !is_personal)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(ask: Ask, given: &Value) -> Value {
        question(ask, given.as_object().unwrap(), Day::parse("2026-11-21").unwrap()).unwrap()
    }

    #[test]
    fn arguments_become_the_question_of_rest() {
        for (ask, given, wanted) in [
            (
                Ask::Stats,
                json!({ "date_range": "last 30 days", "goal": "signup", "compare": "2026-09", "projects": "all" }),
                json!({ "date_range": "30d", "goal": ["is", "event", ["signup"]], "limit": 100,
                    "compare": ["2026-09-01", "2026-09-30"] }),
            ),
            (
                Ask::TopSources,
                json!({ "by": "channel", "include_bots": true }),
                json!({ "metrics": ["visitors", "events", "paid_share"], "dimensions": ["channel"], "limit": 20,
                    "include": { "bots": true } }),
            ),
            (
                Ask::TopPages,
                json!({ "filters": [["is", "country", "DE"]], "limit": 3 }),
                json!({ "metrics": ["visitors", "pageviews"], "dimensions": ["path"], "limit": 3,
                    "filters": [["is", "country", "DE"], ["is", "event", ["pageview"]]] }),
            ),
            (
                Ask::TopPages,
                json!({ "by": "entry_path" }),
                json!({ "metrics": ["sessions", "bounce_rate"], "dimensions": ["entry_path"], "limit": 20 }),
            ),
            (
                Ask::Compare,
                json!({ "date_range": ["2026-10-01", "2026-10-31"], "compare_to": "last year" }),
                json!({ "date_range": ["2026-10-01", "2026-10-31"], "compare": ["2025-01-01", "2025-12-31"], "limit": 20,
                    "metrics": ["visitors", "events", "pageviews", "sessions"] }),
            ),
            (
                Ask::Events,
                json!({ "event": "a", "properties": ["*"], "identifiers": true }),
                json!({ "filters": [["is", "event", ["a"]]], "limit": 50 }),
            ),
            (
                Ask::Funnel,
                json!({ "steps": ["a", ["is", "path", ["/b"]]] }),
                json!({ "steps": [["is", "event", ["a"]], ["is", "path", ["/b"]]] }),
            ),
            (
                Ask::Retention,
                json!({ "cohort_by": "first", "return": "b" }),
                json!({ "cohort_by": "first", "return": ["is", "event", ["b"]] }),
            ),
        ] {
            assert_eq!(asked(ask, &given), wanted, "{given}");
        }
        let wrong = json!({ "date_range": "some time ago" });
        let fault = question(Ask::Stats, wrong.as_object().unwrap(), Day(0)).unwrap_err();
        assert_eq!(fault.path, "/date_range");
    }

    #[test]
    fn events_have_only_what_was_asked_for() {
        let row = json!({ "event": "a", "anonymous_id": "x", "user_id": "", "url": "https://a/", "path": "/",
            "revenue": null, "properties": { "plan": "pro", "card": 1 } });
        let shown = |given: Value| {
            let mut answer = json!({ "rows": [row] });
            trimmed(&mut answer, given.as_object().unwrap());
            answer["rows"][0].clone()
        };
        assert_eq!(shown(json!({})), json!({ "event": "a", "path": "/" }));
        let wanted = json!({ "event": "a", "path": "/", "anonymous_id": "x", "properties": { "plan": "pro" } });
        assert_eq!(shown(json!({ "identifiers": true, "properties": ["plan", "none"] })), wanted);
        assert_eq!(shown(json!({ "properties": ["*"] }))["properties"]["card"], 1);
    }
}
