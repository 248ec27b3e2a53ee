//! What the protocol's conformance suite asks of any server: tools and resources that answer with constants. Only in
//! builds with the feature `conformance`, which no deployment has; all around them is the dispatcher as it ships.

use serde_json::{Map, Value, json};

use super::message::{Call, RpcError};
use super::revision::Era;
use super::server::finish;

const FIXTURES: &str = include_str!("conformance.json");

fn fixtures(part: &str) -> Value {
    let mut all: Value = serde_json::from_str(FIXTURES).unwrap_or_default();
    all.get_mut(part).map(Value::take).unwrap_or_default()
}

/// Entries of a list, beside those that ship.
pub(super) fn listed(name: &str) -> Vec<Value> {
    let part = if name == "resourceTemplates" { "templates" } else { name };
    fixtures(part).as_array().cloned().unwrap_or_default()
}

/// The answer of a fixture; `None` where the request is about none.
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
        // The suite looks for hints about caching in every list at once.
        "prompts/list" => Some(Ok(finish(era, json!({ "prompts": [] }), true))),
        _ => None,
    }
}

/// What the fixtures can do beside the server.
pub(super) fn capabilities(all: &mut Map<String, Value>) {
    all.insert("prompts".to_owned(), json!({}));
}
