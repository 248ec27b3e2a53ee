//! Schemas of types, without what clients do not support: references and alternatives are expanded.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::super::arguments::KEYWORDS;
use super::parts::condition;

/// A type's schema with its definitions.
pub(super) struct Derived {
    pub(super) schema: Value,
    definitions: Map<String, Value>,
}

pub(super) fn derived(settings: SchemaSettings, schema: impl FnOnce(&mut SchemaGenerator) -> Schema) -> Derived {
    let mut generator = SchemaGenerator::new(settings);
    let schema = schema(&mut generator).to_value();
    Derived { schema, definitions: generator.take_definitions(true) }
}

pub(super) fn of<T: JsonSchema>() -> Derived {
    derived(SchemaSettings::draft2020_12(), SchemaGenerator::subschema_for::<T>)
}

impl Derived {
    pub(super) fn resolved<'a>(&'a self, schema: &'a Value) -> (&'a Value, Option<&'a str>) {
        match schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            Some(name) => (&self.definitions[name], Some(name)),
            None => (schema, None),
        }
    }

    /// A schema without references and alternatives, of the keywords that every client knows.
    pub(super) fn simple(&self, schema: &Value) -> Value {
        let (resolved, name) = self.resolved(schema);
        let mut simple = match name {
            Some("Filter") => condition(),
            Some("Metric") => return json!({ "type": "string" }),
            // The members depend on the question, or are those of the whole answer.
            Some("StatsRow" | "StoredEvent") => json!({ "type": "object" }),
            Some(name) if name.ends_with("Meta") => json!({ "type": "object" }),
            _ => self.written_out(resolved),
        };
        for place in [schema, resolved] {
            if let Some(description) = place.get("description")
                && simple.get("description").is_none()
            {
                simple["description"] = description.as_str().unwrap_or_default().replace('\n', " ").into();
            }
        }
        simple
    }

    fn written_out(&self, schema: &Value) -> Value {
        let mut simple = Map::new();
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            match keyword.as_str() {
                "properties" => {
                    let members = value.as_object().into_iter().flatten();
                    let member_of = |(name, member): (&String, &Value)| match name.as_str() {
                        // The members are those of the whole answer.
                        "breakdown" if member["type"] == json!(["array", "null"]) => {
                            let description = member["description"].clone();
                            (
                                name.clone(),
                                json!({ "type": "array", "items": { "type": "object" }, "description": description }),
                            )
                        }
                        _ => (name.clone(), self.simple(member)),
                    };
                    let members: Map<String, Value> = members.map(member_of).collect();
                    simple.insert("properties".to_owned(), members.into());
                }
                "items" => {
                    simple.insert("items".to_owned(), if value.is_object() { self.simple(value) } else { json!({}) });
                }
                "additionalProperties" if !value.is_boolean() => {}
                "anyOf" | "allOf" | "oneOf" => {
                    let either: Vec<Value> =
                        value.as_array().into_iter().flatten().map(|one| self.simple(one)).collect();
                    merge(&mut simple, &either);
                }
                "const" => {
                    simple.insert("enum".to_owned(), json!([value]));
                }
                known if KEYWORDS.contains(&known) => {
                    simple.insert(keyword.clone(), value.clone());
                }
                _ => {}
            }
        }
        simple.into()
    }
}

/// Puts alternatives into one schema that allows them all. The handler of the question checks the rest.
fn merge(into: &mut Map<String, Value>, either: &[Value]) {
    let mut types: Vec<Value> = Vec::new();
    let all_words = either.iter().all(|one| one["type"] == "null" || one.get("enum").is_some());
    let mut words = Vec::new();
    for one in either {
        let own = std::slice::from_ref(&one["type"]);
        for name in one["type"].as_array().map_or(own, Vec::as_slice).iter().filter(|name| name.is_string()) {
            if !types.contains(name) {
                types.push(name.clone());
            }
        }
        words.extend(one["enum"].as_array().cloned().unwrap_or_default());
        for (keyword, value) in one.as_object().into_iter().flatten() {
            if !["type", "enum", "description", "examples", "default"].contains(&keyword.as_str()) {
                into.entry(keyword.clone()).or_insert_with(|| value.clone());
            }
            if keyword == "description" && either.len() == 2 && types.len() == 1 {
                into.entry(keyword.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    if all_words && !words.is_empty() {
        into.insert("enum".to_owned(), words.into());
    } else if let [one] = types.as_slice() {
        into.insert("type".to_owned(), one.clone());
    } else if !types.is_empty() {
        into.insert("type".to_owned(), types.into());
    }
}

/// An optional argument is left out, never null.
pub(super) fn without_null(schema: &mut Value) {
    for (_, member) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        without_null(member);
    }
    if let Some(types) = schema["type"].as_array() {
        let types: Vec<Value> = types.iter().filter(|name| *name != "null").cloned().collect();
        schema["type"] = match types.as_slice() {
            [one] => one.clone(),
            _ => types.into(),
        };
    }
    if schema.get("type").is_some_and(Value::is_null) {
        schema.as_object_mut().unwrap().remove("type");
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
}

/// Leaves out of an answer's schema what a model does not need: it reads the list of tools in every conversation.
pub(super) fn shorten(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    for keyword in ["minimum", "default", "examples"] {
        members.remove(keyword);
    }
    if members.get("type") == Some(&json!("object")) && members.get("required").is_some_and(Value::is_array) {
        members.remove("description");
    }
    members.get_mut("items").into_iter().for_each(shorten);
    for (_, member) in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        shorten(member);
    }
}
