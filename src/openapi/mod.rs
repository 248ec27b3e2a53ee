//! The API as a document: OpenAPI 3.1, generated from the tables and types of the code (routes, error codes, grants,
//! metrics, dimensions, bounds, answers). A test generates it and compares it with `docs/openapi.json`, which the Worker
//! serves; `docs/api.md` is the same for people. This module is not part of the Worker.
//!
//! `UPDATE_DOCS=1 cargo test -p headwater --lib openapi` writes both files.

mod build;
mod derive;
mod ingest;
mod limits;
mod management;
mod mcp;
mod operation;
mod page;
mod privacy;
mod reports;
mod segments;
mod status;

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::app::ROUTES;
use derive::Derived;
use intake::error::{ApiError, ErrorCode, Problem};
use operation::Operation;

/// Schemas by their names.
type Schemas = Map<String, Value>;

const ABOUT: &str = "First-party analytics: send events from pages and servers, and ask where visitors come from and \
what they do.\n\n\
**Keys** look like `sk_live_f6589a94_…` and are sent as `Authorization: Bearer`. `live` and `test` are two data sets of \
one project. A key reads and writes one of them.\n\n\
**Periods** include `from` and exclude `to`. Days and months are those of the question's time zone.\n\n\
**A 202** means that the events are stored durably. After a 503, send the same request again: an event with an \
`event_id` and a `timestamp` counts once, even if it arrives several times.\n\n\
**Errors** are problem documents (RFC 9457) with a machine code in `error`. Each answer has `X-Request-Id`.";

/// What each group of routes is about.
const TAGS: &[(&str, &str)] = &[
    ("Events", "Send events. Bodies can be compressed with `Content-Encoding: gzip`."),
    ("Questions", "Ask about events. Account keys name a project with `project`; other keys belong to one project."),
    (
        "Segments",
        "Filters saved under a name, for `[\"is\", \"segment\", [\"NAME\"]]` in any filter. They belong to the project, so \
        both environments share them.",
    ),
    ("Privacy", "Erase a person, or export what is stored about one. Needs a secret key."),
    ("Management", "Projects, keys and usage, for account keys with scope `admin` and for signed-in users."),
    (
        "MCP",
        "The Model Context Protocol: the questions as tools for AI agents. `docs/mcp.md` lists them and says how to connect.",
    ),
    ("Status", "Health of the installation, and this document."),
];

fn operations() -> Vec<Operation> {
    [
        ingest::operations(),
        reports::operations(),
        segments::operations(),
        privacy::operations(),
        management::operations(),
        mcp::operations(),
        status::operations(),
    ]
    .concat()
}

fn schemas() -> Schemas {
    let parts = [
        ingest::schemas(),
        segments::schemas(),
        privacy::schemas(),
        management::schemas(),
        mcp::schemas(),
        status::schemas(),
        problem(),
        reports::schemas(),
    ];
    let mut schemas: Schemas = parts.into_iter().flatten().collect();
    for schema in schemas.values_mut() {
        let members = schema.get_mut("properties").and_then(Value::as_object_mut);
        members.into_iter().flat_map(Map::values_mut).for_each(default_in_words);
    }
    schemas
}

/// Moves a member's default to its description: openapi-typescript makes a member of a body required if it has one.
fn default_in_words(member: &mut Value) {
    let Some(default) = member.as_object_mut().and_then(|member| member.remove("default")) else { return };
    let default = default.as_str().map_or_else(|| default.to_string(), ToOwned::to_owned);
    let description = member["description"].as_str().unwrap_or_default();
    member["description"] = format!("{description} By default `{default}`.").trim_start().into();
}

/// What an error looks like.
fn problem() -> Schemas {
    let example = ApiError::new(ErrorCode::InvalidPayload, "event: is missing").field("/event", "is missing");
    let example = example.to_problem("req_83e04fb9e81623e4575c96a25d1c5390");
    let example: Value = serde_json::from_str(&example).expect("a problem is JSON");
    Derived::new().answer::<Problem>(json!([example])).schemas()
}

