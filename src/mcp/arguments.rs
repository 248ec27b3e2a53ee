//! Arguments against a tool's input schema: what the schema says to clients is what holds here. A part of JSON
//! Schema 2020-12; a test sees to it that the schemas use no other.

use serde_json::{Map, Value};

use query::{Fault, Path};

/// Keywords that are understood.
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

/// Whether a value fits a schema.
///
/// # Errors
/// The first place where it does not, and what is expected there.
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
        let names: Vec<String> =
            allowed.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect();
        return Err(path.fault(format!("must be one of {}", names.join(", "))));
    }
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    let within = |count: usize, least: &str, most: &str, of: &str| {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        match (bound(least), bound(most)) {
            (Some(least), _) if count < least => Err(path.fault(format!("must have {least} {of} at least"))),
            (_, Some(most)) if count > most => Err(path.fault(format!("must have {most} {of} at most"))),
            _ => Ok(()),
        }
    };
    match value {
        Value::String(text) => within(text.chars().count(), "minLength", "maxLength", "characters"),
        Value::Number(number) => {
            let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
            let number = number.as_f64().unwrap_or(f64::NAN);
            match (limit("minimum"), limit("maximum")) {
                (Some(least), _) if number < least => Err(path.fault(format!("must be {least} at least"))),
                (_, Some(most)) if number > most => Err(path.fault(format!("must be {most} at most"))),
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
                let allowed = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
                return Err(path.member(name).fault(format!("is not known; this tool takes {allowed}")));
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
    fn what_does_not_fit_is_told_with_its_place() {
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
            (json!({ "a": "abcd" }), "/a", "3 characters at most"),
            (json!({ "a": ["x", 1] }), "/a/1", "type string"),
            (json!({ "a": ["x", "x", "x"] }), "/a", "2 items at most"),
            (json!({ "a": "", "n": 0 }), "/n", "1 at least"),
            (json!({ "a": "", "n": 10 }), "/n", "9 at most"),
            (json!({ "a": "", "n": 1.5 }), "/n", "type integer"),
            (json!({ "a": "", "w": "z" }), "/w", "x, y"),
            (json!({ "a": "", "b/c": 1 }), "/b~1c", "takes a, n, w"),
        ] {
            let found = fault(value.clone());
            assert_eq!(found.path, path, "{value}");
            assert!(found.message.contains(message), "{value}: {}", found.message);
        }
        assert!(check(&schema, &json!({ "a": ["x"], "n": 9, "w": "y" }), &Path::new("")).is_ok());
    }
}
