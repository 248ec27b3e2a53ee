use serde_json::{Value, json};

use super::*;
use crate::report::Answer as _;
use crate::zone::host_offset;
use statement::Scope;

fn read(body: &Value) -> Result<Retention, Fault> {
    let world = World {
        now: Timestamp(1_795_255_200_000),
        timezone: "UTC",
        offset_at: host_offset,
        segments: crate::Segments::Closed,
    };
    Retention::from_json(body, world)
}

#[test]
fn what_is_not_said_has_a_default() {
    let retention = read(&json!({})).unwrap();
    assert_eq!((retention.interval, retention.periods, retention.unbounded), (Interval::Week, 8, false));
    assert_eq!((&retention.cohort, &retention.back), (&Filter::And(Vec::new()), &Filter::And(Vec::new())));
    // The last 30 days up to Saturday, 21 November 2026: the weeks from Monday, 19 October, on.
    let cohorts: Vec<String> = retention.cohorts().map(Day::to_iso).collect();
    assert_eq!(cohorts, ["2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"]);
}

#[test]
fn faults_have_their_place_and_what_is_allowed() {
    for (body, path, message) in [
        (json!("week"), "", "object"),
        (json!({ "cohort_by": "signup" }), "/cohort_by", "first, or a condition"),
        (json!({ "cohort_by": 7 }), "/cohort_by", "first, or a condition"),
        (json!({ "cohort_by": ["is", "event"] }), "/cohort_by", "arguments"),
        (json!({ "cohort_by": ["has_done", ["is", "event", "a"]] }), "/cohort_by", "single events"),
        (json!({ "return": "any" }), "/return", "condition"),
        (json!({ "return": ["is", "exit_path", "/"] }), "/return", "single events"),
        (json!({ "interval": "hour" }), "/interval", "day, week, month"),
        (json!({ "periods": 0 }), "/periods", "1 to 60"),
        (json!({ "periods": 61 }), "/periods", "1 to 60"),
        (json!({ "periods": 2.5 }), "/periods", "1 to 60"),
        (json!({ "unbounded": "yes" }), "/unbounded", "true or false"),
        (json!({ "interval": "day", "periods": 60, "date_range": "366d" }), "/periods", "10000"),
        (json!({ "breakdown": "time:week" }), "/breakdown", "not a time axis"),
        (json!({ "filters": [["is", "entry_path", "/"]] }), "/filters", "sessions"),
        (json!({ "timezone": 7 }), "/timezone", "IANA"),
        (json!({ "steps": [] }), "/steps", "cohort_by"),
    ] {
        let fault = read(&body).unwrap_err();
        assert_eq!(fault.path, path, "{body}: {}", fault.message);
        assert!(fault.message.contains(message), "{body}: {}", fault.message);
    }
}

#[test]
fn steps_have_consecutive_numbers_in_every_zone() {
    for (interval, zone) in [("day", "Asia/Beirut"), ("week", "America/New_York"), ("month", "Pacific/Apia")] {
        let body =
            json!({ "interval": interval, "timezone": zone, "date_range": ["2025-01-15", "2026-11-21"], "periods": 1 });
        let retention = read(&body).unwrap();
        let numbers: Vec<i64> = retention.cohorts().map(|day| retention.number(day)).collect();
        assert!(numbers.len() > 20 && numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{interval}");
    }
}

#[test]
fn returns_are_looked_for_after_the_period() {
    let body = json!({
        "interval": "month", "periods": 2, "date_range": ["2026-02-10", "2026-03-05"], "timezone": "Europe/Berlin",
    });
    // March and the month after it, in summer time.
    assert_eq!(read(&body).unwrap().whole().to.to_iso(), "2026-04-30T22:00:00.000Z");
    let mut unbounded = body;
    unbounded["unbounded"] = true.into();
    assert_eq!(read(&unbounded).unwrap().whole().to, Timestamp(1_795_255_200_000).plus(DAY_MS));
}

#[test]
fn values_are_bound() {
    let evil = "'); DROP TABLE events; --";
    let body = json!({
        "cohort_by": ["is", "event", evil], "return": ["exists", format!("prop:{evil}")],
        "breakdown": format!("prop:{evil}"), "filters": [["has_done", ["is", "path", evil]]],
    });
    let retention = read(&body).unwrap();
    let scope = Scope { project_id: "0190d3a0-0000-7000-8000-000000000001", env: intake::key::Env::Live };
    let statement = build(&retention, &scope);
    assert!(!statement.sql.contains("DROP") && !statement.sql.contains(scope.project_id));
    let tables = ["events", "identities", "computed", "dirty"];
    let reads: usize = tables.iter().map(|table| statement.sql.matches(&format!("FROM {table}")).count()).sum();
    assert_eq!(statement.sql.matches("project_id = {").count(), reads, "every read is of the project");
}

#[test]
fn the_future_is_unknown_and_rubbish_is_no_answer() {
    let retention = read(&json!({ "periods": 3, "date_range": "7d" })).unwrap();
    let found =
        Found { lines: b"[0,\"\",4,[[2967,-1,4],[2967,0,4],[2967,1,1],[0,-2,8],[0,-3,2]]]".into(), ..Found::default() };
    let shaped: Value = shape::answer(&retention, &[found], 1).unwrap().to_value().unwrap();
    // Week 2967 since 1970 begins on 9 November 2026.
    assert_eq!(
        shaped["rows"],
        json!([
            { "cohort": "2026-11-09", "size": 4, "returned": [4, 1, null], "rates": [100.0, 25.0, null] },
            { "cohort": "2026-11-16", "size": 0, "returned": [0, null, null], "rates": [null, null, null] },
        ])
    );
    assert_eq!(shaped["meta"]["cookieless_excluded"], 25.0);
    for rubbish in ["[]", "[0,\"\",4,7]", "[0,\"\",4,[[1,2]]]", "x"] {
        let found = Found { lines: rubbish.into(), ..Found::default() };
        assert!(shape::answer(&retention, &[found], 1).is_err(), "{rubbish}");
    }
}