/// The document.
fn document() -> Value {
    let operations = operations();
    let mut paths: Map<String, Value> = Map::new();
    let mut responses = Map::new();
    for route in ROUTES {
        let Some(operation) = operations.iter().find(|one| one.is(route)) else { continue };
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation.json(route, &mut responses);
    }
    let schemas = schemas();
    json!({
        "openapi": "3.1.1",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Headwater", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT,
            "contact": { "name": "Headwater" },
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "The Worker that serves this document" }],
        "tags": TAGS.iter().map(|(name, about)| json!({ "name": name, "description": about })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas, "responses": responses, "headers": operation::headers(),
            "securitySchemes": operation::security_schemes(),
        },
    })
}

/// Serializes the document compactly, with one line for each path and each component, so that changes can be reviewed.
fn written(document: &Value) -> String {
    const ROOT: usize = 3;
    fn members(object: &Value, depth: usize, text: &mut String) {
        let Some(named) = object.as_object().filter(|_| depth > 0) else {
            let _ = write!(text, "{object}");
            return;
        };
        for (index, (name, value)) in named.iter().enumerate() {
            let _ = write!(text, "{}\n{}:", if index == 0 { "{" } else { "," }, Value::from(name.as_str()));
            // Paths are one level below the root, components two.
            let deeper = match (depth, name.as_str()) {
                (ROOT, "components") => 2,
                (ROOT, "paths") | (2, _) => 1,
                _ => 0,
            };
            members(value, deeper, text);
        }
        text.push_str("\n}");
    }
    let mut text = String::new();
    members(document, ROOT, &mut text);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_documents_are_current() {
        let document = document();
        for (name, wanted) in [("openapi.json", written(&document)), ("api.md", page::page(&document))] {
            let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
            if std::env::var_os("UPDATE_DOCS").is_some() {
                fs::write(&path, &wanted).unwrap();
            }
            let found = fs::read_to_string(&path).unwrap_or_default();
            assert!(found == wanted, "docs/{name} is outdated: run with UPDATE_DOCS=1");
        }
        assert_eq!(serde_json::from_str::<Value>(&written(&document)).unwrap(), document);
    }

    #[test]
    fn every_route_is_documented_and_nothing_else() {
        let operations = operations();
        for route in ROUTES {
            let count = operations.iter().filter(|one| one.is(route)).count();
            assert_eq!(count, 1, "{} {} has {count} operations", route.method, route.path);
        }
        for operation in &operations {
            assert!(ROUTES.iter().any(|route| operation.is(route)), "{} is no route", operation.id);
        }
        let ids: BTreeSet<&str> = operations.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), operations.len());
    }

    #[test]
    fn every_error_code_is_documented() {
        let text = document()["components"]["responses"].to_string();
        for code in ErrorCode::ALL {
            // No documented operation returns 405: it is for methods without one.
            let nowhere = *code == ErrorCode::MethodNotAllowed;
            assert_eq!(text.contains(&format!("\"{}\"", code.as_str())), !nowhere, "{}", code.as_str());
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        fn references(value: &Value, found: &mut BTreeSet<String>) {
            match value {
                Value::Object(members) => {
                    found.extend(members.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
                    members.values().for_each(|value| references(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for reference in &found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        for (name, _) in schemas() {
            assert!(found.contains(&format!("#/components/schemas/{name}")), "{name} is not used");
        }
    }

    /// The schema of conditions is written by hand, so it could lack an operator.
    #[test]
    fn every_operator_is_described() {
        let text = document()["components"]["schemas"]["Filter"].to_string();
        for operator in query::OPERATORS {
            assert!(text.contains(&format!("\"{operator}\"")), "the operator {operator} is missing");
        }
    }
}
