//! Builders of JSON Schemas and parameters.

use serde_json::{Value, json};

/// A reference to a named schema.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Adds a description.
pub(super) fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}

/// A string of `min` to `max` characters.
pub(super) fn text(min: usize, max: usize) -> Value {
    if min == 0 {
        return json!({ "type": "string", "maxLength": max });
    }
    json!({ "type": "string", "minLength": min, "maxLength": max })
}

/// A string that matches a pattern.
pub(super) fn pattern(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// One of some words.
pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "type": "string", "enum": words.into_iter().collect::<Vec<_>>() })
}

/// An object that may have further members.
pub(super) fn object(required: &[&str], properties: Value) -> Value {
    let mut schema = json!({ "type": "object" });
    schema["properties"] = properties;
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// An object without further members.
pub(super) fn closed(required: &[&str], properties: Value) -> Value {
    let mut schema = object(required, properties);
    schema["additionalProperties"] = false.into();
    schema
}

/// Adds examples. A test validates them against the schema.
pub(super) fn examples(mut schema: Value, examples: Value) -> Value {
    schema["examples"] = examples;
    schema
}

/// A query parameter.
pub(super) fn parameter(name: &str, description: &str, schema: Value) -> Value {
    let mut parameter = json!({ "name": name, "in": "query", "description": description });
    parameter["schema"] = schema;
    parameter
}

/// A query parameter that holds several values, separated by commas.
pub(super) fn commas(name: &str, description: &str, schema: Value) -> Value {
    let mut parameter = parameter(name, description, schema);
    parameter["style"] = "form".into();
    parameter["explode"] = false.into();
    parameter
}

/// A query parameter that holds JSON.
pub(super) fn json_parameter(name: &str, description: &str, schema: Value) -> Value {
    let mut parameter = json!({ "name": name, "in": "query", "description": description });
    parameter["content"]["application/json"]["schema"] = schema;
    parameter
}
