//! Writes `docs/api.md`, the document for people.

use std::fmt::Write as _;

use serde_json::Value;

use super::TAGS;
use crate::app::ROUTES;

const HEAD: &str = "\
<!-- Written from docs/openapi.json's source by `UPDATE_DOCS=1 cargo test -p headwater --lib openapi`. Do not edit. -->
# The API

The Worker serves the same document as OpenAPI 3.1 at `GET /openapi.json`.

";

/// The page.
pub(super) fn page(document: &Value) -> String {
    let mut page = String::from(HEAD);
    let _ = writeln!(page, "{}", document["info"]["description"].as_str().unwrap_or_default());
    for (tag, about) in TAGS {
        let _ = write!(page, "\n## {tag}\n\n{about}\n");
        for route in ROUTES {
            let operation = &document["paths"][route.path][route.method.to_lowercase()];
            if operation["tags"][0] == *tag {
                let _ = write!(page, "\n### {} {}\n\n", route.method, route.path);
                section(operation, document, &mut page);
            }
        }
    }
    page.push_str("\n## Shapes\n");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let _ = write!(page, "\n### {name}\n\n");
        shape(schema, &mut page);
    }
    page
}

fn section(operation: &Value, document: &Value, page: &mut String) {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let _ = write!(page, "{}. {}\n\n", word(&operation["summary"]), word(&operation["description"]));
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        page.push_str("| parameter | is | |\n|---|---|---|\n");
    }
    for parameter in parameters {
        let schema = if parameter["content"].is_null() {
            kind(&parameter["schema"])
        } else {
            format!("{} as JSON", kind(&parameter["content"]["application/json"]["schema"]))
        };
        let _ = writeln!(page, "| `{}` | {schema} | {} |", word(&parameter["name"]), cell(&parameter["description"]));
    }
    if !parameters.is_empty() {
        page.push('\n');
    }
    if let Some(schema) = operation["requestBody"]["content"].get("application/json") {
        let _ = write!(page, "Body: {}.\n\n", kind(&schema["schema"]));
    }
    page.push_str("| status | is |\n|---|---|\n");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let content = match response["$ref"].as_str().and_then(|path| document.pointer(path.trim_start_matches('#'))) {
            Some(refusal) => {
                let codes = &refusal["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["error"]
                    ["enum"];
                let codes: Vec<String> =
                    codes.as_array().into_iter().flatten().map(|code| format!("`{}`", word(code))).collect();
                codes.join(", ")
            }
            None if response["content"].is_null() => "no body".to_owned(),
            None => match response["content"].get("application/json") {
                Some(json) => kind(&json["schema"]),
                None => response["content"]
                    .as_object()
                    .map(|forms| forms.keys().map(|form| format!("`{form}`")).collect::<Vec<_>>().join(", "))
                    .unwrap_or_default(),
            },
        };
        let _ = writeln!(page, "| {status} | {content} |");
    }
}

fn shape(schema: &Value, page: &mut String) {
    if let Some(description) = schema["description"].as_str() {
        let _ = write!(page, "{description}\n\n");
    }
    match schema["properties"].as_object() {
        None => {
            let alternatives = schema["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
            for one in alternatives {
                let _ = writeln!(
                    page,
                    "- {}{}",
                    kind(one),
                    one["description"].as_str().map(|text| format!(": {text}")).unwrap_or_default()
                );
            }
            if alternatives.is_empty() && schema["enum"].is_null() {
                let _ = writeln!(page, "{}", kind(schema));
            }
        }
        Some(members) => {
            page.push_str("| member | is | |\n|---|---|---|\n");
            let required: Vec<&str> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            for (name, member) in members {
                let mark = if required.contains(&name.as_str()) { "" } else { "?" };
                let _ = writeln!(page, "| `{name}`{mark} | {} | {} |", kind(member), cell(&member["description"]));
            }
        }
    }
    for example in schema["examples"].as_array().into_iter().flatten() {
        let _ = write!(page, "\n```json\n{example}\n```\n");
    }
}

/// A description as a cell of a table.
fn cell(description: &Value) -> String {
    description.as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

/// A value's type in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(either) = schema["anyOf"].as_array() {
        return either.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(words) = schema["enum"].as_array() {
        let shown =
            words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        return if words.contains(&Value::Null) { format!("{shown} or null") } else { shown };
    }
    if !schema["const"].is_null() {
        return format!("`{}`", schema["const"]);
    }
    if let Some(parts) = schema["prefixItems"].as_array() {
        return format!("[{}]", parts.iter().map(kind).collect::<Vec<_>>().join("; "));
    }
    let types = match &schema["type"] {
        Value::String(one) => one.clone(),
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    };
    let number = |name: &str| schema[name].as_f64().map(|_| schema[name].to_string());
    if let Some(null) = types.strip_prefix("array") {
        let most = number("maxItems").map_or_else(String::new, |max| format!(", at most {max}"));
        return format!("list of {}{most}{null}", kind(&schema["items"]));
    }
    let bounds = |min: &str, max: &str| match (number(min), number(max)) {
        (Some(min), Some(max)) => format!(", {min}..{max}"),
        (None, Some(max)) => format!(", up to {max}"),
        _ => String::new(),
    };
    let form = match (schema["pattern"].as_str(), schema["format"].as_str()) {
        (Some(pattern), _) => format!("`{}`", pattern.replace('|', "\\|")),
        (None, Some(format)) => format!("{types} ({format})"),
        (None, None) => types,
    };
    format!("{form}{}{}", bounds("minLength", "maxLength"), bounds("minimum", "maximum"))
}
