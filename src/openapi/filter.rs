//! Conditions, and what they are about.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{examples, one_of, pattern, reference, text, told};
use query::segment::{MAX_NAME, MAX_NAMED};
use query::{Column, Interval, MAX_FILTER_DEPTH, MAX_FILTERS, MAX_KEY, MAX_PATTERN, MAX_VALUE, MAX_VALUES};

/// A list of so many parts, which begins with one of some words.
fn condition(words: &[&str], arguments: &[Value]) -> Value {
    let mut items = vec![one_of(words.iter().copied())];
    items.extend(arguments.iter().cloned());
    let count = items.len();
    json!({ "type": "array", "prefixItems": items, "items": false, "minItems": count, "maxItems": count })
}

fn property() -> Value {
    told(pattern(&format!(r"^prop:[\s\S]{{1,{MAX_KEY}}}$")), "A property by its key at the top level.")
}

fn columns() -> Value {
    one_of(Column::ALL.iter().map(|column| column.as_str()))
}

/// One or more saved segments.
fn named() -> Value {
    let one = text(0, MAX_NAME);
    let many = json!({ "type": "array", "items": one.clone(), "minItems": 1, "maxItems": MAX_NAMED });
    json!({ "anyOf": [many, one] })
}

pub(super) fn schemas() -> Schemas {
    let filter = || reference("Filter");
    let filters = |min: usize| json!({ "type": "array", "items": filter(), "minItems": min, "maxItems": MAX_FILTERS });
    let values = |longest: usize| {
        let one = json!({ "anyOf": [text(0, longest), { "type": "number" }, { "type": "boolean" }] });
        let many = json!({ "type": "array", "items": one.clone(), "minItems": 1, "maxItems": MAX_VALUES });
        json!({ "anyOf": [many, one] })
    };
    let subject = || json!({ "anyOf": [columns(), property()] });
    let with_revenue = |mut either: Value| {
        if let Some(list) = either["anyOf"].as_array_mut() {
            list.push(json!({ "const": "revenue" }));
        }
        either
    };
    let times: Vec<String> = Interval::ALL.iter().map(|one| format!("time:{}", one.as_str())).collect();
    let conditions = json!([
        told(condition(&["and"], &[filters(0)]), "All of them."),
        told(condition(&["or"], &[filters(1)]), "One of them at least."),
        told(condition(&["not"], &[filter()]), "Not this."),
        told(
            condition(&["has_done", "has_not_done"], &[filter()]),
            "The visitor has, or has not, an event in the period that fits a condition on single events."
        ),
        told(
            condition(&["is", "is_not", "contains", "not_contains", "starts_with"], &[subject(), values(MAX_VALUE)]),
            "A text against one or more values, of which one must fit, in this very case."
        ),
        told(
            condition(&["is", "is_not"], &[json!({ "const": "segment" }), named()]),
            "It fits, or does not fit, the conditions of one of these saved segments, by name or id."
        ),
        told(
            condition(&["matches"], &[subject(), values(MAX_PATTERN)]),
            "A text against regular expressions in re2's syntax, anywhere in it."
        ),
        told(
            condition(
                &["gt", "gte", "lt", "lte"],
                &[with_revenue(json!({ "anyOf": [property()] })), json!({ "type": "number" })]
            ),
            "A number against another."
        ),
        told(
            condition(&["exists"], &[with_revenue(subject())]),
            "There is something: the property, or a column that is not empty."
        ),
    ]);
    vec![
        (
            "Filter",
            examples(
                told(
                    json!({ "anyOf": conditions }),
                    &format!(
                        "A condition. A question has at most {MAX_FILTERS} of them, those of segments among them, {MAX_FILTER_DEPTH} deep."
                    ),
                ),
                json!([
                    ["is", "country", ["DE", "AT", "CH"]],
                    ["matches", "path", ["^/blog/"]],
                    ["gte", "prop:seats", 10],
                    ["exists", "revenue"],
                    [
                        "or",
                        [
                            ["is", "source", "google"],
                            ["and", [["is", "medium", "email"], ["not", ["is", "os", "iOS"]]]]
                        ]
                    ],
                    ["has_done", ["is", "event", ["signup"]]],
                ]),
            ),
        ),
        (
            "Dimension",
            examples(
                told(
                    json!({ "anyOf": [columns(), property(), one_of(times.iter().map(String::as_str))] }),
                    "What answers are grouped by. `entry_path` and `exit_path` go with metrics of sessions alone; sessions \
                     know no `event`, `path`, `title`, versions, user or properties (see `GET /v1/metrics`).",
                ),
                json!(["source", "prop:plan", "time:day"]),
            ),
        ),
    ]
}
