//! Tables: rows in, rows out.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::{Ask, Stack, refusal};

/// People whose names begin with `mark`; other tests have other people.
async fn people(stack: &Stack, mark: &str, names: &[&str]) -> Vec<Value> {
    let rows: Vec<Value> =
        names.iter().zip(1..).map(|(name, age)| json!({ "name": format!("{mark}{name}"), "age": age })).collect();
    let told = stack
        .post("/people", &json!(rows).to_string())
        .service()
        .header("prefer", "return=representation")
        .send()
        .await;
    assert_eq!(told.status, 201, "{}", told.text);
    told.json().as_array().unwrap().clone()
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"))
}

#[tokio::test]
async fn hostile_text_stays_data() {
    let stack = Stack::shared();
    let hostile = [
        "'; drop table people; --",
        "\"; select 1; --",
        "a,b",
        "(x)",
        "back\\slash",
        "quote\"quote",
        "{curly}",
        "eq.1",
        "not.is.null",
        "$1",
        "100%",
        "ünï ☃",
        "null",
    ];
    people(&stack, "hostile ", &hostile).await;
    for text in hostile {
        let name = format!("hostile {text}");
        let told = stack.get(&format!("/people?select=name&name=eq.{}", escaped(&name))).service().send().await;
        assert_eq!(told.json(), json!([{ "name": name }]));
        // In a list and in a group a value stands in quotes, with backslashes before quotes.
        let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
        let list = format!("/people?select=name&name=in.({},other)", escaped(&quoted));
        assert_eq!(stack.get(&list).service().send().await.json(), json!([{ "name": name }]), "{list}");
        let group = format!("/people?select=name&or=(name.eq.{},age.eq.-1)", escaped(&quoted));
        assert_eq!(stack.get(&group).service().send().await.json(), json!([{ "name": name }]), "{group}");
    }
    let all = stack.get("/people?select=name&name=like.hostile*").service().send().await.json();
    assert_eq!(all.as_array().unwrap().len(), hostile.len());
    for path in [
        "/people?select=name;drop table people",
        "/people?select=name::text;--",
        "/people?order=name;drop table people",
        "/people?name%22;drop=eq.1",
        "/people?limit=1;drop",
        "/people;drop table people",
        "/people\"--",
        "/people?id=eq.1;drop table people",
        "/people?name=is.null;drop table people",
    ] {
        let told = stack.get(path).service().send().await;
        assert!((400..502).contains(&told.status) && told.status != 500, "{path}: {} {}", told.status, told.text);
    }
    assert_eq!(stack.get("/people?limit=1").service().send().await.status, 200);
}

