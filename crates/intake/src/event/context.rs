//! `context`: a trusted server's description of the visitor's request. It is used like a browser's own headers and,
//! like them, not stored (`docs/concepts.md`, "Privacy").

use std::borrow::Cow;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::object::Object;
use super::scalar::Scalar;

/// `context` of an event sent with a secret key.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Context<'a> {
    /// The visitor's IP address.
    pub ip: Option<IpAddr>,
    /// The visitor's `User-Agent`.
    pub user_agent: Option<Cow<'a, str>>,
    /// ISO 3166-1 alpha-2 code, upper case.
    pub country: Option<String>,
    /// The visitor's `Accept-Language`.
    pub language: Option<Cow<'a, str>>,
    /// The visitor's browser sent `DNT: 1` or `Sec-GPC: 1`.
    pub dnt: bool,
}

/// What is known about the visitor. Except for `screen` it is taken from `sk` keys only: used like a browser's own
/// headers, and discarded like them. From other keys it is ignored.
#[derive(Deserialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "documented", schemars(rename = "Context", extend(
    "examples" = [{ "ip": "203.0.113.7", "user_agent": "Mozilla/5.0", "country": "DE" }],
)))]
pub(super) struct RawContext<'a> {
    /// The visitor's IPv4 or IPv6 address.
    #[serde(borrow, default)]
    #[cfg_attr(feature = "documented", schemars(with = "Option<String>"))]
    ip: Scalar<'a>,
    /// The visitor's `User-Agent`.
    #[serde(borrow, default)]
    #[cfg_attr(feature = "documented", schemars(with = "Option<String>", length(max = MAX_HEADER)))]
    user_agent: Scalar<'a>,
    /// ISO 3166.
    #[serde(borrow, default)]
    #[cfg_attr(feature = "documented", schemars(with = "Option<String>", extend("pattern" = "^[A-Za-z]{2}$")))]
    country: Scalar<'a>,
    /// The visitor's `Accept-Language`.
    #[serde(borrow, default)]
    #[cfg_attr(feature = "documented", schemars(with = "Option<String>", length(max = MAX_HEADER)))]
    language: Scalar<'a>,
    /// Whether the visitor asked not to be tracked.
    #[serde(borrow, default)]
    #[cfg_attr(feature = "documented", schemars(with = "Option<bool>"))]
    dnt: Option<&'a RawValue>,
    /// Size of the visitor's screen in CSS pixels, from any key. Stored as a class by width: `mobile` below 576,
    /// `tablet` below 992, `laptop` below 1440, else `desktop`.
    #[serde(borrow, default)]
    #[cfg_attr(feature = "documented", schemars(with = "Option<super::shown::RawScreen>"))]
    pub(super) screen: Option<&'a RawValue>,
}

/// Most bytes of `user_agent` and `language`. Real ones have less than a quarter of it.
pub const MAX_HEADER: usize = 2048;

const IP: &str = "must be an IPv4 or IPv6 address, for example \"203.0.113.9\"";

impl<'a> Context<'a> {
    /// Parses `{"ip", "user_agent", "country", "language", "dnt"}`; all members are optional, others are ignored.
    ///
    /// # Errors
    /// The path of the wrong field below `/context`, and the message.
    pub fn read(json: &'a str) -> Result<Option<Self>, (&'static str, &'static str)> {
        if json == "null" {
            return Ok(None);
        }
        let Object(raw): Object<RawContext> = serde_json::from_str(json)
            .map_err(|_| ("", "must be an object with any of ip, user_agent, country, language, dnt"))?;
        let ip = match &raw.ip {
            Scalar::Absent => None,
            Scalar::Text(text) => Some(text.trim().parse().map_err(|_| ("/ip", IP))?),
            _ => return Err(("/ip", IP)),
        };
        let country = match raw.country {
            Scalar::Absent => None,
            Scalar::Text(text) if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                Some(text.to_ascii_uppercase())
            }
            _ => return Err(("/country", "must be a two-letter ISO 3166 code, for example \"DE\"")),
        };
        let dnt = match raw.dnt.map(RawValue::get) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(("/dnt", "must be true or false")),
        };
        Ok(Some(Self {
            ip,
            user_agent: header(raw.user_agent, "/user_agent")?,
            country,
            language: header(raw.language, "/language")?,
            dnt,
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
        assert!(!Context::read(r#"{"dnt":null}"#).unwrap().unwrap().dnt);
        let ip = r#"must be an IPv4 or IPv6 address, for example "203.0.113.9""#;
        for (json, path, message) in [
            (r#"{"ip":"1.2.3"}"#, "/ip", ip),
            (r#"{"ip":7}"#, "/ip", ip),
            (r#"{"country":"Germany"}"#, "/country", r#"must be a two-letter ISO 3166 code, for example "DE""#),
            (r#"{"user_agent":[]}"#, "/user_agent", "must be a string of at most 2048 bytes"),
            (r#"{"dnt":"1"}"#, "/dnt", "must be true or false"),
            ("[]", "", "must be an object with any of ip, user_agent, country, language, dnt"),
        ] {
            assert_eq!(Context::read(json), Err((path, message)), "{json}");
        }
    }
}
