use serde_json::{Value, json};

use super::*;
use crate::Segments;
use crate::report::Answer as _;
use crate::zone::host_offset;
use intake::time::Timestamp;
use statement::Scope;

const SCOPE: Scope<'static> = Scope { project_id: "0192d3c5-0000-7000-8000-000000000001", env: intake::key::Env::Live };

fn read(body: &Value) -> Result<Journeys, Fault> {
    let now = Timestamp(1_795_255_200_000);
    Journeys::from_json(body, World { now, timezone: "UTC", offset_at: host_offset, segments: Segments::Closed })
}

#[test]
fn what_is_not_said_has_a_default() {
    let journeys = read(&json!({})).unwrap();
    assert_eq!((&journeys.start, journeys.direction, journeys.by), (&None, Direction::Next, By::Session));
    assert_eq!((journeys.unit, journeys.steps, journeys.limit), (Unit::Path, 3, 10));
}

#[test]
fn faults_have_their_place_and_what_is_allowed() {
    for (body, path, message) in [
        (json!([]), "", "object"),
        (json!({ "start": "signup" }), "/start", "condition"),
        (json!({ "start": ["is", "nothing", "a"] }), "/start/1", "prop:KEY"),
        (json!({ "start": ["has_done", ["is", "event", "a"]] }), "/start", "single events"),
        (json!({ "start": ["is", "entry_path", "/"] }), "/start", "single events"),
        (json!({ "direction": "back" }), "/direction", "next, previous"),
        (json!({ "steps": 0 }), "/steps", "1 to 5"),
        (json!({ "steps": 6 }), "/steps", "1 to 5"),
        (json!({ "unit": "title" }), "/unit", "path, event"),
        (json!({ "by": "visitor" }), "/by", "person, session"),
        (json!({ "limit": 51 }), "/limit", "1 to 50"),
        (json!({ "breakdown": "source" }), "/breakdown", "is unknown"),
        (json!({ "filters": [["is", "exit_path", "/"]] }), "/filters", "sessions"),
        (json!({ "date_range": "soon" }), "/date_range", "last_month"),
    ] {
        let fault = read(&body).unwrap_err();
        assert_eq!(fault.path, path, "{body}: {}", fault.message);
        assert!(fault.message.contains(message), "{body}: {}", fault.message);
    }
}

#[test]
fn every_value_is_bound() {
    let hostile = "' OR 1=1 --";
    for by in ["session", "person"] {
        let body =
            json!({ "start": ["is", "prop:' OR 1=1 --", hostile], "filters": [["is", "path", hostile]], "by": by });
        let journeys = read(&body).unwrap();
        for statement in [build(&journeys, &SCOPE), left_out(&journeys, &SCOPE)] {
            assert!(!statement.sql.contains("OR 1=1"), "{}", statement.sql);
            assert!(statement.sql.contains("project_id = {p"), "{}", statement.sql);
            assert!(statement.parameters.iter().any(|(_, value)| value == hostile));
        }
    }
}

#[test]
fn nodes_links_and_ends_add_up() {
    let journeys = read(&json!({ "steps": 2, "limit": 1 })).unwrap();
    // Ten begin; one ends at once, six go to /a, three to other pages.
    let lines = "[1,0,\"\",0,0,\"/a\",6]\n[1,0,\"\",0,1,\"\",3]\n[1,0,\"\",1,0,\"\",1]\n\
                 [2,0,\"/a\",0,0,\"/b\",4]\n[2,1,\"\",0,1,\"\",2]\n[2,0,\"/a\",1,0,\"\",2]\n[2,1,\"\",1,0,\"\",1]\n";
    let found = Found { lines: lines.as_bytes().to_vec(), rows_read: 3 };
    let answer: Value = shape::answer(&journeys, &[found], 1).unwrap().to_value().unwrap();
    assert_eq!(answer["start"], json!({ "count": 10, "ended": 1 }));
    assert_eq!(
        answer["steps"],
        json!([
            { "step": 1, "nodes": [{ "name": "/a", "count": 6, "share": 60.0, "ended": 2 }],
              "other": { "count": 3, "share": 30.0, "ended": 1 }, "links": [] },
            { "step": 2, "nodes": [{ "name": "/b", "count": 4, "share": 40.0, "ended": null }],
              "other": { "count": 2, "share": 20.0, "ended": null },
              "links": [{ "source": "/a", "target": "/b", "count": 4, "share": 66.67 },
                        { "source": null, "target": null, "count": 2, "share": 66.67 }] },
        ])
    );
    assert_eq!((&answer["meta"]["truncated"], &answer["meta"]["by"]), (&json!(true), &json!("session")));
}

#[test]
fn nothing_is_an_answer() {
    let journeys = read(&json!({ "by": "person", "steps": 1 })).unwrap();
    let answer: Value = shape::answer(&journeys, &[Found::default(), Found::default()], 1).unwrap().to_value().unwrap();
    assert_eq!(answer["start"], json!({ "count": 0, "ended": 0 }));
    assert_eq!(answer["steps"], json!([{ "step": 1, "nodes": [], "other": null, "links": [] }]));
}
