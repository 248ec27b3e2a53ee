//! `/rpc/…`: shapes, errors, overloads.

use serde_json::json;

use crate::stack::{Stack, refusal};

#[tokio::test]
async fn results_have_the_shape_of_their_type() {
    let stack = Stack::shared();
    for (function, body, expected) in [
        ("add", r#"{"a":1,"b":2}"#, "3"),
        ("multiply", r#"{"a":4}"#, "20"),
        ("one_row", "{}", r#"{"id":7,"name":"Ann","age":30,"tags":[],"meta":null}"#),
        ("one_row?select=name,years:age", "", r#"{"name":"Ann","years":30}"#),
        ("out_row", "{}", r#"{"a":1,"b":"z"}"#),
        ("rows_of?order=n.desc&limit=1&select=square&n=lt.3", r#"{"upto":5}"#, r#"[{"square":4}]"#),
        ("rows_of", r#"{"upto":0}"#, "[]"),
        ("numbers", "", "[1, 2]"),
        ("no_value", "{}", "null"),
        ("same", r#"{"b":1,"a":[1.10, 12345678901234567890]}"#, r#"{"b":1,"a":[1.10, 12345678901234567890]}"#),
        ("same", "[1,2]", "[1,2]"),
        ("exact", r#"{"doc":{"z": 1.0,  "a":"\u00e4"}}"#, r#""{\"z\": 1.0,  \"a\":\"\\u00e4\"}""#),
    ] {
        let told = stack.post(&format!("/rpc/{function}"), body).service().send().await;
        assert_eq!((told.status, told.text.as_str()), (200, expected), "{function}");
        assert_eq!(told.header("content-type"), "application/json; charset=utf-8");
    }
    let told = stack.post("/rest/v1/rpc/nothing", "{}").service().send().await;
    assert_eq!((told.status, told.text.as_str()), (204, ""));
    assert_eq!(told.header("content-range"), "0-0/*");
}

#[tokio::test]
async fn overloads_are_told_apart_by_the_names_of_their_arguments() {
    let stack = Stack::shared();
    let call = |function: &str, body: &str| stack.post(&format!("/rpc/{function}"), body).service();
    assert_eq!(call("add", r#"{"a":"x"}"#).send().await.text, r#""text x""#);
    assert_eq!(call("add", r#"{"a":1,"b":2}"#).send().await.text, "3");
    for (function, body) in [("add", r#"{"a":1,"c":2}"#), ("add", "{}"), ("multiply", r#"{"b":2}"#), ("absent", "{}")] {
        let told = call(function, body).send().await;
        assert_eq!(told.error(), refusal(404, "PGRST202"), "{function} {body}");
    }
    let told = call("absent", r#"{"k":1}"#).send().await;
    assert_eq!(told.json()["message"], "Could not find the function public.absent(k) in the schema cache");
    // Names that are none, and functions outside of the schema.
    for name in ["pg_sleep", "add(1,2)--", "add\"", "pg_catalog.pg_sleep", "%00"] {
        let told = call(name, "{}").send().await;
        assert!(told.status == 404 || told.status == 400, "{name}: {}", told.text);
    }
}

#[tokio::test]
async fn a_body_must_be_json() {
    let stack = Stack::shared();
    for body in ["{", "{\"a\":1,}", "nonsense", "[1,", "{\"a\":1}{\"a\":2}", "{\"a\":\"\\ud800\"}"] {
        let told = stack.post("/rpc/add", body).service().send().await;
        assert_eq!(told.status, 400, "{body}: {}", told.text);
    }
    let told = stack.post("/rpc/add", r#"{"a":"one","b":2}"#).service().send().await;
    assert_eq!(told.error(), refusal(400, "22P02"));
    let told = stack.post("/rpc/add", r#"{"a":"\u0000"}"#).service().send().await;
    assert_eq!(told.status, 400);
    let long = format!(r#"{{"doc":"{}"}}"#, "x".repeat(1024 * 1024));
    assert_eq!(stack.post("/rpc/exact", &long).service().send().await.error(), refusal(413, "HW413"));
}

#[tokio::test]
async fn a_get_reads_only() {
    let stack = Stack::shared();
    let told = stack.get("/rpc/add?a=1&b=2").anon().send().await;
    assert_eq!((told.status, told.text.as_str()), (200, "3"));
    let told = stack.get("/rpc/rows_of?upto=3&n=gt.1&select=n").anon().send().await;
    assert_eq!(told.text, "[{\"n\":2}, \n {\"n\":3}]");
    let told = stack.ask(reqwest::Method::HEAD, "/rpc/add?a=1&b=2").anon().send().await;
    assert_eq!((told.status, told.text.as_str()), (200, ""));
    let told = stack.get("/rpc/write_person?name=got").service().send().await;
    assert_eq!(told.error(), refusal(405, "25006"));
    let told = stack.ask(reqwest::Method::DELETE, "/rpc/add").service().send().await;
    assert_eq!(told.error(), refusal(405, "PGRST101"));
    let told = stack.get("/people?name=eq.got").service().send().await;
    assert_eq!(told.text, "[]");
}

#[tokio::test]
async fn raised_states_become_statuses() {
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
        let told = stack.post("/rpc/raise_state", &json!({ "state": state }).to_string()).service().send().await;
        assert_eq!(told.error(), refusal(status, state));
        assert_eq!(told.json(), json!({ "code": state, "message": "said", "details": "more", "hint": "try" }));
    }
    let told = stack.post("/rpc/raise_answer", "{}").anon().send().await;
    assert_eq!(told.error(), refusal(402, "123"));
    assert_eq!(told.header("x-powered-by"), "Nerd Rage");
    let told = stack.post("/rpc/teapot", "{}").anon().send().await;
    assert_eq!((told.status, told.header("x-tea"), told.text.as_str()), (418, "green", "\"tea\""));
}

#[tokio::test]
async fn an_endless_statement_is_cut_off() {
    let stack = Stack::shared();
    let begin = std::time::Instant::now();
    let told = stack.post("/rpc/doze", r#"{"seconds":60}"#).service().send().await;
    assert_eq!(told.error(), refusal(500, "57014"));
    assert!(begin.elapsed().as_secs() < 12);
}
