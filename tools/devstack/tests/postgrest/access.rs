//! Who may do what.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    stack::{PUBLISHABLE_KEY, SECRET_KEY, Stack, refusal},
    tokens::{ADA, BOB, FAR, SECRET, signed, token, unsigned, user},
};

#[tokio::test]
async fn a_request_without_key_and_token_is_refused() {
    let stack = Stack::shared();
    let told = stack.get("/people").send().await;
    assert_eq!(told.error(), refusal(401, "PGRST302"));
    assert_eq!(told.header("www-authenticate"), "Bearer");
    assert_eq!(stack.get("/people").header("apikey", "sb_secret_wrong").send().await.error(), refusal(401, "HW401"));
    // A prefix of a key is no key.
    assert_eq!(stack.get("/people").header("apikey", &SECRET_KEY[..20]).send().await.status, 401);
    assert_eq!(stack.get("/people").header("authorization", "Basic eDp5").send().await.status, 401);
}

#[tokio::test]
async fn keys_and_tokens_choose_the_role_that_runs() {
    let stack = Stack::shared();
    let who = || stack.post("/rpc/whoami", "{}");
    let role = |told: Value| told["role"].as_str().unwrap().to_owned();

    assert_eq!(role(who().service().send().await.json()), "service_role");
    assert_eq!(role(who().anon().send().await.json()), "anon");
    assert_eq!(role(who().user(ADA).send().await.json()), "authenticated");
    assert_eq!(role(who().bearer(&user(ADA)).send().await.json()), "authenticated");
    // The token decides also where a secret key comes with it.
    assert_eq!(role(who().service().bearer(&user(ADA)).send().await.json()), "authenticated");
    // The older keys are tokens, sent as key, as bearer, or both.
    let legacy = token(&json!({ "role": "service_role", "iss": "supabase", "exp": FAR }));
    assert_eq!(role(who().header("apikey", &legacy).bearer(&legacy).send().await.json()), "service_role");
    assert_eq!(role(who().header("apikey", &legacy).send().await.json()), "service_role");
    // Clients that repeat the key as a bearer are let through, as the hosted gateway does.
    assert_eq!(role(who().anon().bearer(PUBLISHABLE_KEY).send().await.json()), "anon");
    assert_eq!(who().anon().bearer(SECRET_KEY).send().await.status, 401);
    assert_eq!(who().bearer(SECRET_KEY).send().await.status, 401);

    let told = who().user(ADA).header("x-test", "ä ok").send().await.json();
    assert_eq!(told["uid"], ADA);
    assert_eq!(told["claims"]["aud"], "authenticated");
    assert_eq!((&told["method"], &told["path"]), (&json!("POST"), &json!("/rpc/whoami")));
    let told = stack.get("/rest/v1/rpc/whoami").anon().header("x-test", "yes").send().await.json();
    assert_eq!((&told["method"], &told["path"]), (&json!("GET"), &json!("/rpc/whoami")));
    assert_eq!(told["header"], "yes");
}

#[tokio::test]
async fn tokens_that_supabase_would_not_make_are_refused() {
    let stack = Stack::shared();
    let good = json!({ "sub": ADA, "role": "authenticated", "aud": "authenticated", "exp": FAR });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        token(&claims)
    };
    let hs256 = json!({ "alg": "HS256" });
    let tampered = {
        let parts: Vec<String> = user(BOB).split('.').map(str::to_owned).collect();
        let own: Vec<String> = user(ADA).split('.').map(str::to_owned).collect();
        format!("{}.{}.{}", own[0], parts[1], own[2])
    };
    for (what, token, code) in [
        ("alg none", unsigned(&good), "PGRST301"),
        ("alg none with a signature", signed(&json!({ "alg": "none" }), &good, SECRET), "PGRST301"),
        ("alg RS256 signed with the secret", signed(&json!({ "alg": "RS256" }), &good, SECRET), "PGRST301"),
        ("alg HS384", signed(&json!({ "alg": "HS384" }), &good, SECRET), "PGRST301"),
        ("another secret", signed(&hs256, &good, "another secret that is long enough"), "PGRST301"),
        ("an empty secret", signed(&hs256, &good, ""), "PGRST301"),
        ("claims of another token", tampered, "PGRST301"),
        ("two parts", "a.b".to_owned(), "PGRST301"),
        ("nonsense", "a.b.c".to_owned(), "PGRST301"),
        ("expired", with("exp", json!(1_700_000_000)), "PGRST303"),
        ("exp as text", with("exp", json!("never")), "PGRST303"),
        ("not valid yet", with("nbf", json!(FAR)), "PGRST303"),
        ("issued in the future", with("iat", json!(FAR)), "PGRST303"),
        ("another audience", with("aud", json!("elsewhere")), "PGRST303"),
        ("other audiences", with("aud", json!(["a", "b"])), "PGRST303"),
        ("a number as audience", with("aud", json!(1)), "PGRST303"),
        ("the superuser's role", with("role", json!("postgres")), "PGRST303"),
        ("the login's role", with("role", json!("authenticator")), "PGRST303"),
        ("a role that is not there", with("role", json!("x\"; drop table people; --")), "PGRST303"),
        ("a list as role", with("role", json!(["service_role"])), "PGRST303"),
    ] {
        let told = stack.get("/documents").anon().bearer(&token).send().await;
        assert_eq!(told.error(), refusal(401, code), "{what}");
        // Nor do they count as an API key.
        assert_eq!(stack.get("/documents").header("apikey", &token).send().await.status, 401, "{what}");
    }
    assert_eq!(
        stack.get("/documents").anon().bearer(&with("aud", json!(["x", "authenticated"]))).send().await.status,
        200
    );
}

