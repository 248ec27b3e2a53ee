//! What can be measured, from the list that the answers come from.

use serde_json::json;

use super::Schemas;
use super::build::{examples, object, one_of, reference, told};
use query::Metric;

pub(super) fn schemas() -> Schemas {
    let definitions: Vec<String> = Metric::ALL
        .iter()
        .map(|metric| format!("- `{}` ({}): {}", metric.as_str(), metric.unit(), metric.definition()))
        .collect();
    let units = ["count", "percent", "seconds", "ratio", "amount by currency"];
    let measure = object(
        &["name", "unit", "definition"],
        json!({ "name": reference("Metric"), "unit": one_of(units), "definition": { "type": "string" } }),
    );
    let axis = object(
        &["name", "events", "sessions"],
        json!({
            "name": { "type": "string", "description": "`prop:KEY` stands for every property." },
            "events": { "type": "boolean", "description": "May be asked with metrics of events." },
            "sessions": { "type": "boolean", "description": "May be asked with metrics of sessions." },
        }),
    );
    vec![
        ("Metric", told(one_of(Metric::ALL.iter().map(|metric| metric.as_str())), &definitions.join("\n"))),
        ("Axis", axis),
        (
            "Catalogue",
            examples(
                object(
                    &["metrics", "dimensions"],
                    json!({
                        "metrics": { "type": "array", "items": measure },
                        "dimensions": { "type": "array", "items": reference("Axis") },
                    }),
                ),
                json!([{
                    "metrics": [{ "name": "events", "unit": "count", "definition": Metric::Events.definition() }],
                    "dimensions": [{ "name": "source", "events": true, "sessions": true }],
                }]),
            ),
        ),
    ]
}
