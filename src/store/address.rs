//! URLs of a store: a base that is parsed once, to which paths and queries are added.

use form_urlencoded::Serializer;

/// Base URL of a store: `http://` or `https://`, a host, and a prefix of all paths.
#[derive(Clone)]
pub(super) struct Address(String);

impl Address {
    /// Parses a base URL, with or without a slash at the end. `None` if it is not `http` or `https`, or has no host, or
    /// has user info, a query or a fragment.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('/');
        let (scheme, rest) = text.split_once("://")?;
        let scheme = ["http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
        let host = rest.split('/').next().unwrap_or_default();
        let plain = rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@\\\"<>^`{|}".contains(&byte));
        let named = !host.is_empty() && !host.starts_with(':');
        (plain && named).then(|| Self(format!("{scheme}://{rest}")))
    }

    /// The URL of a path that begins with a slash.
    pub(super) fn path(&self, path: &str) -> String {
        [&self.0, path].concat()
    }

    /// Starts a URL with a query. Append pairs, then call [`Serializer::finish`].
    pub(super) fn query(&self) -> Serializer<'static, String> {
        let mut url = String::with_capacity(512);
        url.push_str(&self.0);
        url.push_str("/?");
        let start = url.len();
        Serializer::for_suffix(url, start)
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn only_plain_http_urls_are_accepted() {
        for (text, path) in [
            ("http://127.0.0.1:8123", "http://127.0.0.1:8123/ping"),
            ("HTTPS://ch.example.com:8443/", "https://ch.example.com:8443/ping"),
            ("https://example.com/proxy/clickhouse//", "https://example.com/proxy/clickhouse/ping"),
            ("http://[::1]:8123", "http://[::1]:8123/ping"),
        ] {
            assert_eq!(Address::parse(text).unwrap().path("/ping"), path, "{text}");
        }
        for text in
            ["", "nowhere", "ftp://a", "http://", "http:///x", "http://:1", "http://u:p@a", "http://a?x", "http://a b"]
        {
            assert!(Address::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_query_is_escaped() {
        let address = Address::parse("http://a/").unwrap();
        let url = address.query().append_pair("query", "SELECT 1 & 2").append_pair("ü", "+").finish();
        assert_eq!(url, "http://a/?query=SELECT+1+%26+2&%C3%BC=%2B");
    }
}
