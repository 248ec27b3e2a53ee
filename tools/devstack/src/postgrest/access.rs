//! The role of a request, from the API key of Supabase's gateway and the user's token.

use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};
use subtle::{Choice, ConstantTimeEq as _};

use super::{config::Config, error::Error, token};

/// The role of a request without a user.
const ANON: &str = "anon";
/// The roles a token may name.
const ROLES: [&str; 3] = [ANON, "authenticated", "service_role"];

/// The database role of a request, and the claims that policies read.
pub(super) struct Caller {
    /// The role of the transaction.
    pub(super) role: String,
    /// The setting `request.jwt.claims`, JSON.
    pub(super) claims: String,
    /// Whether the role is not `anon`.
    pub(super) signed_in: bool,
}

impl Caller {
    /// Reads the headers `apikey` and `Authorization`.
    pub(super) fn identify(headers: &HeaderMap, config: &Config, now: f64) -> Result<Self, Error> {
        let apikey = text(headers, "apikey")?;
        let bearer = bearer(headers)?;
        // As the hosted gateway does: an opaque key in `Authorization` only repeats the `apikey`.
        let bearer = match bearer {
            Some(token) if token.starts_with("sb_") => {
                if apikey.is_some_and(|key| key != token) {
                    return Err(invalid_key());
                }
                if apikey.is_none() {
                    return Err(Error::new(StatusCode::UNAUTHORIZED, "PGRST301", "Expected 3 parts in JWT; got 1"));
                }
                None
            }
            other => other,
        };
        let key_claims = apikey.map(|key| claims_of_key(key, config, now)).transpose()?;
        let claims = match (bearer, key_claims) {
            (Some(token), _) => verified(token, config, now)?,
            (None, Some(claims)) => claims,
            (None, None) => {
                return Err(Error::new(StatusCode::UNAUTHORIZED, "PGRST302", "Anonymous access is disabled")
                    .hint("Send an `apikey` header, an `Authorization: Bearer` token, or both."));
            }
        };
        Self::from_claims(claims)
    }

    fn from_claims(mut claims: Map<String, Value>) -> Result<Self, Error> {
        let role = match claims.get("role") {
            None => ANON.to_owned(),
            Some(Value::String(role)) if ROLES.contains(&role.as_str()) => role.clone(),
            Some(_) => {
                return Err(Error::new(
                    StatusCode::UNAUTHORIZED,
                    "PGRST303",
                    "The JWT 'role' claim is not a role of the API",
                ));
            }
        };
        claims.insert("role".to_owned(), Value::String(role.clone()));
        let signed_in = role != ANON;
        Ok(Self { role, claims: Value::Object(claims).to_string(), signed_in })
    }
}

fn claims_of_key(key: &str, config: &Config, now: f64) -> Result<Map<String, Value>, Error> {
    let role = if is_one_of(key, &config.secret_keys) {
        "service_role"
    } else if is_one_of(key, &config.publishable_keys) {
        ANON
    } else if key.split('.').count() == 3 {
        // The older keys of Supabase are tokens themselves.
        return verified(key, config, now);
    } else {
        return Err(invalid_key());
    };
    Ok(Map::from_iter([("role".to_owned(), Value::String(role.to_owned()))]))
}

fn verified(token: &str, config: &Config, now: f64) -> Result<Map<String, Value>, Error> {
    let Some(secret) = &config.jwt_secret else {
        return Err(Error::new(StatusCode::INTERNAL_SERVER_ERROR, "PGRST300", "Server lacks JWT secret"));
    };
    token::verify(token, secret, now)
}

/// Compares with every key in constant time, so that the duration reveals nothing.
fn is_one_of(key: &str, keys: &[String]) -> bool {
    let found = keys.iter().fold(Choice::from(0), |found, known| found | known.as_bytes().ct_eq(key.as_bytes()));
    found.into()
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let Some(value) = text(headers, header::AUTHORIZATION.as_str())? else {
        return Ok(None);
    };
    // PostgREST ignores other schemes.
    let Some((_, token)) = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
        return Ok(None);
    };
    if token.is_empty() {
        return Err(Error::new(StatusCode::UNAUTHORIZED, "PGRST301", "Empty JWT is sent in Authorization header"));
    }
    Ok(Some(token.trim()))
}

fn text<'headers>(headers: &'headers HeaderMap, name: &str) -> Result<Option<&'headers str>, Error> {
    headers.get(name).map(|value| value.to_str().map_err(|_| invalid_key())).transpose()
}

fn invalid_key() -> Error {
    Error::new(StatusCode::UNAUTHORIZED, "HW401", "Invalid API key")
        .hint("Double check the `apikey` header and the server's list of keys.")
}
