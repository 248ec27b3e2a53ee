//! What is not spoken is said to be not spoken.

use reqwest::Method;

use crate::stack::{Stack, refusal};

#[tokio::test]
async fn unknown_parts_of_postgrest_are_answered_with_501() {
    let stack = Stack::shared();
    for path in [
        "/",
        "/rest/v1/",
        "/people?select=id,letters(*)",
        "/people?select=...letters(body)",
        "/people?select=meta->a",
        "/people?select=count()",
        "/people?select=age.sum()",
        "/people?letters.id=eq.1",
        "/people?meta->>a=eq.1",
        "/people?order=letters(id)",
        "/people?name=fts.word",
        "/people?name=eq(any).{a,b}",
        "/people?name=invented.1",
        "/people?or=(name.fts.x,id.eq.1)",
        "/people?select=name::varchar(3)",
        "/people?on_conflict=id",
    ] {
        assert_eq!(stack.get(path).service().send().await.error(), refusal(501, "HW501"), "{path}");
    }
    for (name, value) in [
        ("accept", "text/csv"),
        ("accept", "application/vnd.pgrst.plan+json"),
        ("accept", "application/geo+json"),
        ("accept", "application/vnd.pgrst.array+json;nulls=stripped"),
        ("prefer", "count=planned"),
        ("prefer", "count=estimated"),
        ("prefer", "tx=rollback"),
        ("prefer", "timezone=Europe/Oslo"),
    ] {
        let told = stack.get("/people").service().header(name, value).send().await;
        assert_eq!(told.error(), refusal(501, "HW501"), "{name}: {value}");
    }
    let told =
        stack.post("/rpc/add", r#"{"a":1,"b":2}"#).service().header("prefer", "params=single-object").send().await;
    assert_eq!(told.error(), refusal(501, "HW501"));
    assert_eq!(stack.post("/rpc/add", "[1]").service().send().await.error(), refusal(501, "HW501"));
    assert_eq!(stack.get("/rpc/add?a=1&a=2").service().send().await.error(), refusal(501, "HW501"));
    assert_eq!(
        stack.post("/rpc/add?select=x", r#"{"a":1,"b":2}"#).service().send().await.error(),
        refusal(501, "HW501")
    );
    for (method, path) in
        [(Method::PUT, "/people?id=eq.1"), (Method::OPTIONS, "/people"), (Method::DELETE, "/people?id=eq.1&limit=1")]
    {
        let told = stack.ask(method.clone(), path).service().send().await;
        assert_eq!(told.error(), refusal(501, "HW501"), "{method} {path}");
    }
    let told = stack.ask(Method::POST, "/people").service().header("content-type", "text/csv").send().await;
    assert_eq!(told.error(), refusal(501, "HW501"));
    let told = stack.ask(Method::PATCH, "/people?id=eq.1").service().body("[{}]").send().await;
    assert_eq!(told.error(), refusal(501, "HW501"));
}

#[tokio::test]
async fn what_postgrest_itself_refuses_is_refused_in_its_words() {
    let stack = Stack::shared();
    let told = stack.get("/people").service().header("accept", "image/png").send().await;
    assert_eq!(told.error(), refusal(406, "PGRST107"));
    let told = stack.get("/people").service().header("prefer", "handling=strict, anything").send().await;
    assert_eq!(told.error(), refusal(400, "PGRST122"));
    let told = stack.get("/people").service().header("prefer", "handling=lenient, anything").send().await;
    assert_eq!((told.status, told.header("preference-applied")), (200, "handling=lenient"));
    let told = stack.ask(Method::TRACE, "/people").service().send().await;
    assert_eq!(told.error(), refusal(405, "PGRST117"));
}