#[tokio::test]
async fn filters_choose_and_order_sorts() {
    let stack = Stack::shared();
    people(&stack, "filter ", &["one", "two", "three", "four"]).await;
    let found = async |filter: &str| {
        let path = format!("/people?select=age&order=age&name=like.filter*&{filter}");
        let told = stack.get(&path).service().send().await;
        assert_eq!(told.status, 200, "{}", told.text);
        told.json().as_array().unwrap().iter().map(|row| row["age"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(found("age=eq.2").await, [2]);
    assert_eq!(found("age=neq.2").await, [1, 3, 4]);
    assert_eq!(found("age=gt.2&age=lt.4").await, [3]);
    assert_eq!(found("age=gte.2&age=lte.3").await, [2, 3]);
    assert_eq!(found("age=in.(1,4,9)").await, [1, 4]);
    assert_eq!(found("age=in.()").await, Vec::<i64>::new());
    assert_eq!(found("age=not.in.(1,4)").await, [2, 3]);
    assert_eq!(found("meta=is.null&age=not.eq.1").await, [2, 3, 4]);
    assert_eq!(found("meta=not.is.null").await, Vec::<i64>::new());
    assert_eq!(found("name=ilike.*R T%25").await, [2, 3]);
    assert_eq!(found("or=(age.eq.1,and(age.gt.2,age.lt.4))").await, [1, 3]);
    assert_eq!(found("not.or=(age.eq.1,age.not.lt.3)").await, [2]);
    assert_eq!(found("tags=cs.{x}").await, Vec::<i64>::new());
    let told =
        stack.get("/people?select=name,years:age::text&name=like.filter*&order=age.desc.nullslast,name.asc&limit=1");
    assert_eq!(told.service().send().await.json(), json!([{ "name": "filter four", "years": "4" }]));
    let told = stack.get("/people?nope=eq.1").service().send().await;
    assert_eq!(told.error(), refusal(400, "42703"));
    assert_eq!(stack.get("/people?age=eq.x").service().send().await.error(), refusal(400, "22P02"));
    assert_eq!(stack.get("/people?age=5").service().send().await.error(), refusal(400, "PGRST100"));
    assert_eq!(stack.get("/nope").service().send().await.error(), refusal(404, "PGRST205"));
    assert_eq!(stack.get("/a/b/c").service().send().await.error(), refusal(404, "PGRST125"));
}

#[tokio::test]
async fn ranges_and_counts_are_told() {
    let stack = Stack::shared();
    people(&stack, "range ", &["a", "b", "c", "d", "e"]).await;
    let get = |more: &str| stack.get(&format!("/people?select=name&name=like.range*&order=name{more}")).service();
    let count = |ask: Ask| ask.header("prefer", "count=exact");

    let told = get("").send().await;
    assert_eq!((told.status, told.header("content-range")), (200, "0-4/*"));
    let told = count(get("")).send().await;
    assert_eq!((told.status, told.header("content-range")), (200, "0-4/5"));
    assert_eq!(told.header("preference-applied"), "count=exact");
    let told = count(get("&limit=2&offset=1")).send().await;
    assert_eq!((told.status, told.header("content-range")), (206, "1-2/5"));
    assert_eq!(told.json(), json!([{ "name": "range b" }, { "name": "range c" }]));
    let told = count(get("").header("range", "3-9").header("range-unit", "items")).send().await;
    assert_eq!((told.status, told.header("content-range")), (206, "3-4/5"));
    let told = get("&limit=0").send().await;
    assert_eq!((told.status, told.header("content-range"), told.text.as_str()), (200, "*/*", "[]"));
    assert_eq!(count(get("&offset=9")).send().await.error(), refusal(416, "PGRST103"));
    assert_eq!(get("").header("range", "9-1").send().await.error(), refusal(416, "PGRST103"));
    let told = count(stack.ask(Method::HEAD, "/people?name=like.range*").service()).send().await;
    assert_eq!((told.status, told.header("content-range"), told.text.as_str()), (200, "0-4/5", ""));
}

#[tokio::test]
async fn one_row_can_be_demanded() {
    let stack = Stack::shared();
    people(&stack, "single ", &["a", "b"]).await;
    let object = |ask: Ask| ask.service().header("accept", "application/vnd.pgrst.object+json");
    let told = object(stack.get("/people?select=name&name=eq.single a")).send().await;
    assert_eq!((told.status, told.text.as_str()), (200, r#"{"name":"single a"}"#));
    assert_eq!(told.header("content-type"), "application/vnd.pgrst.object+json; charset=utf-8");
    let told = object(stack.get("/people?name=like.single*")).send().await;
    assert_eq!(told.error(), refusal(406, "PGRST116"));
    assert_eq!(told.json()["details"], "The result contains 2 rows");
    // What does not fit is undone.
    let told = object(stack.ask(Method::PATCH, "/people?name=like.single*").body(r#"{"age":77}"#)).send().await;
    assert_eq!(told.error(), refusal(406, "PGRST116"));
    assert_eq!(stack.get("/people?age=eq.77&name=like.single*").service().send().await.text, "[]");
}

#[tokio::test]
async fn writes_answer_as_they_are_asked_to() {
    let stack = Stack::shared();
    let prefer = |ask: Ask, text: &str| ask.service().header("prefer", text);
    let told = prefer(stack.post("/people", r#"{"name":"write a"}"#), "return=minimal,count=exact").send().await;
    assert_eq!((told.status, told.text.as_str()), (201, ""));
    assert_eq!(told.header("content-range"), "*/1");
    assert_eq!(told.header("preference-applied"), "return=minimal, count=exact");
    let told = prefer(stack.post("/people", r#"{"id":900,"name":"write b"}"#), "return=headers-only").send().await;
    assert_eq!((told.status, told.header("location")), (201, "/people?id=eq.900"));
    let told =
        prefer(stack.post("/people?select=id,name", r#"[{"id":901,"name":"write c"}]"#), "return=representation");
    assert_eq!(told.send().await.json(), json!([{ "id": 901, "name": "write c" }]));

    let rows = r#"[{"name":"write d"},{"name":"write e","age":5}]"#;
    let told = stack.post("/people", rows).service().send().await;
    assert_eq!(told.error(), refusal(400, "PGRST102"));
    let path = "/people?columns=name,age&select=name,age";
    let told = prefer(stack.post(path, rows), "return=representation,missing=default").send().await;
    assert_eq!(told.json(), json!([{ "name": "write d", "age": 18 }, { "name": "write e", "age": 5 }]));
    let told = prefer(stack.post(path, r#"{"name":"write f"}"#), "return=representation").send().await;
    assert_eq!(told.json(), json!([{ "name": "write f", "age": null }]));
    assert_eq!(stack.post("/people", "[]").service().send().await.status, 201);
    assert_eq!(stack.post("/people", r#"{"nope":1}"#).service().send().await.error(), refusal(400, "PGRST204"));
    assert_eq!(stack.post("/people", "5").service().send().await.error(), refusal(400, "PGRST102"));

    let told = prefer(stack.ask(Method::PATCH, "/people?id=eq.900").body(r#"{"age":1}"#), "count=exact").send().await;
    assert_eq!((told.status, told.header("content-range")), (204, "0-0/1"));
    let told = prefer(stack.ask(Method::PATCH, "/people?id=eq.900&select=age").body("{}"), "return=representation");
    assert_eq!(told.send().await.text, "[]");
    let told = prefer(
        stack.ask(Method::DELETE, "/people?id=gte.900&id=lt.902&select=id&order=id.desc"),
        "return=representation",
    );
    assert_eq!(told.send().await.json(), json!([{ "id": 901 }, { "id": 900 }]));
    // Whole tables are safe, as on hosted projects.
    assert_eq!(stack.ask(Method::DELETE, "/people").service().send().await.error(), refusal(400, "21000"));
    assert_eq!(
        stack.ask(Method::PATCH, "/people").service().body(r#"{"age":1}"#).send().await.error(),
        refusal(400, "21000")
    );
    let told =
        prefer(stack.ask(Method::DELETE, "/people?name=like.write*"), "handling=strict,max-affected=1").send().await;
    assert_eq!(told.error(), refusal(400, "PGRST124"));
}

#[tokio::test]
async fn upserts_merge_or_ignore() {
    let stack = Stack::shared();
    let upsert = |path: &str, body: &str, resolution: &str| {
        let prefer = format!("resolution={resolution},return=representation");
        stack.post(path, body).service().header("prefer", &prefer)
    };
    let told =
        upsert("/people?select=id,age", r#"{"id":800,"name":"upsert","age":1}"#, "merge-duplicates").send().await;
    assert_eq!((told.status, told.json()), (201, json!([{ "id": 800, "age": 1 }])));
    let told =
        upsert("/people?select=id,age", r#"{"id":800,"name":"upsert","age":2}"#, "merge-duplicates").send().await;
    assert_eq!((told.status, told.json()), (200, json!([{ "id": 800, "age": 2 }])));
    assert_eq!(told.header("preference-applied"), "resolution=merge-duplicates, return=representation");
    let told =
        upsert("/people?on_conflict=name&select=age", r#"{"name":"upsert","age":3}"#, "merge-duplicates").send().await;
    assert_eq!((told.status, told.json()), (200, json!([{ "age": 3 }])));
    let told = upsert("/people?on_conflict=name", r#"{"name":"upsert","age":4}"#, "ignore-duplicates").send().await;
    assert_eq!((told.status, told.text.as_str()), (201, "[]"));
    let told = upsert("/people", r#"{"name":"upsert"}"#, "merge-duplicates").send().await;
    assert_eq!(told.error(), refusal(409, "23505"));
}

#[tokio::test]
async fn constraints_speak_up() {
    let stack = Stack::shared();
    let told = stack.post("/letters", r#"{"body":"twenty characters or more"}"#).service().send().await;
    assert_eq!(told.error(), refusal(400, "23514"));
    assert_eq!(stack.post("/people", r#"{"age":1}"#).service().send().await.error(), refusal(400, "23502"));
    // Deferred: only the commit finds it.
    let told = stack.post("/letters", r#"{"person_id":-1}"#).service().send().await;
    assert_eq!(told.error(), refusal(409, "23503"));
    assert_eq!(stack.get("/letters").service().send().await.text, "[]");
}
