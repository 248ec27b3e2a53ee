//! Asking what follows what: journeys from a start, pairs of events.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{count, each_or_null, examples, instant, list, object, one_of, or_null, pattern, reference, told};
use super::operation::Operation;
use super::people::{breakdown, question, window};
use super::questions::POSTED;
use query::MAX_KEY;
use query::journeys::{DEFAULT_NODES, DEFAULT_STEPS, MAX_NODES, MAX_STEPS};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("POST", "/v1/journeys", "journeys", "Questions", "Where people go from a start, or came from")
            .about("What exactly is counted: `docs/journeys-and-pairs.md`.")
            .reads("JourneysQuestion")
            .answers(200, "JourneysAnswer")
            .fails(POSTED),
        Operation::new("POST", "/v1/match", "match", "Questions", "What follows what, how often and how soon")
            .about("What exactly is counted: `docs/journeys-and-pairs.md`.")
            .reads("MatchQuestion")
            .answers(200, "MatchAnswer")
            .fails(POSTED),
    ]
}

pub(super) fn schemas() -> Schemas {
    vec![
        ("JourneysQuestion", journeys()),
        ("JourneysAnswer", journeys_answer()),
        ("JourneysStep", journeys_step()),
        ("MatchQuestion", pairs()),
        ("MatchAnswer", pairs_answer()),
        ("MatchMeta", pairs_meta()),
    ]
}

fn whole(max: u32, default: u32, about: &str) -> Value {
    told(json!({ "type": "integer", "minimum": 1, "maximum": max, "default": default }), about)
}

fn journeys() -> Value {
    let own = each_or_null(json!({
        "start": told(
            reference("Filter"),
            "A condition on single events, whose first event in each one's is where journeys begin; where absent, the \
             first event, or backwards the last one.",
        ),
        "direction": told(one_of(["next", "previous"]), "What comes after the start (where absent), or what came before it."),
        "steps": whole(MAX_STEPS, DEFAULT_STEPS, "How many steps from the start."),
        "unit": told(one_of(["path", "event"]), "What a step is: a pageview by its path (where absent), or an event by its name."),
        "by": told(one_of(["session", "person"]), "Whose journeys; `session` where absent."),
        "limit": whole(MAX_NODES, DEFAULT_NODES, "Most names of a step; the rest is `other`."),
    }));
    examples(
        question(&[], own),
        json!([
            { "start": ["is", "path", ["/pricing"]], "steps": 3, "date_range": "30d" },
            { "start": ["is", "event", ["signup"]], "direction": "previous", "unit": "event", "by": "person", "limit": 20 },
        ]),
    )
}

/// How many came, and how many of them no further.
fn came(more: &[(&str, Value)]) -> Value {
    let mut members = json!({
        "count": told(count(), "How many came here."),
        "share": number("Their share of those who began, in percent."),
        "ended": told(or_null(count()), "How many of them went no further; null at the last step, where nobody looked."),
    });
    for (name, schema) in more {
        members[*name] = schema.clone();
    }
    let required: Vec<&str> =
        ["count", "share", "ended"].into_iter().chain(more.iter().map(|(name, _)| *name)).collect();
    object(&required, members)
}

fn journeys_step() -> Value {
    let node = || told(json!({ "type": ["string", "null"] }), "A name, or null for `other`.");
    let link = object(
        &["source", "target", "count", "share"],
        json!({
            "source": node(), "target": node(), "count": count(),
            "share": number("Their share of those who came to the source, in percent."),
        }),
    );
    let names = usize::try_from(MAX_NODES).unwrap();
    object(
        &["step", "nodes", "other", "links"],
        json!({
            "step": told(json!({ "type": "integer", "minimum": 1, "maximum": MAX_STEPS }), "1 is next to the start."),
            "nodes": told(list(&came(&[("name", json!({ "type": "string" }))]), names), "Those with most come first."),
            "other": told(or_null(came(&[])), "All names beyond the limit, if there are such."),
            "links": told(
                list(&link, (names + 1) * (names + 1)),
                "From the nodes of the step before to those of this one, largest first; none at step 1, to which all come \
                 from the start.",
            ),
        }),
    )
}

fn journeys_answer() -> Value {
    let meta = object(
        &["from", "to", "timezone", "direction", "unit", "by", "rows_read", "elapsed_ms", "truncated"],
        json!({
            "from": instant(), "to": instant(), "timezone": { "type": "string" },
            "direction": one_of(["next", "previous"]), "unit": one_of(["path", "event"]),
            "by": one_of(["session", "person"]),
            "cookieless_excluded": number("Share of the starts and steps that are nobody's, in percent; not by session."),
            "rows_read": told(count(), "How many rows the store read."),
            "elapsed_ms": count(),
            "truncated": { "type": "boolean", "description": "Some step has names beyond the limit." },
        }),
    );
    let start = object(
        &["count", "ended"],
        json!({ "count": told(count(), "How many have a start."), "ended": told(count(), "How many have nothing beyond it.") }),
    );
    object(
        &["start", "steps", "meta"],
        json!({
            "start": start, "steps": list(&reference("JourneysStep"), usize::try_from(MAX_STEPS).unwrap()),
            "meta": meta,
        }),
    )
}

fn shared() -> Value {
    json!({ "anyOf": [one_of(["person", "user_id"]), pattern(&format!(r"^prop:[\s\S]{{1,{MAX_KEY}}}$"))] })
}

fn pairs() -> Value {
    let mut own = each_or_null(json!({
        "on": told(shared(), "What trigger and result must share; `person` where absent."),
        "window": window("How long after its trigger a result may come"),
        "breakdown": breakdown("the triggers"),
        "result_by": breakdown("the results"),
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
