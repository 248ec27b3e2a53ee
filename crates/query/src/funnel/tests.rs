use serde_json::{Value, json};

use super::*;
use crate::report::Answer as _;
use crate::zone::host_offset;
use intake::time::Timestamp;
use statement::Scope;

fn read(body: &Value) -> Result<Funnel, Fault> {
    let world = World {
        now: Timestamp(1_795_255_200_000),
        timezone: "UTC",
        offset_at: host_offset,
        segments: crate::Segments::Closed,
    };
    Funnel::from_json(body, world)
}

fn event(name: &str) -> Value {
    json!(["is", "event", [name]])
}

fn steps(count: usize) -> Value {
    (0..count).map(|step| event(&format!("step-{step}"))).collect()
}

#[test]
fn what_is_not_said_has_a_default() {
    let funnel = read(&json!({ "steps": steps(2) })).unwrap();
    assert_eq!((funnel.order, funnel.by, funnel.window), (Order::Strict, By::Person, 7 * 86_400_000));
    assert_eq!((funnel.frame.bots, funnel.frame.breakdown, funnel.frame.zone.name.as_str()), (false, None, "UTC"));
    for (window, milliseconds) in
        [("1m", 60_000), ("30m", 1_800_000), ("1h", 3_600_000), ("90d", 7_776_000_000), ("2160h", 7_776_000_000)]
    {
        assert_eq!(read(&json!({ "steps": steps(10), "window": window })).unwrap().window, milliseconds);
    }
}

#[test]
fn faults_have_their_place_and_what_is_allowed() {
    for (body, path, message) in [
        (json!([]), "", "object"),
        (json!({}), "/steps", "2 to 10"),
        (json!({ "steps": steps(1) }), "/steps", "2 to 10"),
        (json!({ "steps": steps(11) }), "/steps", "2 to 10"),
        (json!({ "steps": event("a") }), "/steps/0", "condition"),
        (json!({ "steps": [event("a"), ["is", "colour", ["red"]]] }), "/steps/1/1", "referrer_host"),
        (json!({ "steps": [event("a"), ["has_done", event("b")]] }), "/steps/1", "single events"),
        (json!({ "steps": [["is", "entry_path", "/"], event("b")] }), "/steps/0", "single events"),
        (json!({ "steps": steps(2), "window": "0m" }), "/window", "1s to 90d"),
        (json!({ "steps": steps(2), "window": "91d" }), "/window", "1s to 90d"),
        (json!({ "steps": steps(2), "window": "0s" }), "/window", "1s to 90d"),
        (json!({ "steps": steps(2), "window": "+5m" }), "/window", "1s to 90d"),
        (json!({ "steps": steps(2), "window": "m" }), "/window", "1s to 90d"),
        (json!({ "steps": steps(2), "window": "é" }), "/window", "1s to 90d"),
        (json!({ "steps": steps(2), "window": "99999999999999999999d" }), "/window", "1s to 90d"),
        (json!({ "steps": steps(2), "window": 7 }), "/window", "1s to 90d"),
        (json!({ "steps": steps(2), "order": "loose" }), "/order", "strict, any"),
        (json!({ "steps": steps(2), "by": "visitor" }), "/by", "person, session"),
        (json!({ "steps": steps(2), "breakdown": "time:day" }), "/breakdown", "not a time axis"),
        (json!({ "steps": steps(2), "breakdown": "exit_path" }), "/breakdown", "events have no exit_path"),
        (json!({ "steps": steps(2), "breakdown": "colour" }), "/breakdown", "referrer_host"),
        (json!({ "steps": steps(2), "breakdown": ["source"] }), "/breakdown", "referrer_host"),
        (json!({ "steps": steps(2), "filters": event("a") }), "/filters/0", "condition"),
        (json!({ "steps": steps(2), "filters": [["is", "entry_path", "/"]] }), "/filters", "sessions"),
        (json!({ "steps": steps(2), "include": { "totals": true } }), "/include/totals", "bots"),
        (json!({ "steps": steps(2), "include": { "bots": 1 } }), "/include/bots", "true or false"),
        (json!({ "steps": steps(2), "include": [] }), "/include", "object"),
        (json!({ "steps": steps(2), "timezone": "Mars/Olympus" }), "/timezone", "IANA"),
        (json!({ "steps": steps(2), "date_range": ["2001-01-01", "2026-01-01"] }), "/date_range", "five years"),
        (json!({ "steps": steps(2), "project": 7 }), "/project", "slug"),
        (json!({ "steps": steps(2), "metrics": ["events"] }), "/metrics", "breakdown"),
    ] {
        let fault = read(&body).unwrap_err();
        assert_eq!(fault.path, path, "{body}: {}", fault.message);
        assert!(fault.message.contains(message), "{body}: {}", fault.message);
    }
}

#[test]
fn steps_that_share_events_are_bounded_in_any_order() {
    let any = |steps: Value| read(&json!({ "steps": steps, "order": "any" }));
    // Ten that cannot share an event are looked at one by one.
    assert_eq!(any(steps(10)).unwrap().sets().len(), 10);
    let open: Vec<Value> = (0..7).map(|step| json!(["is", "path", [format!("/{step}")]])).collect();
    assert_eq!(any(json!(open[..6])).unwrap().sets().len(), 63);
    assert_eq!(any(json!(open)).unwrap_err().path, "/steps");
    assert!(read(&json!({ "steps": open })).is_ok(), "the strict order has no such bound");
    // A chain: the first and the last share none, the three together do.
    let chain = json!([["is", "event", ["a", "b"]], ["and", [["is", "event", ["b", "c"]]]], event("c")]);
    assert_eq!(any(chain).unwrap().sets(), [0b001, 0b010, 0b011, 0b100, 0b110, 0b111]);
}

#[test]
fn values_are_bound() {
    let evil = "'); DROP TABLE events; --";
    for (order, by) in [("strict", "person"), ("any", "session")] {
        let funnel = read(&json!({
            "steps": [event(evil), ["gt", format!("prop:{evil}"), 1]], "order": order, "by": by,
            "breakdown": format!("prop:{evil}"), "filters": [["has_done", event(evil)]],
        }));
        let scope = Scope { project_id: "0190d3a0-0000-7000-8000-000000000001", env: intake::key::Env::Live };
        let statement = build::build(&funnel.unwrap(), &scope);
        assert!(!statement.sql.contains("DROP") && !statement.sql.contains(scope.project_id));
        let tables = ["events", "identities", "computed", "dirty"];
        let reads: usize = tables.iter().map(|table| statement.sql.matches(&format!("FROM {table}")).count()).sum();
        assert_eq!(statement.sql.matches("project_id = {").count(), reads, "every read is of the project");
    }
}

#[test]
fn nothing_is_an_answer_and_rubbish_is_none() {
    let funnel = read(&json!({ "steps": steps(2), "breakdown": "source" })).unwrap();
    let shaped: Value = shape::answer(&funnel, &[Found::default()], 3).unwrap().to_value().unwrap();
    assert_eq!(
        shaped["steps"][1],
        json!({
            "index": 1, "count": 0, "rate_from_start": null, "rate_from_previous": null, "drop_off": 0,
            "median_seconds": null, "p90_seconds": null,
        })
    );
    assert_eq!(shaped["breakdown"], json!([]));
    for rubbish in ["[]", "[0,\"\",1,0,1]", "x"] {
        let found = Found { lines: rubbish.into(), ..Found::default() };
        assert!(shape::answer(&funnel, &[found], 3).is_err(), "{rubbish}");
    }
}
