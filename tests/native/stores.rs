//! The store clients natively, against the real engines of the stack and against servers that fail.
#![allow(clippy::needless_pass_by_value, reason = "a test")]

use std::time::{Duration, Instant};

use headwater::store::{ClickHouse, Credentials, Order, PostgRest, StoreError};
use query::{Plan, World, build, from_parameters};
use serde_json::{Value, json};
use statement::Scope;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::world::{LIMIT, clickhouse, control_plane, now, stack, user};

fn at(url: &str) -> ClickHouse {
    let nobody = Credentials { user: "u".into(), password: "p".into() };
    ClickHouse::new(url, "headwater", nobody.clone(), nobody).unwrap()
}

/// A project id that no other test uses.
fn project() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    uuid::Uuid::from_bytes(bytes).to_string()
}

fn row(project: &str, event_id: &str, more: Value) -> Vec<u8> {
    let mut row = json!({
        "project_id": project, "env": "live", "timestamp": "2026-11-01 10:00:00.000", "event_id": event_id,
        "event": "e", "received_at": "2026-11-01 10:00:00.000", "confidence": "high",
    });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format!("{row}\n").into_bytes()
}

async fn counted(project: &str, parameters: &str) -> Value {
    let world = World { now: now(), timezone: "UTC", offset_at: |_, _| None, segments: query::Segments::Closed };
    let query = from_parameters(parameters, world).unwrap();
    let scope = Scope { project_id: project, env: intake::key::Env::Live };
    let statement = build(&query, &scope, &Plan::default());
    let found = clickhouse().select(statement.sql, &statement.parameters).await.unwrap();
    intake::json::read(&found.body).unwrap()
}

#[tokio::test]
async fn what_is_inserted_is_read_again_and_counts_once() {
    let project = project();
    let store = clickhouse();
    store.insert("events", row(&project, "a", json!({"visitor_hash": u64::MAX.to_string()})), LIMIT).await.unwrap();
    store.insert("events", row(&project, "a", json!({"received_at": "2026-11-01 11:00:00.000"})), LIMIT).await.unwrap();
    store.insert("events", row(&project, "b", json!({"anonymous_id": "x"})), LIMIT).await.unwrap();
    assert_eq!(counted(&project, "metric=events,visitors").await, json!([2, 2]));
}

#[tokio::test]
async fn a_parameter_arrives_exactly_as_it_was_given() {
    let project = project();
    let name = "tab\t newline\n quote' back\\slash \\N 🚀 {x:String}";
    clickhouse().insert("events", row(&project, "a", json!({"event": name})), LIMIT).await.unwrap();
    let encoded: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    assert_eq!(counted(&project, &format!("event={encoded}")).await, json!([1]));
}

#[tokio::test]
async fn a_row_that_does_not_fit_is_refused_and_leaves_nothing() {
    let project = project();
    let mut lines = row(&project, "a", json!({}));
    lines.extend(row(&project, "b", json!({"no_such_column": 1})));
    let error = clickhouse().insert("events", lines, LIMIT).await.unwrap_err();
    assert!(matches!(&error, StoreError::Refused { code, .. } if code == "117"), "{error:?}");
    assert_eq!(counted(&project, "").await, json!([0]));
}

fn order(body: &str) -> Order<'_> {
    Order { body: body.as_bytes(), without_database: true, ..Order::default() }
}

#[tokio::test]
async fn an_operators_statement_has_its_own_user_settings_and_limits() {
    let stack = stack();
    let (maintain, limit) = (user("maintain"), Duration::from_secs(20));
    let client = ClickHouse::for_operator(stack["clickhouse_url"].as_str().unwrap(), "no_such_database").unwrap();
    let parameters = [("n".to_owned(), "3\t\\".to_owned())];
    let select = Order {
        parameters: &parameters,
        settings: &[("default_format", "TSVRaw")],
        ..order("SELECT {n:String}, repeat('x', 1000)")
    };
    let answer = client.order(&maintain, select, limit).await.unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), format!("3\t\\\t{}\n", "x".repeat(1000)));
    let inside = Order { without_database: false, ..order("SELECT 1") };
    assert!(matches!(client.order(&maintain, inside, limit).await, Err(StoreError::Refused { .. })));
    let long = format!("SELECT no_such_column, '{}'", "y".repeat(2000));
    let Err(StoreError::Refused { message, .. }) = client.order(&maintain, order(&long), limit).await else {
        panic!("it was not refused");
    };
    assert!(message.len() > 1000, "the message is complete: {message}");
    let nobody = Credentials { user: "nobody".into(), password: String::new() };
    assert!(matches!(client.order(&nobody, order("SELECT 1"), limit).await, Err(StoreError::Busy(_))));
}

#[tokio::test]
async fn the_answer_of_a_function_is_json_and_a_refusal_is_definite() {
    let control = control_plane();
    assert_eq!(
        control.call("key_lookup", json!({"key_prefix": "00000000"}).to_string(), LIMIT).await.unwrap(),
        b"null"
    );
    let days = control.call("day_keys", json!({"days": ["2001-01-01"]}).to_string(), LIMIT).await.unwrap();
    let again = control.call("day_keys", json!({"days": ["2001-01-01"]}).to_string(), LIMIT).await.unwrap();
    assert_eq!(days, again, "a day has one row");
    let error = control.call("day_keys", json!({"days": ["never"]}).to_string(), LIMIT).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { status: 400, .. }), "{error:?}");
    let error = control.call("no_such_function", "{}".into(), LIMIT).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { status: 404, .. }), "{error:?}");
}

#[tokio::test]
async fn wrong_credentials_are_the_operators_matter_not_an_answer() {
    let stack = stack();
    let nobody = Credentials { user: "nobody".into(), password: "wrong".into() };
    let store =
        ClickHouse::new(stack["clickhouse_url"].as_str().unwrap(), "headwater", nobody.clone(), nobody).unwrap();
    assert!(matches!(store.ping(LIMIT).await, Err(StoreError::Busy(_))));
    let control = PostgRest::new(stack["postgrest_url"].as_str().unwrap(), "sb_secret_wrong").unwrap();
    let answer = control.call("key_lookup", json!({"key_prefix": "00000000"}).to_string(), LIMIT).await;
    assert!(matches!(answer, Err(StoreError::Busy(_))), "{answer:?}");
}

#[tokio::test]
async fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert!(matches!(at(&url).insert("events", b"{}\n".to_vec(), LIMIT).await, Err(StoreError::Unreachable(_))));
    let control = PostgRest::new(&url, "sb_secret_x").unwrap();
    assert!(matches!(control.call("key_lookup", "{}".into(), LIMIT).await, Err(StoreError::Unreachable(_))));
}

#[tokio::test]
async fn somebody_who_never_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let begin = Instant::now();
    let error = at(&url).insert("events", b"{}\n".to_vec(), Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(error, StoreError::TimedOut);
    assert!(begin.elapsed() < LIMIT);
}

#[tokio::test]
async fn somebody_who_lies() {
    for (answer, unusable) in [
        ("nonsense\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut", false),
        ("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", false),
        ("HTTP/1.1 418 Tea\r\ncontent-length: 0\r\n\r\n", true),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let _ = socket.read(&mut [0; 8192]).await;
                let _ = socket.write_all(answer.as_bytes()).await;
            }
        });
        let result = at(&url).insert("events", b"{}\n".to_vec(), LIMIT).await;
        assert_eq!(matches!(result, Err(StoreError::Refused { .. })), unusable, "{answer}: {result:?}");
        assert!(result.is_err());
    }
}
