//! `/rpc/…`: values, overloads, errors.

use serde_json::json;

use crate::stack::{Stack, refusal};

#[tokio::test]
async fn a_value_is_answered_as_json() {
    let stack = Stack::shared();
    for (function, body, expected) in [
        ("add", r#"{"a":1,"b":2}"#, "3"),
        ("multiply", r#"{"a":4}"#, "20"),
        ("flag", "", "true"),
        ("no_value", "{}", "null"),
        ("lengths", r#"{"list":["a,b","\"}"],"days":["2026-11-21"]}"#, "[2, 1]"),
        ("lengths", r#"{"list":[]}"#, "[0, 0]"),
        ("same", r#"{"doc":{"b":1,"a":[1.10, 12345678901234567890]}}"#, r#"{"b":1,"a":[1.10, 12345678901234567890]}"#),
        ("exact", r#"{"doc":{"z": 1.0,  "a":"\u00e4"}}"#, r#""{\"z\": 1.0,  \"a\":\"\\u00e4\"}""#),
        ("Odd%20%22%20name", r#"{"an \"arg":"x"}"#, r#""x""#),
    ] {
        let told = stack.call(function, body).service().send().await;
        assert_eq!((told.status, told.text.as_str()), (200, expected), "{function}");
        assert_eq!(told.header("content-type"), "application/json; charset=utf-8");
    }
    let told = stack.call("nothing", "{}").service().send().await;
    assert_eq!((told.status, told.text.as_str()), (204, ""));
}

#[tokio::test]
async fn hostile_text_stays_data() {
    let stack = Stack::shared();
    for text in ["'; drop table people; --", "\"", "\\", "$1", "null", "{c}", "ü 🚀", "&?=#+%", "a,b", ""] {
        let told = stack.call("add", &json!({ "a": text }).to_string()).service().send().await;
        assert_eq!((told.status, told.json()), (200, json!(format!("text {text}"))));
        let told = stack.call("add", &json!({ "a": "x", text: 1 }).to_string()).service().send().await;
        assert_eq!(told.error(), refusal(404, "PGRST202"), "{text} as a name");
    }
}

#[tokio::test]
async fn overloads_are_chosen_by_the_names_of_their_arguments() {
    let stack = Stack::shared();
    let call = |function: &str, body: &str| stack.call(function, body).service();
    assert_eq!(call("add", r#"{"a":"x"}"#).send().await.text, r#""text x""#);
    assert_eq!(call("add", r#"{"a":1,"b":2}"#).send().await.text, "3");
    for (function, body) in [("add", r#"{"a":1,"c":2}"#), ("add", "{}"), ("multiply", r#"{"b":2}"#), ("absent", "{}")] {
        let told = call(function, body).send().await;
        assert_eq!(told.error(), refusal(404, "PGRST202"), "{function} {body}");
    }
    assert_eq!(call("ambiguous", r#"{"a":1}"#).send().await.error(), refusal(300, "PGRST203"));
    let told = call("absent", r#"{"k":1}"#).send().await;
    assert_eq!(told.json()["message"], "Could not find the function public.absent(k) in the schema cache");
    // Names that cannot exist, and functions of other schemas.
    for name in ["pg_sleep", "hidden", "add(1,2)--", "add\"", "pg_catalog.pg_sleep", "%00"] {
        let told = call(name, "{}").send().await;
        assert!(told.status == 404 || told.status == 400, "{name}: {}", told.text);
    }
}

#[tokio::test]
async fn a_body_must_be_json() {
    let stack = Stack::shared();
    for body in ["{", "{\"a\":1,}", "nonsense", "[1,", "{\"a\":1}{\"a\":2}", "{\"a\":\"\\ud800\"}"] {
        let told = stack.call("add", body).service().send().await;
        assert_eq!(told.status, 400, "{body}: {}", told.text);
    }
    let told = stack.call("add", r#"{"a":"one","b":2}"#).service().send().await;
    assert_eq!(told.error(), refusal(400, "22P02"));
    let told = stack.call("add", r#"{"a":"\u0000"}"#).service().send().await;
    assert_eq!(told.status, 400);
    let long = format!(r#"{{"doc":"{}"}}"#, "x".repeat(1024 * 1024));
    assert_eq!(stack.call("exact", &long).service().send().await.error(), refusal(413, "HW413"));
}

#[tokio::test]
async fn only_a_volatile_function_writes() {
    let stack = Stack::shared();
    let told = stack.call("write_person", r#"{"name":"Ann"}"#).service().send().await;
    assert_eq!((told.status, told.text.as_str()), (200, "1"));
    let told = stack.call("write_person", r#"{"name":"Ann"}"#).service().send().await;
    assert_eq!(told.error(), refusal(409, "23505"), "the first call was committed");
    let told = stack.call("write_stable", r#"{"name":"Bob"}"#).service().send().await;
    assert_eq!(told.error(), refusal(405, "25006"));
}

#[tokio::test]
async fn errors_become_statuses() {
    let stack = Stack::shared();
    for (state, status) in [
        ("P0001", 400),
        ("P0002", 500),
        ("PT402", 402),
        ("23505", 409),
        ("23503", 409),
        ("22023", 400),
        ("40001", 500),
        ("53300", 503),
        ("42501", 403),
        ("57014", 500),
    ] {
        let told = stack.call("raise_state", &json!({ "state": state }).to_string()).service().send().await;
        assert_eq!(told.error(), refusal(status, state));
        assert_eq!(told.json(), json!({ "code": state, "message": "said", "details": "more", "hint": "try" }));
    }
    let told = stack.call("write_letter", r#"{"person_id":-1}"#).service().send().await;
    assert_eq!(told.error(), refusal(409, "23503"), "a deferred constraint fails at the commit");
    let told = stack.call("write_person", r#"{"name":null}"#).service().send().await;
    assert_eq!(told.error(), refusal(400, "23502"));
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_cancelled() {
    let stack = Stack::shared();
    let begin = std::time::Instant::now();
    let told = stack.call("doze", r#"{"seconds":60}"#).service().send().await;
    assert_eq!(told.error(), refusal(500, "57014"));
    assert!(begin.elapsed().as_secs() < 12);
}
