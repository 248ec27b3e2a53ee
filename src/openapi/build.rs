//! Small parts that schemas are made of.

use serde_json::{Value, json};

/// A schema by its name.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// With a sentence for people.
pub(super) fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}

/// A text of some characters.
pub(super) fn text(min: usize, max: usize) -> Value {
    if min == 0 {
        return json!({ "type": "string", "maxLength": max });
    }
    json!({ "type": "string", "minLength": min, "maxLength": max })
}

/// A text of a form.
pub(super) fn pattern(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// One of some words.
pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "type": "string", "enum": words.into_iter().collect::<Vec<_>>() })
}

/// A list.
pub(super) fn list(items: &Value, max: usize) -> Value {
    json!({ "type": "array", "items": items, "maxItems": max })
}

/// A number of things.
pub(super) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

/// `2026-11-21T10:00:00.000Z`, as all answers tell time.
pub(super) fn instant() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// The schema, or null, which stands for nothing.
pub(super) fn or_null(mut schema: Value) -> Value {
    let plain = schema.get("type").and_then(Value::as_str).map(ToOwned::to_owned);
    match plain {
        Some(kind) if schema.get("enum").is_none() => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        _ => {
            let description = schema.as_object_mut().and_then(|members| members.remove("description"));
            let mut either = json!({ "anyOf": [schema, { "type": "null" }] });
            if let Some(description) = description {
                either["description"] = description;
            }
            either
        }
    }
}

/// Each member may be null, too, which is as good as absent.
pub(super) fn each_or_null(mut properties: Value) -> Value {
    for (_, schema) in properties.as_object_mut().into_iter().flatten() {
        *schema = or_null(schema.take());
    }
    properties
}

/// An object; members that are not named may come.
pub(super) fn object(required: &[&str], properties: Value) -> Value {
    let mut schema = json!({ "type": "object" });
    schema["properties"] = properties;
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// An object of these members alone.
pub(super) fn closed(required: &[&str], properties: Value) -> Value {
    let mut schema = object(required, properties);
    schema["additionalProperties"] = false.into();
    schema
}

/// With examples, which a test holds against the schema.
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
