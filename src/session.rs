//! The token of a user who is signed in at Supabase: a JWT (RFC 7519), signed with the project's shared
//! secret (HS256) or with one of its signing keys (ES256, RS256; RFC 7517). Pure: the clock comes in as a value, and
//! the host's cryptography verifies signatures of public keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

use intake::time::Timestamp;

/// Longest token that is parsed, in bytes; Supabase's have about 1 KB.
const MAX_LEN: usize = 8 * 1024;
/// Clocks differ; RFC 7519 allows for a small leeway. In seconds.
const LEEWAY_S: i64 = 30;
/// What Supabase writes into `aud` for a signed-in user.
const AUDIENCE: &str = "authenticated";

/// A user whose token is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The user's UUID.
    pub user_id: String,
}

/// Supported signature algorithms. All others are rejected, `none` included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256 under the shared secret.
    Hs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood (RFC 7515, 4.1.11); none is supported.
    crit: Option<serde::de::IgnoredAny>,
}

/// A parsed token; its signature is not yet verified.
#[derive(Debug)]
pub struct Token<'a> {
    /// The algorithm its header names.
    pub algorithm: Algorithm,
    /// Name of the signing key, for the algorithms with a public key.
    pub key_id: Option<String>,
    /// The part that is signed.
    pub signed: &'a str,
    /// The signature's bytes.
    pub signature: Vec<u8>,
    claims: Vec<u8>,
}

/// A public key of the project (RFC 7517), as the host's cryptography takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name.
    pub id: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The whole key as JSON.
    pub jwk: String,
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

impl<'a> Token<'a> {
    /// Parses a token.
    ///
    /// # Errors
    /// The reason, for the log; the client learns only that the token is not valid.
    pub fn parse(token: &'a str) -> Result<Self, &'static str> {
        if token.len() > MAX_LEN {
            return Err("too long");
        }
        let (signed, signature) = token.rsplit_once('.').ok_or("not a token")?;
        let (header, claims) = signed.split_once('.').ok_or("not a token")?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "not base64url");
        let header: Header = intake::json::read(&decode(header)?).map_err(|_| "no header")?;
        let algorithm = match header.alg.as_str() {
            "HS256" => Algorithm::Hs256,
            "ES256" => Algorithm::Es256,
            "RS256" => Algorithm::Rs256,
            _ => return Err("another algorithm"),
        };
        if header.crit.is_some() {
            return Err("an extension that must be understood");
        }
        let (signature, claims) = (decode(signature)?, decode(claims)?);
        Ok(Self { algorithm, key_id: header.kid, signed, signature, claims })
    }

    /// Whether the token is signed with the shared secret. False for every other algorithm: using a public key as the
    /// secret is the classic attack.
    pub fn signed_with(&self, secret: &str) -> bool {
        if self.algorithm != Algorithm::Hs256 || secret.is_empty() {
            return false;
        }
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
        mac.update(self.signed.as_bytes());
        mac.verify_slice(&self.signature).is_ok()
    }

    /// Checks time and audience. Call it after the signature has been verified.
    ///
    /// # Errors
    /// The reason, for the log.
    pub fn session(&self, now: Timestamp) -> Result<Session, &'static str> {
        let claims: Claims = intake::json::read(&self.claims).map_err(|_| "missing claims")?;
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
}

/// Parses a key set (`/auth/v1/.well-known/jwks.json`): its signing keys for ES256 or RS256, at most 32. The key's type
/// decides the algorithm, and its own `alg` must not contradict.
///
/// # Errors
/// The reason, for the log.
pub fn read_key_set(json: &[u8]) -> Result<Vec<SigningKey>, String> {
    #[derive(Deserialize)]
    struct KeySet {
        keys: Vec<serde_json::Value>,
    }
    let set: KeySet = intake::json::read(json).map_err(|error| error.to_string())?;
    let read = |key: serde_json::Value| {
        let word = |name: &str| key.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let (algorithm, name) = match (word("kty"), word("crv")) {
            ("EC", "P-256") => (Algorithm::Es256, "ES256"),
            ("RSA", _) => (Algorithm::Rs256, "RS256"),
            _ => return None,
        };
        let fits = matches!(word("use"), "" | "sig") && (word("alg").is_empty() || word("alg") == name);
        (fits && !word("kid").is_empty()).then(|| SigningKey {
            id: word("kid").to_owned(),
            algorithm,
            jwk: key.to_string(),
        })
    };
    Ok(set.keys.into_iter().filter_map(read).take(32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const SECRET: &str = "a secret of at least thirty-two bytes";
    const NOW: Timestamp = Timestamp(1_795_255_200_000);
    fn verify(token: &str, secret: &str, now: Timestamp) -> Result<Session, &'static str> {
        let token = Token::parse(token)?;
        if token.signed_with(secret) { token.session(now) } else { Err("wrong signature") }
    }

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

    #[test]
    fn a_key_set_gives_keys_by_what_they_are() {
        let set = json!({"keys": [
            {"kid": "a", "kty": "EC", "crv": "P-256", "alg": "ES256", "x": "", "y": ""},
            {"kid": "b", "kty": "RSA", "n": "", "e": "AQAB"},
            {"kid": "c", "kty": "oct", "k": "secret"},
            {"kid": "d", "kty": "EC", "crv": "P-521"},
            {"kid": "e", "kty": "RSA", "alg": "HS256"},
            {"kid": "f", "kty": "RSA", "use": "enc"},
            {"kty": "RSA"},
        ]});
        let keys = read_key_set(set.to_string().as_bytes()).unwrap();
        let found: Vec<_> = keys.iter().map(|key| (key.id.as_str(), key.algorithm)).collect();
        assert_eq!(found, [("a", Algorithm::Es256), ("b", Algorithm::Rs256)]);
        assert!(read_key_set(b"<html>").is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics_or_passes(text in "[A-Za-z0-9_.=-]{0,200}") {
            prop_assert!(verify(&text, SECRET, NOW).is_err());
        }
    }
}
