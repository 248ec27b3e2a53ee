//! Tools and resources with constant answers that the protocol's conformance suite expects of every server. Compiled
//! only with the feature `conformance`, which no deployment has. The dispatcher around them is the one that ships.

use serde_json::{Map, Value, json};

use super::message::{Call, RpcError};
use super::result::finish;
use super::revision::Era;

const FIXTURES: &str = include_str!("conformance.json");

fn fixtures(part: &str) -> Value {
    let mut all: Value = serde_json::from_str(FIXTURES).unwrap_or_default();
    all.get_mut(part).map(Value::take).unwrap_or_default()
}

/// Entries of a list, in addition to those that ship.
pub(super) fn listed(name: &str) -> Vec<Value> {
    let part = if name == "resourceTemplates" { "templates" } else { name };
    fixtures(part).as_array().cloned().unwrap_or_default()
}

/// The answer of a fixture; `None` if the request names no fixture.
pub(super) fn answer(call: &Call, era: Era) -> Option<Result<Value, RpcError>> {
    let named = |name: &str| call.params.get(name).and_then(Value::as_str);
    match call.method.as_str() {
        "tools/call" if named("name")? == "test_missing_capability" => {
            let data = json!({ "requiredCapabilities": { "sampling": {} } });
            Some(Err(RpcError::new(400, -32021, "this tool needs the capability sampling").with(data)))
        }
        "tools/call" => {
            let result = fixtures("calls").get(named("name")?)?.clone();
            Some(Ok(finish(era, result, false)))
        }
        "resources/read" => {
            let content = fixtures("contents").get(named("uri")?)?.clone();
            Some(Ok(finish(era, json!({ "contents": [content] }), true)))
        }
        // The suite expects cache hints in every list.
        "prompts/list" => Some(Ok(finish(era, json!({ "prompts": [] }), true))),
        _ => None,
    }
}

/// Adds the capabilities of the fixtures.
pub(super) fn capabilities(all: &mut Map<String, Value>) {
    all.insert("prompts".to_owned(), json!({}));
}
