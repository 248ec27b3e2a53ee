//! The arguments of a tool that asks a report.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::parts::{condition, named, parts};
use super::simple::{derived, without_null};
use query::{Interval, Kind};
use schema::Column;

/// The arguments of a tool that asks a report: the members of its question, as a model says them.
pub(super) fn of_question(kind: &Kind) -> Value {
    let derived = derived(SchemaSettings::draft2020_12(), kind.question.expect("the report has a question"));
    let question = derived.resolved(&derived.schema).0;
    let parts = parts();
    let mut properties = Map::new();
    for (name, member) in question["properties"].as_object().unwrap() {
        let is_bots_alone = || member.to_string().contains("IncludeBots");
        match name.as_str() {
            "project" => continue,
            "include" if is_bots_alone() => {
                properties.insert("include_bots".to_owned(), true.into());
                continue;
            }
            name if parts.contains_key(name) => {
                properties.insert(name.to_owned(), true.into());
                continue;
            }
            _ => {}
        }
        let is_condition = |schema: &Value| schema.to_string().contains("/Filter\"");
        let mut simple = derived.simple(member);
        without_null(&mut simple);
        if is_condition(&member["items"]) {
            simple["items"] = named(condition());
        } else if is_condition(member) {
            let description = simple["description"].as_str().unwrap_or_default();
            let description = format!("{description} Also the name of an event.");
            let mut either = named(condition());
            either["description"] = description.into();
            simple = either;
        } else if name == "window" {
            simple["maxLength"] = 8.into();
        } else if name == "dimensions" {
            simple["type"] = "array".into();
            simple["items"] = json!({ "type": "string", "maxLength": 210 });
            let times: Vec<String> = Interval::ALL.iter().map(|width| format!("time:{}", width.as_str())).collect();
            let described = format!(
                "Group by up to {} of: {}, prop:KEY, and one of {}. Metrics of sessions cannot be grouped by {}.",
                query::MAX_DIMENSIONS,
                Column::names(Column::GROUPABLE),
                times.join(", "),
                Column::not_of_sessions()
            );
            simple["description"] = described.into();
        } else if name == "limit" && kind == query::STATS {
            simple["maximum"] = 1000.into();
            simple["default"] = 100.into();
        } else if name == "order_by" {
            simple["maxItems"] = 20.into();
            simple["items"] = json!({ "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 2 });
        } else if name == "result_by" {
            simple["maxLength"] = 210.into();
        } else if name == "on" {
            simple.as_object_mut().unwrap().remove("enum");
            simple["type"] = "string".into();
            simple["maxLength"] = 210.into();
        }
        properties.insert(name.clone(), simple);
    }
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if let Some(required) = question.get("required") {
        schema["required"] = required.clone();
    }
    schema
}
