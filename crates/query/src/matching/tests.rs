use serde_json::{Value, json};

use super::*;
use crate::Segments;
use crate::report::Answer as _;
use crate::zone::host_offset;
use intake::time::Timestamp;
use statement::Scope;

fn read(body: &Value) -> Result<Match, Fault> {
    let now = Timestamp(1_795_255_200_000);
    Match::from_json(body, World { now, timezone: "UTC", offset_at: host_offset, segments: Segments::Closed })
}

fn asked(more: &Value) -> Value {
    let mut body = json!({ "trigger": ["is", "event", ["deploy"]], "result": ["is", "event", ["error"]] });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn what_is_not_said_has_a_default() {
    let pairs = read(&asked(&json!({}))).unwrap();
    assert_eq!((&pairs.on, pairs.window, &pairs.result_by), (&Shared::Person, 7 * 86_400_000, &None));
    assert_eq!(pairs.whole().to, pairs.frame.range.to.plus(pairs.window));
    for (on, shared) in [
        (json!("person"), Shared::Person),
        (json!("user_id"), Shared::User),
        (json!("prop:order"), Shared::Property(Dimension::Property("order".to_owned()))),
    ] {
        assert_eq!(read(&asked(&json!({ "on": on }))).unwrap().on, shared);
    }
}

#[test]
fn faults_have_their_place_and_what_is_allowed() {
    for (body, path, message) in [
        (json!([]), "", "object"),
        (json!({ "result": ["is", "event", "a"] }), "/trigger", "missing"),
        (json!({ "trigger": ["is", "event", "a"] }), "/result", "missing"),
        (asked(&json!({ "trigger": "deploy" })), "/trigger", "condition"),
        (asked(&json!({ "trigger": ["is", "nothing", "a"] })), "/trigger/1", "prop:KEY"),
        (asked(&json!({ "result": ["has_done", ["is", "event", "a"]] })), "/result", "single events"),
        (asked(&json!({ "result": ["is", "exit_path", "/"] })), "/result", "single events"),
        (asked(&json!({ "on": "session" })), "/on", "person, user_id or prop:KEY"),
        (asked(&json!({ "on": "path" })), "/on", "person, user_id or prop:KEY"),
        (asked(&json!({ "on": "prop:" })), "/on", "1 to 200"),
        (asked(&json!({ "on": 7 })), "/on", "person, user_id or prop:KEY"),
        (asked(&json!({ "window": "0s" })), "/window", "1s to 90d"),
        (asked(&json!({ "window": "91d" })), "/window", "1s to 90d"),
        (asked(&json!({ "window": 60 })), "/window", "1s to 90d"),
        (asked(&json!({ "result_by": "time:day" })), "/result_by", "not a time axis"),
        (asked(&json!({ "result_by": "entry_path" })), "/result_by", "no entry_path"),
        (asked(&json!({ "breakdown": "nothing" })), "/breakdown", "prop:KEY"),
        (asked(&json!({ "filters": [["is", "entry_path", "/"]] })), "/filters", "sessions"),
        (asked(&json!({ "steps": [] })), "/steps", "trigger"),
    ] {
        let fault = read(&body).unwrap_err();
        assert_eq!(fault.path, path, "{body}: {}", fault.message);
        assert!(fault.message.contains(message), "{body}: {}", fault.message);
    }
}

#[test]
fn every_value_is_bound() {
    let hostile = "' OR 1=1 --";
    let body = asked(&json!({
        "trigger": ["is", "prop:' OR 1=1 --", hostile], "result": ["contains", "path", hostile],
        "on": format!("prop:{hostile}"), "breakdown": format!("prop:{hostile}"), "result_by": format!("prop:{hostile}"),
    }));
    let pairs = read(&body).unwrap();
    let scope = Scope { project_id: "0192d3c5-0000-7000-8000-000000000001", env: intake::key::Env::Live };
    for statement in [build(&pairs, &scope), left_out(&pairs, &scope)] {
        assert!(!statement.sql.contains("OR 1=1"), "{}", statement.sql);
        assert!(statement.sql.contains("project_id = {p"), "{}", statement.sql);
        assert!(statement.parameters.iter().any(|(_, value)| value == hostile));
    }
}

#[test]
fn nothing_is_an_answer() {
    let pairs = read(&asked(&json!({ "breakdown": "source", "result_by": "event" }))).unwrap();
    let answer: Value = shape::answer(&pairs, &[Found::default(), Found::default()], 1).unwrap().to_value().unwrap();
    assert_eq!((&answer["triggers"], &answer["match_rate"]), (&json!(0), &Value::Null));
    assert_eq!((&answer["breakdown"], &answer["results"]), (&json!([]), &json!([])));
}
