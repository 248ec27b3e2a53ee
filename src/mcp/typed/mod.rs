//! The schemas of tools, derived from types. The files in `schemas/` are what the Worker carries; this test writes them
//! (`UPDATE_DOCS=1 cargo test -p headwater --lib mcp`) and otherwise fails if they are outdated.
//!
//! A tool that asks a report has the members of the report's question. Members that tools accept in more forms (periods
//! in words, the name of an event as a condition) are in `parts.rs`. Clients support only a part of JSON Schema, so
//! references and alternatives are expanded (`simple.rs`).

mod members;
mod parts;
mod question;
mod simple;

use std::path::PathBuf;

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::tools::{Ask, TOOLS, Tool};
use members::{
    ComparePeriods, CompareProjects, ExplainSource, Explained, ListEvents, ListedProjects, ListedSegments, Nothing,
    QueryEvents, Realtime, TopPages, TopSources, TrackEvent, Tracked, Usage, UsageAnswer,
};
use parts::parts;
use question::of_question;
use simple::{Derived, derived, of, shorten, without_null};

/// The arguments of a type, with shared parts as references by name (`true`).
fn of_type(derived: &Derived) -> Value {
    let parts = parts();
    let mut schema = derived.simple(&derived.schema);
    schema.as_object_mut().unwrap().remove("description");
    schema["additionalProperties"] = false.into();
    if schema.get("properties").is_none() {
        schema["properties"] = json!({});
    }
    for (name, member) in schema["properties"].as_object_mut().unwrap() {
        without_null(member);
        if parts.get(name).is_some_and(|part| part["description"] == member["description"]) {
            *member = true.into();
        }
    }
    schema
}

fn input(tool: &Tool) -> Value {
    let mut schema = match tool.ask {
        Ask::Stats | Ask::Funnel | Ask::Retention | Ask::Journeys | Ask::Match => {
            of_question(tool.ask.kind().expect("it asks a report"))
        }
        Ask::TopSources => of_type(&of::<TopSources>()),
        Ask::TopPages => of_type(&of::<TopPages>()),
        Ask::Compare => of_type(&of::<ComparePeriods>()),
        Ask::CompareProjects => of_type(&of::<CompareProjects>()),
        Ask::Events => of_type(&of::<QueryEvents>()),
        Ask::Realtime => of_type(&of::<Realtime>()),
        Ask::Schema => of_type(&of::<ListEvents>()),
        Ask::Explain => of_type(&of::<ExplainSource>()),
        Ask::Usage => of_type(&of::<Usage>()),
        Ask::Track => of_type(&of::<TrackEvent>()),
        Ask::Definitions | Ask::Projects | Ask::Segments => of_type(&of::<Nothing>()),
    };
    schema["examples"] = serde_json::from_str(tool.examples).expect("examples are JSON");
    schema
}

fn output(tool: &Tool) -> Value {
    let derived = match tool.ask {
        Ask::Explain => of::<Explained>(),
        Ask::Definitions => of::<query::Catalogue>(),
        Ask::Track => of::<Tracked>(),
        Ask::Projects => of::<ListedProjects>(),
        Ask::Usage => of::<UsageAnswer>(),
        Ask::Segments => of::<ListedSegments>(),
        ask => derived(SchemaSettings::draft2020_12().for_serialize(), ask.kind().expect("it asks a report").answer),
    };
    let mut schema = derived.simple(&derived.schema);
    shorten(&mut schema);
    let members = schema.as_object_mut().unwrap();
    members.remove("additionalProperties");
    members.remove("description");
    let texts =
        |description: &str| json!({ "type": "array", "items": { "type": "string" }, "description": description });
    schema["properties"]["notes"] = texts("The period, limits that applied, and what an empty answer means.");
    if tool.ask.kind().is_some() {
        schema["properties"]["did_you_mean"] = texts("Names in the question that do not exist, and similar ones.");
    }
    if tool.ask == Ask::Schema {
        // `get_metric_definitions` lists them.
        schema["properties"].as_object_mut().unwrap().remove("dimensions");
        schema["required"].as_array_mut().unwrap().retain(|name| name != "dimensions");
    }
    schema["required"].as_array_mut().unwrap().push("notes".into());
    schema
}

fn holds(name: &str, wanted: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/mcp/schemas").join(format!("{name}.json"));
    let wanted = format!("{wanted}\n");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "src/mcp/schemas/{name}.json is outdated: run with UPDATE_DOCS=1");
}

#[test]
fn the_schemas_are_those_of_the_types() {
    holds("parts", &parts().into());
    for tool in TOOLS {
        holds(tool.name, &input(tool));
        holds(&format!("{}.output", tool.name), &output(tool));
    }
}

/// VS Code, Gemini and `OpenAI` refuse tools with an array that does not say what it holds.
#[test]
fn every_array_has_items_at_every_depth() {
    fn walk(schema: &Value, at: &str) {
        let is_array = schema["type"] == "array"
            || schema["type"].as_array().is_some_and(|types| types.iter().any(|name| name == "array"));
        assert!(!is_array || schema["items"].is_object(), "{at} is an array without items: {schema}");
        for (name, part) in schema["properties"].as_object().into_iter().flatten() {
            walk(part, &format!("{at}.{name}"));
        }
        for part in [&schema["items"], &schema["additionalProperties"]].into_iter().filter(|part| part.is_object()) {
            walk(part, &format!("{at}[]"));
        }
    }
    for tool in TOOLS {
        for door in tool.doors {
            walk(&tool.input(*door), tool.name);
            walk(&tool.output(*door), &format!("{} answers", tool.name));
        }
    }
}
