//! What this server does not support is refused by name.

use reqwest::Method;
use serde_json::json;

use crate::stack::{Stack, refusal};

#[tokio::test]
async fn the_rest_of_postgrest_is_answered_with_501() {
    let stack = Stack::shared();
    for (method, path) in [
        (Method::GET, "/rest/v1/"),
        (Method::GET, "/rest/v1/people"),
        (Method::POST, "/rest/v1/people"),
        (Method::PATCH, "/rest/v1/people?id=eq.1"),
        (Method::DELETE, "/rest/v1/people?id=eq.1"),
        (Method::GET, "/rest/v1/rpc/add?a=1&b=2"),
        (Method::HEAD, "/rest/v1/rpc/flag"),
        (Method::DELETE, "/rest/v1/rpc/flag"),
        (Method::OPTIONS, "/rest/v1/rpc/flag"),
        (Method::POST, "/rest/v1/rpc/flag?select=x"),
    ] {
        let told = stack.ask(method.clone(), path).service().send().await;
        assert_eq!(told.status, 501, "{method} {path}");
        if method != Method::HEAD {
            assert_eq!(told.error(), refusal(501, "HW501"), "{method} {path}");
        }
    }
    for (name, value) in [
        ("accept", "text/csv"),
        ("accept", "application/vnd.pgrst.object+json"),
        ("prefer", "count=exact"),
        ("prefer", "params=single-object"),
        ("content-type", "text/plain"),
    ] {
        let told = stack.ask(Method::POST, "/rest/v1/rpc/flag").service().header(name, value).send().await;
        assert_eq!(told.error(), refusal(501, "HW501"), "{name}: {value}");
    }
    for (function, body) in [
        ("add", "[1]"),
        ("add", r#""a""#),
        ("one_row", "{}"),
        ("out_row", "{}"),
        ("rows_of", r#"{"upto":5}"#),
        ("numbers", "{}"),
        ("unnamed", "{}"),
        ("many", r#"{"list":[1]}"#),
    ] {
        let told = stack.call(function, body).service().send().await;
        assert_eq!(told.error(), refusal(501, "HW501"), "{function} {body}");
    }
}

#[tokio::test]
async fn json_may_be_accepted_in_any_usual_way() {
    let stack = Stack::shared();
    for accept in ["application/json", "*/*", "text/html, application/json;q=0.9", "application/*"] {
        let told = stack.call("flag", "{}").service().header("accept", accept).send().await;
        assert_eq!(told.status, 200, "{accept}");
    }
}

#[tokio::test]
async fn other_schemas_are_not_exposed() {
    let stack = Stack::shared();
    let hidden = |schema: &str| stack.call("hidden", "{}").service().header("content-profile", schema).send();
    assert_eq!(hidden("other").await.error(), refusal(406, "PGRST106"));
    assert_eq!(hidden("public").await.error(), refusal(404, "PGRST202"));
}

#[tokio::test]
async fn unknown_paths_are_not_found_and_the_key_set_is_empty() {
    let stack = Stack::shared();
    for path in ["/", "/rpc/flag", "/rest/v1/rpc/flag/more", "/auth/v1/token"] {
        assert_eq!(stack.ask(Method::GET, path).service().send().await.error(), refusal(404, "PGRST125"), "{path}");
    }
    let told = stack.ask(Method::GET, "/auth/v1/.well-known/jwks.json").send().await;
    assert_eq!((told.status, told.json()), (200, json!({ "keys": [] })));
}
