//! Tokens as Supabase's auth server makes them, and as it never would.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

pub(crate) const SECRET: &str = "a secret of the tests, long enough";
pub(crate) const ADA: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const BOB: &str = "22222222-2222-4222-8222-222222222222";
/// 2100-01-01.
pub(crate) const FAR: i64 = 4_102_444_800;

/// A signed-in user's token.
pub(crate) fn user(id: &str) -> String {
    token(&json!({ "sub": id, "role": "authenticated", "aud": "authenticated", "exp": FAR }))
}

/// A token with these claims, properly signed.
pub(crate) fn token(claims: &Value) -> String {
    signed(&json!({ "alg": "HS256", "typ": "JWT" }), claims, SECRET)
}

/// A token with this header and secret; the signature is always HMAC-SHA-256.
pub(crate) fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let text = format!("{}.{}", encode(header), encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// A token that claims to need no signature.
pub(crate) fn unsigned(claims: &Value) -> String {
    format!("{}.{}.", encode(&json!({ "alg": "none" })), encode(claims))
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