#[tokio::test]
async fn users_see_and_change_their_own_rows_only() {
    let stack = Stack::shared();
    let titles = async |id: &str| {
        let told = stack.get("/documents?select=title&order=id&id=lt.3").user(id).send().await;
        told.json().as_array().unwrap().iter().map(|row| row["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(titles(ADA).await, ["of Ada"]);
    assert_eq!(titles(BOB).await, ["of Bob"]);
    assert_eq!(stack.get("/documents").anon().send().await.text, "[]");
    assert_eq!(stack.get("/documents?id=lt.3").service().send().await.json().as_array().unwrap().len(), 2);

    let told = stack
        .ask(Method::PATCH, "/documents?id=eq.2")
        .user(ADA)
        .header("prefer", "return=representation")
        .body(r#"{"title":"mine now"}"#)
        .send()
        .await;
    assert_eq!((told.status, told.text.as_str()), (200, "[]"));
    assert_eq!(titles(BOB).await, ["of Bob"]);

    let told =
        stack.post("/documents", &json!({ "owner": BOB, "title": "planted" }).to_string()).user(ADA).send().await;
    assert_eq!(told.error(), refusal(403, "42501"));
    let told = stack.post("/documents", r#"{"title":"new"}"#).user(ADA).send().await;
    assert_eq!((told.status, told.text.as_str()), (201, ""));
    let told = stack.post("/documents", r#"{"title":"nobody's"}"#).anon().send().await;
    assert!(told.status == 401 || told.status == 400, "{}", told.text);
}

#[tokio::test]
async fn grants_on_columns_hold() {
    let stack = Stack::shared();
    let get = |path: &str| stack.get(path).user(ADA);
    assert_eq!(get("/credentials?select=id,label,plan").send().await.status, 200);
    assert_eq!(get("/credentials?select=label,secret_hash").send().await.error(), refusal(403, "42501"));
    assert_eq!(get("/credentials").send().await.error(), refusal(403, "42501"));
    // A filter would read the column bit by bit.
    assert_eq!(get("/credentials?select=id&secret_hash=like.h*").send().await.error(), refusal(403, "42501"));
    assert_eq!(get("/credentials?select=id&order=secret_hash").send().await.error(), refusal(403, "42501"));
    assert_eq!(stack.get("/credentials?select=id").anon().send().await.error(), refusal(401, "42501"));

    let patch = |body: &str| stack.ask(Method::PATCH, "/credentials?id=eq.1").user(ADA).body(body);
    assert_eq!(patch(r#"{"label":"renamed"}"#).send().await.status, 204);
    assert_eq!(patch(r#"{"label":"x","plan":"enterprise"}"#).send().await.error(), refusal(403, "42501"));
    let told = patch(r#"{"label":"y"}"#).header("prefer", "return=representation").send().await;
    assert_eq!(told.error(), refusal(403, "42501"), "the whole row comes back, the hash with it");
    let post = |path: &str| stack.post(path, r#"{"label":"own"}"#).user(ADA);
    assert_eq!(post("/credentials").send().await.status, 201);
    let told = post("/credentials?select=label").header("prefer", "return=representation").send().await;
    assert_eq!((told.status, told.text.as_str()), (201, r#"[{"label":"own"}]"#));
    assert_eq!(post("/rpc/private_sum").body(r#"{"a":1,"b":2}"#).send().await.error(), refusal(403, "42501"));
    assert_eq!(stack.post("/rpc/private_sum", r#"{"a":1,"b":2}"#).anon().send().await.error(), refusal(401, "42501"));
    assert_eq!(stack.get("/users").service().send().await.error(), refusal(404, "PGRST205"), "auth is not exposed");
}

#[tokio::test]
async fn only_the_schemas_that_are_exposed_can_be_named() {
    let stack = Stack::shared();
    let told = stack.get("/things").service().header("accept-profile", "other").send().await;
    assert_eq!((told.status, told.header("content-profile")), (200, "other"));
    assert_eq!(stack.get("/things").service().send().await.error(), refusal(404, "PGRST205"));
    let told = stack.get("/users").service().header("accept-profile", "auth").send().await;
    assert_eq!(told.error(), refusal(406, "PGRST106"));
}
