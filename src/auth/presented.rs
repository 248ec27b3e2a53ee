//! Where a request may carry its key.

use std::borrow::Cow;

use intake::error::{ApiError, ErrorCode};
use intake::key::{ApiKey, Kind};

/// The text of a key, and whether it came in the URL.
#[derive(Debug)]
pub struct Presented<'a> {
    text: Cow<'a, str>,
    in_query: bool,
}

/// Finds the key: `Authorization: Bearer …`, or `?key=…` where the route allows it.
///
/// # Errors
/// `missing_bearer_token`.
pub fn presented<'a>(
    authorization: Option<&'a str>,
    query_key: Option<Cow<'a, str>>,
) -> Result<Presented<'a>, ApiError> {
    if let Some((scheme, token)) = authorization.and_then(|header| header.trim().split_once(' '))
        && scheme.eq_ignore_ascii_case("bearer")
        && !token.trim().is_empty()
    {
        return Ok(Presented { text: Cow::Borrowed(token.trim()), in_query: false });
    }
    match query_key {
        Some(text) if !text.is_empty() => Ok(Presented { text, in_query: true }),
        _ => Err(ApiError::new(ErrorCode::MissingBearerToken, "send the key as Authorization: Bearer <key>")),
    }
}

impl Presented<'_> {
    /// The key taken apart.
    ///
    /// # Errors
    /// `malformed_api_key`; `key_in_query_not_allowed` for every kind but `pk` in a URL.
    pub fn parse(&self) -> Result<ApiKey<'_>, ApiError> {
        // Any kind of key in a URL has leaked already, so the kind is judged before form and checksum.
        if self.in_query && !self.text.starts_with("pk_") {
            return Err(ApiError::new(
                ErrorCode::KeyInQueryNotAllowed,
                "only a publishable key (pk_…) may stand in a URL; if this was another key, rotate it",
            ));
        }
        let key = ApiKey::parse(&self.text).ok_or_else(|| {
            ApiError::new(
                ErrorCode::MalformedApiKey,
                "a key looks like sk_live_ab12cd34_… and ends in a checksum; this one was cut or mistyped",
            )
        })?;
        debug_assert!(!self.in_query || key.kind == Kind::Publishable);
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_key_is_found() {
        let code = |authorization, query: Option<&'static str>| {
            presented(authorization, query.map(Cow::Borrowed)).and_then(|key| key.parse().map(|_| ())).unwrap_err().code
        };
        assert_eq!(code(None, None), ErrorCode::MissingBearerToken);
        assert_eq!(code(Some("Basic abc"), None), ErrorCode::MissingBearerToken);
        assert_eq!(code(Some("Bearer "), None), ErrorCode::MissingBearerToken);
        assert_eq!(code(Some("bearer nonsense"), None), ErrorCode::MalformedApiKey);
        assert_eq!(code(None, Some("sk_live_whatever")), ErrorCode::KeyInQueryNotAllowed);
        assert_eq!(code(None, Some("pk_live_whatever")), ErrorCode::MalformedApiKey);
    }
}
