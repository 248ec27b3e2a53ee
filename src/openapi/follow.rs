//! Asking what follows what: pairs of events.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{count, each_or_null, examples, instant, list, object, one_of, pattern, reference, told};
use super::operation::Operation;
use super::people::{question, window};
use super::questions::POSTED;
use crate::query::MAX_KEY;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("POST", "/v1/match", "match", "Questions", "What follows what, how often and how soon")
            .about("What exactly is counted: `docs/journeys-and-pairs.md`.")
            .reads("MatchQuestion")
            .answers(200, "MatchAnswer")
            .fails(POSTED),
    ]
}

pub(super) fn schemas() -> Schemas {
    vec![("MatchQuestion", pairs()), ("MatchAnswer", pairs_answer()), ("MatchMeta", pairs_meta())]
}

fn shared() -> Value {
    json!({ "anyOf": [one_of(["person", "user_id"]), pattern(&format!(r"^prop:[\s\S]{{1,{MAX_KEY}}}$"))] })
}

fn pairs() -> Value {
    let mut own = each_or_null(json!({
        "on": told(shared(), "What trigger and result must share; `person` where absent."),
        "window": window("How long after its trigger a result may come"),
        "result_by": told(reference("Dimension"), "A column or property of the results to tell them apart by; no time axis."),
    }));
    own["trigger"] = told(reference("Filter"), "A condition on single events.");
    own["result"] = told(reference("Filter"), "A condition on single events.");
    examples(
        question(&["trigger", "result"], own),
        json!([{
            "trigger": ["is", "event", ["email_sent"]], "result": ["is", "event", ["email_opened", "email_clicked"]],
            "on": "prop:message_id", "window": "2d", "date_range": "30d", "breakdown": "prop:template",
            "result_by": "event",
        }]),
    )
}

fn number(about: &str) -> Value {
    told(json!({ "type": ["number", "null"] }), about)
}

/// Numbers of some triggers.
fn numbers() -> Value {
    json!({
        "triggers": told(count(), "How many."),
        "matched": told(count(), "How many of them have a result within the window."),
        "match_rate": number("Their share of the triggers, in percent."),
        "median_seconds": number("Time from trigger to result."),
        "p90_seconds": number("Time from trigger to result that nine in ten do not pass."),
    })
}

fn pairs_answer() -> Value {
    const NUMBERS: [&str; 5] = ["triggers", "matched", "match_rate", "median_seconds", "p90_seconds"];
    let mut value = numbers();
    value["value"] = json!({ "type": "string" });
    let mut result = value.clone();
    if let Some(members) = result.as_object_mut() {
        members.remove("triggers");
        members.remove("match_rate");
    }
    result["share"] = number("Their share of all matches, in percent.");
    let value = object(&[&NUMBERS[..], &["value"]].concat(), value);
    let result = object(&["value", "matched", "share", "median_seconds", "p90_seconds"], result);
    let mut members = numbers();
    members["breakdown"] = told(list(&value, 100), "By value of the triggers, those with most of them first.");
    members["results"] = told(list(&result, 100), "By value of the results, those matched most first.");
    members["meta"] = reference("MatchMeta");
    object(&[&NUMBERS[..], &["meta"]].concat(), members)
}

fn pairs_meta() -> Value {
    let left_out = |which: &str| number(&format!("Share of the triggers and results that {which}, in percent."));
    object(
        &["from", "to", "timezone", "window_seconds", "on", "rows_read", "elapsed_ms", "truncated"],
        json!({
            "from": instant(), "to": instant(), "timezone": { "type": "string" }, "window_seconds": count(),
            "on": shared(),
            "cookieless_excluded": left_out("are nobody's, because they have no id"),
            "unshared_excluded": left_out("have no value to share"),
            "rows_read": told(count(), "How many rows the store read."),
            "elapsed_ms": count(),
            "truncated": { "type": "boolean", "description": "There are more values." },
        }),
    )
}
