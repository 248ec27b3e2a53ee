//! What a trusted server says about the visitor it speaks for. Used like a browser's own headers, and
//! thrown away like them.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::Deserialize;

use super::object::Object;
use super::scalar::Scalar;

/// `context` of an event sent with a secret key.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Context<'a> {
    /// The visitor's address.
    pub ip: Option<IpAddr>,
    /// The visitor's `User-Agent`.
    pub user_agent: Option<Cow<'a, str>>,
    /// ISO 3166 alpha-2, upper case.
    pub country: Option<String>,
    /// The visitor's `Accept-Language`.
    pub language: Option<Cow<'a, str>>,
    /// The visitor asked not to be tracked.
    pub dnt: bool,
}

#[derive(Deserialize)]
struct RawContext<'a> {
    #[serde(borrow, default)]
    ip: Scalar<'a>,
    #[serde(borrow, default)]
    user_agent: Scalar<'a>,
    #[serde(borrow, default)]
    country: Scalar<'a>,
    #[serde(borrow, default)]
    language: Scalar<'a>,
    #[serde(default)]
    dnt: Option<bool>,
}

/// Longest user agent and language list that are looked at, in bytes; real ones stay below a quarter of it.
pub const MAX_HEADER: usize = 2048;

impl<'a> Context<'a> {
    /// Reads `{ip, user_agent, country, language, dnt}`; all optional.
    ///
    /// # Errors
    /// The path below `/context` and a sentence.
    pub fn read(json: &'a str) -> Result<Option<Self>, (&'static str, &'static str)> {
        if json == "null" {
            return Ok(None);
        }
        let Object(raw): Object<RawContext> = serde_json::from_str(json)
            .map_err(|_| ("", "must be an object with ip, user_agent, country, language, dnt"))?;
        let ip = match &raw.ip {
            Scalar::Absent => None,
            Scalar::Text(text) => Some(text.trim().parse().map_err(|_| ("/ip", "must be an IPv4 or IPv6 address"))?),
            _ => return Err(("/ip", "must be an IPv4 or IPv6 address")),
        };
        let country = match raw.country {
            Scalar::Absent => None,
            Scalar::Text(text) if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                Some(text.to_ascii_uppercase())
            }
            _ => return Err(("/country", "must be a two-letter code (ISO 3166)")),
        };
        Ok(Some(Self {
            ip,
            user_agent: header(raw.user_agent, "/user_agent")?,
            country,
            language: header(raw.language, "/language")?,
            dnt: raw.dnt.unwrap_or(false),
        }))
    }
}

fn header<'a>(value: Scalar<'a>, path: &'static str) -> Result<Option<Cow<'a, str>>, (&'static str, &'static str)> {
    match value {
        Scalar::Absent => Ok(None),
        Scalar::Text(text) if text.len() <= MAX_HEADER => Ok(Some(text)),
        _ => Err((path, "must be a string of at most 2048 bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_refused() {
        let context =
            Context::read(r#"{"ip":"2001:DB8::1","user_agent":"curl","country":"de","dnt":true}"#).unwrap().unwrap();
        assert_eq!(context.ip.unwrap().to_string(), "2001:db8::1");
        assert_eq!(context.country.as_deref(), Some("DE"));
        assert!(context.dnt);
        for (json, path) in [
            (r#"{"ip":"1.2.3"}"#, "/ip"),
            (r#"{"ip":7}"#, "/ip"),
            (r#"{"country":"Germany"}"#, "/country"),
            (r#"{"user_agent":[]}"#, "/user_agent"),
            ("[]", ""),
        ] {
            assert_eq!(Context::read(json).unwrap_err().0, path, "{json}");
        }
    }
}
