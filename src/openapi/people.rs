//! Asking about people over time: funnels and retention.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{
    closed, count, each_or_null, examples, instant, list, object, one_of, or_null, pattern, reference, text, told,
};
use super::operation::Operation;
use super::questions::{MAX_PROJECT, MAX_ZONE, POSTED, PROJECT, ZONE};
use query::MAX_FILTERS;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("POST", "/v1/funnel", "funnel", "Questions", "How many go from step to step, in what time")
            .about("What exactly is counted: `docs/funnels-and-retention.md`.")
            .reads("FunnelQuestion")
            .answers(200, "FunnelAnswer")
            .fails(POSTED),
        Operation::new("POST", "/v1/retention", "retention", "Questions", "Who comes back, by cohorts")
            .about("What exactly is counted: `docs/funnels-and-retention.md`.")
            .reads("RetentionQuestion")
            .answers(200, "RetentionAnswer")
            .fails(POSTED),
    ]
}

pub(super) fn schemas() -> Schemas {
    vec![
        ("FunnelQuestion", funnel()),
        ("FunnelAnswer", funnel_answer()),
        ("FunnelStep", funnel_step()),
        ("RetentionQuestion", retention()),
        ("RetentionAnswer", retention_answer()),
        ("Cohort", cohort()),
        ("IncludeBots", closed(&[], each_or_null(json!({ "bots": { "type": "boolean" } })))),
        ("PeopleMeta", meta()),
    ]
}

/// A question's own members with those that both have.
pub(super) fn question(required: &[&'static str], own: Value) -> Value {
    let mut members = each_or_null(json!({
        "project": told(text(0, MAX_PROJECT), PROJECT),
        "date_range": reference("Period"),
        "timezone": told(text(1, MAX_ZONE), ZONE),
        "filters": told(list(&reference("Filter"), MAX_FILTERS), "Conditions on every event that counts."),
        "include": reference("IncludeBots"),
    }));
    if let (Some(members), Value::Object(own)) = (members.as_object_mut(), own) {
        members.extend(own);
    }
    closed(required, members)
}

/// What tells answers apart.
pub(super) fn breakdown(of: &str) -> Value {
    told(reference("Dimension"), &format!("A column or property of {of} to tell answers apart by; no time axis."))
}

/// A length of time.
pub(super) fn window(about: &str) -> Value {
    told(pattern("^[0-9]{1,7}[smhd]$"), &format!("{about}: `1s` to `90d`; `7d` where absent."))
}

fn funnel() -> Value {
    let steps = json!({ "type": "array", "items": reference("Filter"), "minItems": 2, "maxItems": 10 });
    let mut own = each_or_null(json!({
        "window": window("How long after the first event the last may come"),
        "breakdown": breakdown("each one's first event"),
        "order": told(one_of(["strict", "any"]), "Each step after the one before (`strict`, where absent), or however they come."),
        "by": told(one_of(["person", "session"]), "Who takes the steps; `person` where absent."),
    }));
    own["steps"] = told(steps, "Conditions on single events.");
    examples(
        question(&["steps"], own),
        json!([{
            "steps": [["is", "event", ["pageview"]], ["is", "path", ["/pricing"]], ["is", "event", ["signup"]]],
            "window": "7d", "date_range": "30d", "breakdown": "source",
        }]),
    )
}

fn funnel_step() -> Value {
    let rate = |about: &str| told(json!({ "type": ["number", "null"] }), about);
    object(
        &["index", "count", "rate_from_start", "rate_from_previous", "drop_off", "median_seconds", "p90_seconds"],
        json!({
            "index": count(),
            "count": told(count(), "How many came this far."),
            "rate_from_start": rate("Their share of those who took the first step, in percent."),
            "rate_from_previous": rate("Their share of those who took the step before, in percent."),
            "drop_off": told(count(), "How many took the step before and not this one."),
            "median_seconds": rate("Time since the step before."),
            "p90_seconds": rate("Time since the step before that nine in ten do not pass."),
        }),
    )
}

fn funnel_answer() -> Value {
    let steps = || list(&reference("FunnelStep"), 10);
    let value = object(&["value", "steps"], json!({ "value": { "type": "string" }, "steps": steps() }));
    object(
        &["steps", "meta"],
        json!({
            "steps": steps(),
            "breakdown": told(list(&value, 100), "By value, those that most took the first step with come first."),
            "meta": reference("PeopleMeta"),
        }),
    )
}

fn retention() -> Value {
    let cohort_by = json!({ "anyOf": [one_of(["first"]), reference("Filter")] });
    let own = each_or_null(json!({
        "cohort_by": told(cohort_by, "The first event in the period that fits puts a person into a cohort; any, where absent."),
        "return": told(reference("Filter"), "What a return is; any event, where absent."),
        "interval": told(one_of(["day", "week", "month"]), "Width of cohorts and periods; `week` where absent."),
        "periods": told(
            json!({ "type": "integer", "minimum": 1, "maximum": 60, "default": 8 }),
            "How many periods, the cohort's own among them. Cohorts times periods are 10,000 at most.",
        ),
        "breakdown": breakdown("each one's cohort event"),
        "unbounded": told(json!({ "type": "boolean" }), "A return counts for its period and all before it."),
    }));
    examples(
        question(&[], own),
        json!([{
            "cohort_by": ["is", "event", ["signup"]], "return": ["is", "event", ["purchase"]], "interval": "week",
            "periods": 8, "date_range": "90d", "timezone": "Europe/Berlin",
        }]),
    )
}

fn cohort() -> Value {
    let numbers = |about: &str, kind: Value| told(list(&or_null(kind), 60), about);
    object(
        &["cohort", "size", "returned", "rates"],
        json!({
            "cohort": told(json!({ "type": "string" }), "The date it begins on."),
            "size": told(count(), "How many people."),
            "returned": numbers("How many came back in each period; null: it lies in the future.", count()),
            "rates": numbers("The same in percent of the size.", json!({ "type": "number" })),
        }),
    )
}

fn retention_answer() -> Value {
    let rows = || list(&reference("Cohort"), 10_000);
    let value = object(&["value", "rows"], json!({ "value": { "type": "string" }, "rows": rows() }));
    object(
        &["rows", "meta"],
        json!({
            "rows": rows(),
            "breakdown": told(list(&value, 100), "By value, those with most people first."),
            "meta": reference("PeopleMeta"),
        }),
    )
}

fn meta() -> Value {
    object(
        &["from", "to", "timezone", "rows_read", "elapsed_ms", "truncated"],
        json!({
            "from": instant(), "to": instant(), "timezone": { "type": "string" },
            "cookieless_excluded": told(
                json!({ "type": ["number", "null"] }),
                "Share of the events that are nobody's, because they have no id, in percent; not by session.",
            ),
            "window_seconds": count(), "order": one_of(["strict", "any"]), "by": one_of(["person", "session"]),
            "interval": one_of(["day", "week", "month"]), "periods": count(), "unbounded": { "type": "boolean" },
            "rows_read": told(count(), "How many rows the store read."),
            "elapsed_ms": count(),
            "truncated": { "type": "boolean", "description": "There are more values." },
        }),
    )
}
