//! Validates users' tokens: HS256 only. The token never chooses the algorithm, so neither `none` nor a
//! public key used as a shared secret can pass.

use axum::http::StatusCode;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::Sha256;

use super::error::Error;

/// How far clocks may differ, in seconds; PostgREST's value.
const SKEW: f64 = 30.0;

/// The audience of Supabase's user tokens.
const AUDIENCE: &str = "authenticated";

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// The claims of a token that is signed with `secret` and valid at `now` (seconds since 1970).
pub(super) fn verify(token: &str, secret: &[u8], now: f64) -> Result<Map<String, Value>, Error> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return Err(undecodable(format!("Expected 3 parts in JWT; got {}", parts.len())));
    };
    let algorithm = read::<Header>(header);
    if algorithm.is_none_or(|header| header.alg != "HS256") {
        return Err(undecodable("Wrong or unsupported encoding algorithm"));
    }
    let failed = || undecodable("JWT cryptographic operation failed");
    let signature = decode(signature).ok_or_else(failed)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| failed())?;
    mac.update(header.as_bytes());
    mac.update(b".");
    mac.update(payload.as_bytes());
    // Compares in constant time.
    mac.verify_slice(&signature).map_err(|_| failed())?;

    let claims = read(payload).ok_or_else(|| refused("Parsing claims failed"))?;
    check(&claims, now)?;
    Ok(claims)
}

fn check(claims: &Map<String, Value>, now: f64) -> Result<(), Error> {
    if time(claims, "exp")?.is_some_and(|exp| exp < now - SKEW) {
        return Err(refused("JWT expired"));
    }
    if time(claims, "nbf")?.is_some_and(|nbf| nbf > now + SKEW) {
        return Err(refused("JWT not yet valid"));
    }
    if time(claims, "iat")?.is_some_and(|iat| iat > now + SKEW) {
        return Err(refused("JWT issued at future"));
    }
    let in_audience = match claims.get("aud") {
        None | Some(Value::Null) => true,
        Some(Value::String(audience)) => audience == AUDIENCE,
        Some(Value::Array(audiences)) if audiences.iter().all(Value::is_string) => {
            audiences.is_empty() || audiences.iter().any(|audience| audience == AUDIENCE)
        }
        Some(_) => {
            return Err(refused("The JWT 'aud' claim must be a string or an array of strings"));
        }
    };
    if in_audience { Ok(()) } else { Err(refused("JWT not in audience")) }
}

fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, Error> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(refused(format!("The JWT '{name}' claim must be a number"))),
        },
    }
}

fn read<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_str(&String::from_utf8(decode(part)?).ok()?).ok()
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

fn undecodable(message: impl Into<String>) -> Error {
    Error::new(StatusCode::UNAUTHORIZED, "PGRST301", message)
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(StatusCode::UNAUTHORIZED, "PGRST303", message)
}
