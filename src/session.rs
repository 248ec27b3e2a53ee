//! The token of a user who is signed in at Supabase: a JWT (RFC 7519), signed with the project's shared
//! secret (HS256). Pure: the clock comes in as a value.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

use crate::time::Timestamp;

/// Longest token that is looked at; Supabase's have about 1 KB.
const MAX_LEN: usize = 8 * 1024;
/// Clocks differ; RFC 7519 allows for a small leeway. In seconds.
const LEEWAY_S: i64 = 30;
/// What Supabase writes into `aud` for a signed-in user.
const AUDIENCE: &str = "authenticated";

/// A user whose token is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The user's UUID.
    pub user_id: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that must be understood (RFC 7515, 4.1.11); none is.
    crit: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: Audience,
    exp: f64,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Whether a bearer token has the form of a JWT; API keys hold no dot.
pub fn looks_like_one(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// Checks a token: algorithm, signature, time and audience.
///
/// # Errors
/// Why it is not good, for the log; the caller is told only that it is not.
pub fn verify(token: &str, secret: &str, now: Timestamp) -> Result<Session, &'static str> {
    if token.len() > MAX_LEN {
        return Err("too long");
    }
    let (signed, signature) = token.rsplit_once('.').ok_or("not a token")?;
    let (header, claims) = signed.split_once('.').ok_or("not a token")?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "not base64url");
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| "no header")?;
    // The algorithm is ours to choose, never the token's: `none` and RS256 with the secret as a key are
    // the two classic ways in.
    if header.alg != "HS256" || header.crit.is_some() {
        return Err("another algorithm");
    }
    if secret.is_empty() {
        return Err("no secret is configured");
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| "unusable secret")?;
    mac.update(signed.as_bytes());
    mac.verify_slice(&decode(signature)?).map_err(|_| "wrong signature")?;

    let claims: Claims = serde_json::from_slice(&decode(claims)?).map_err(|_| "missing claims")?;
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century are exact in a double")]
    let (now, leeway) = (now.0 as f64 / 1000.0, LEEWAY_S as f64);
    if claims.exp + leeway <= now {
        return Err("expired");
    }
    if claims.nbf.is_some_and(|start| start - leeway > now) {
        return Err("not yet valid");
    }
    let audience = match &claims.aud {
        Audience::One(one) => one == AUDIENCE,
        Audience::Many(many) => many.iter().any(|one| one == AUDIENCE),
    };
    if !audience {
        return Err("another audience");
    }
    uuid::Uuid::try_parse(&claims.sub)
        .map(|user| Session { user_id: user.to_string() })
        .map_err(|_| "the subject is no user")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const SECRET: &str = "a secret of at least thirty-two bytes";
    const NOW: Timestamp = Timestamp(1_795_255_200_000);
    const USER: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

    fn token(header: Value, claims: Value, secret: &str) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn claims() -> Value {
        json!({"sub": USER, "aud": "authenticated", "exp": 1_795_255_300})
    }

    fn changed(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    #[test]
    fn a_good_token_names_its_user() {
        let good = |claims| verify(&token(json!({"alg": "HS256", "typ": "JWT"}), claims, SECRET), SECRET, NOW);
        assert_eq!(good(claims()), Ok(Session { user_id: USER.into() }));
        assert!(good(changed("aud", json!(["other", "authenticated"]))).is_ok());
        for (name, value) in [
            ("exp", json!(1_795_255_100)),
            ("exp", json!(null)),
            ("exp", json!("never")),
            ("nbf", json!(1_795_255_300)),
            ("aud", json!("anon")),
            ("aud", json!([])),
            ("sub", json!("admin")),
            ("sub", json!(null)),
        ] {
            assert!(good(changed(name, value.clone())).is_err(), "{name} {value}");
        }
    }

    #[test]
    fn another_algorithm_or_signature_is_refused() {
        for alg in ["none", "None", "RS256", "HS512", "hs256", ""] {
            assert!(verify(&token(json!({"alg": alg}), claims(), SECRET), SECRET, NOW).is_err(), "{alg}");
        }
        let header = json!({"alg": "HS256"});
        assert!(verify(&token(header.clone(), claims(), "other"), SECRET, NOW).is_err());
        assert!(verify(&token(header.clone(), claims(), ""), "", NOW).is_err(), "an empty secret opens nothing");
        assert!(verify(&token(json!({"alg": "HS256", "crit": ["b64"]}), claims(), SECRET), SECRET, NOW).is_err());
        let good = token(header, claims(), SECRET);
        let (signed, _) = good.rsplit_once('.').unwrap();
        assert!(verify(&format!("{signed}."), SECRET, NOW).is_err(), "an empty signature");
    }

    proptest! {
        #[test]
        fn no_text_panics_or_passes(text in "[A-Za-z0-9_.=-]{0,200}") {
            prop_assert!(verify(&text, SECRET, NOW).is_err());
        }
    }
}
