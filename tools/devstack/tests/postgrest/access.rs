//! Keys, tokens, roles, row-level security.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    stack::{PUBLISHABLE_KEY, SECRET_KEY, Stack, refusal},
    tokens::{ADA, BOB, FAR, SECRET, signed, token, unsigned, user},
};

#[tokio::test]
async fn a_request_without_key_and_token_is_refused() {
    let stack = Stack::shared();
    let call = || stack.ask(Method::POST, "/rest/v1/rpc/flag");
    let told = call().send().await;
    assert_eq!(told.error(), refusal(401, "PGRST302"));
    assert_eq!(told.header("www-authenticate"), "Bearer");
    assert_eq!(call().header("apikey", "sb_secret_wrong").send().await.error(), refusal(401, "HW401"));
    // A prefix of a key is not accepted.
    assert_eq!(call().header("apikey", &SECRET_KEY[..20]).send().await.status, 401);
    assert_eq!(call().header("authorization", "Basic eDp5").send().await.status, 401);
}

#[tokio::test]
async fn keys_and_tokens_choose_the_role_that_runs() {
    let stack = Stack::shared();
    let who = || stack.call("whoami", "{}");
    let role = |told: Value| told["role"].as_str().unwrap().to_owned();

    assert_eq!(role(who().service().send().await.json()), "service_role");
    assert_eq!(role(who().anon().send().await.json()), "anon");
    assert_eq!(role(who().user(ADA).send().await.json()), "authenticated");
    assert_eq!(role(who().bearer(&user(ADA)).send().await.json()), "authenticated");
    // The token also decides when a secret key comes with it.
    assert_eq!(role(who().service().bearer(&user(ADA)).send().await.json()), "authenticated");
    // The older keys are tokens, sent as key, as bearer, or both.
    let legacy = token(&json!({ "role": "service_role", "iss": "supabase", "exp": FAR }));
    assert_eq!(role(who().header("apikey", &legacy).bearer(&legacy).send().await.json()), "service_role");
    assert_eq!(role(who().header("apikey", &legacy).send().await.json()), "service_role");
    // A client may repeat its key as a bearer token, as the hosted gateway allows.
    assert_eq!(role(who().anon().bearer(PUBLISHABLE_KEY).send().await.json()), "anon");
    assert_eq!(who().anon().bearer(SECRET_KEY).send().await.status, 401);
    assert_eq!(who().bearer(SECRET_KEY).send().await.status, 401);

    let told = who().user(ADA).send().await.json();
    assert_eq!(told["uid"], ADA);
    assert_eq!(told["claims"]["aud"], "authenticated");
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
        let told = stack.call("titles", "{}").anon().bearer(&token).send().await;
        assert_eq!(told.error(), refusal(401, code), "{what}");
        // Nor do they count as an API key.
        assert_eq!(stack.call("titles", "{}").header("apikey", &token).send().await.status, 401, "{what}");
    }
    assert_eq!(
        stack.call("titles", "{}").anon().bearer(&with("aud", json!(["x", "authenticated"]))).send().await.status,
        200
    );
}

#[tokio::test]
async fn row_level_security_applies_to_the_user_of_the_token() {
    let stack = Stack::shared();
    let titles = || stack.call("titles", "{}");
    assert_eq!(titles().service().send().await.json(), json!(["of Ada", "of Bob"]));
    assert_eq!(titles().user(ADA).send().await.json(), json!(["of Ada"]));
    assert_eq!(titles().user(BOB).send().await.json(), json!(["of Bob"]));
    assert_eq!(titles().anon().send().await.json(), json!([]));

    let write = |body: Value| stack.call("write_document", &body.to_string());
    assert_eq!(write(json!({ "title": "second" })).user(ADA).send().await.status, 200);
    assert_eq!(titles().user(ADA).send().await.json(), json!(["of Ada", "second"]));
    let told = write(json!({ "title": "forged", "owner": BOB })).user(ADA).send().await;
    assert_eq!(told.error(), refusal(403, "42501"));
    assert!(told.json()["message"].as_str().unwrap().contains("row-level security"));
    let told = write(json!({ "title": "nobody's", "owner": BOB })).anon().send().await;
    assert_eq!(told.error(), refusal(401, "42501"));
    assert_eq!(stack.call("remove_documents", "{}").user(ADA).send().await.text, "2");
    assert_eq!(titles().service().send().await.json(), json!(["of Bob"]));
}

#[tokio::test]
async fn a_function_without_a_grant_is_refused() {
    let stack = Stack::shared();
    let sum = || stack.call("private_sum", r#"{"a":1,"b":2}"#);
    assert_eq!(sum().service().send().await.text, "3");
    assert_eq!(sum().user(ADA).send().await.error(), refusal(403, "42501"));
    assert_eq!(sum().anon().send().await.error(), refusal(401, "42501"));
}
