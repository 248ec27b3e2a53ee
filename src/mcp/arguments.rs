//! Validates arguments against the tool's input schema, the same that clients see. Supports a part of JSON Schema
//! 2020-12; a test checks that the schemas use no other keyword.

use serde_json::{Map, Value};

use query::{Fault, Path, unknown, unknown_member};

/// Supported keywords.
#[cfg(test)]
pub(super) const KEYWORDS: &[&str] = &[
    "type",
    "enum",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "description",
    "examples",
    "default",
];

/// Validates a value.
///
/// # Errors
/// The first path at which it does not match the schema, and what is allowed there. Values of an `enum` are strings.
pub(super) fn check(schema: &Value, value: &Value, path: &Path<'_>) -> Result<(), Fault> {
    if let Some(wanted) = schema.get("type") {
        let one = std::slice::from_ref(wanted);
        let types = wanted.as_array().map_or(one, Vec::as_slice);
        if !types.iter().any(|name| is_of(value, name.as_str().unwrap_or_default())) {
            let names: Vec<&str> = types.iter().filter_map(Value::as_str).collect();
            return Err(path.fault(format!("must be of type {}", names.join(" or "))));
        }
    }
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.contains(value)
    {
        return Err(path.fault(unknown(value, allowed.iter().filter_map(Value::as_str))));
    }
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    let within = |count: usize, least: &str, most: &str, of: &str| {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        match (bound(least), bound(most)) {
            (Some(least), _) if count < least => Err(path.fault(format!("must have at least {least} {of}"))),
            (_, Some(most)) if count > most => Err(path.fault(format!("must have at most {most} {of}"))),
            _ => Ok(()),
        }
    };
    match value {
        Value::String(text) => within(text.chars().count(), "minLength", "maxLength", "characters"),
        Value::Number(number) => {
            let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
            let number = number.as_f64().unwrap_or(f64::NAN);
            match (limit("minimum"), limit("maximum")) {
                (Some(least), _) if number < least => Err(path.fault(format!("must be at least {least}"))),
                (_, Some(most)) if number > most => Err(path.fault(format!("must be at most {most}"))),
                _ => Ok(()),
            }
        }
        Value::Array(items) => {
            within(items.len(), "minItems", "maxItems", "items")?;
            let Some(schema) = schema.get("items") else { return Ok(()) };
            items.iter().enumerate().try_for_each(|(index, item)| check(schema, item, &path.index(index)))
        }
        Value::Object(members) => object(schema, members, path),
        Value::Null | Value::Bool(_) => Ok(()),
    }
}

fn object(schema: &Value, members: &Map<String, Value>, path: &Path<'_>) -> Result<(), Fault> {
    let known = schema.get("properties").and_then(Value::as_object);
    for (name, value) in members {
        match known.and_then(|known| known.get(name)) {
            Some(schema) => check(schema, value, &path.member(name))?,
            None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                let names: Vec<&str> = known.into_iter().flat_map(Map::keys).map(String::as_str).collect();
                let message = match names.as_slice() {
                    [] => "is unknown; this tool has no arguments".to_owned(),
                    names => unknown_member(name, names),
                };
                return Err(path.member(name).fault(message));
            }
            None => {}
        }
    }
    let required = schema.get("required").and_then(Value::as_array);
    match required.into_iter().flatten().filter_map(Value::as_str).find(|name| !members.contains_key(*name)) {
        Some(name) => Err(path.member(name).fault("is missing")),
        None => Ok(()),
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_mismatch_is_reported_with_its_path() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["a"],
            "properties": {
                "a": { "type": ["string", "array"], "maxLength": 3, "maxItems": 2, "items": { "type": "string" } },
                "n": { "type": "integer", "minimum": 1, "maximum": 9 },
                "w": { "enum": ["x", "y"] },
            },
        });
        let fault = |value: Value| check(&schema, &value, &Path::new("")).unwrap_err();
        for (value, path, message) in [
            (json!([]), "", "type object"),
            (json!({}), "/a", "missing"),
            (json!({ "a": 1 }), "/a", "string or array"),
            (json!({ "a": "abcd" }), "/a", "at most 3 characters"),
            (json!({ "a": ["x", 1] }), "/a/1", "type string"),
            (json!({ "a": ["x", "x", "x"] }), "/a", "at most 2 items"),
            (json!({ "a": "", "n": 0 }), "/n", "at least 1"),
            (json!({ "a": "", "n": 10 }), "/n", "at most 9"),
            (json!({ "a": "", "n": 1.5 }), "/n", "type integer"),
            (json!({ "a": "", "w": "z" }), "/w", "unknown value \"z\". Allowed: x, y"),
            (json!({ "a": "", "b/c": 1 }), "/b~1c", "is unknown. Allowed: a, n, w"),
        ] {
            let found = fault(value.clone());
            assert_eq!(found.path, path, "{value}");
            assert!(found.message.contains(message), "{value}: {}", found.message);
        }
        assert!(check(&schema, &json!({ "a": ["x"], "n": 9, "w": "y" }), &Path::new("")).is_ok());
    }
}
