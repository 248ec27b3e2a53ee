//! A page request as an event of `POST /v1/batch`.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::Serialize;

use super::log::{Page, Record};
use super::site::Origin;

/// An event of `POST /v1/batch`.
#[derive(Debug, Serialize)]
pub(crate) struct Pageview<'a> {
    event: &'static str,
    event_id: String,
    timestamp: i64,
    url: String,
    /// Set if the host is unknown: the Worker must then find the path without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer: Option<Cow<'a, str>>,
    context: Context<'a>,
}

#[derive(Debug, Serialize)]
struct Context<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<Cow<'a, str>>,
}

impl<'a> Pageview<'a> {
    /// The event of a page request.
    pub(crate) fn new(event_id: String, page: &Page<'a>, record: &'a Record<'_>, site: Option<&Origin>) -> Self {
        let target = address(page.target);
        let (url, path) = if let Some(origin) = Origin::of_line(record, site) {
            (format!("{origin}{target}"), None)
        } else {
            // `//a/b` would be read as the path of a host.
            let url = format!("/{}", target.trim_start_matches('/'));
            let end = url.find(['?', '#']).unwrap_or(url.len());
            let path = url.get(..end).map(|path| Cow::Owned(path.to_owned()));
            (url, path)
        };
        Self {
            event: "pageview",
            event_id,
            timestamp: record.time,
            url,
            path,
            referrer: Some(address(&record.referrer)).filter(|text| !text.is_empty()),
            context: Context {
                ip: record.ip,
                user_agent: Some(String::from_utf8_lossy(&record.user_agent)).filter(|text| !text.is_empty()),
            },
        }
    }
}

/// A URL as text: characters that a URL must not contain are escaped, and so are bytes that are not UTF-8.
fn address(bytes: &[u8]) -> Cow<'_, str> {
    let readable = std::str::from_utf8(bytes);
    if let Ok(text) = readable
        && !bytes.iter().any(|byte| byte.is_ascii_control() || *byte == b' ')
    {
        return Cow::Borrowed(text);
    }
    let mut written = Vec::with_capacity(bytes.len() + 16);
    for byte in bytes {
        if byte.is_ascii_graphic() || (!byte.is_ascii() && readable.is_ok()) {
            written.push(*byte);
        } else {
            written.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    Cow::Owned(String::from_utf8_lossy(&written).into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(line: &str, site: Option<&str>) -> serde_json::Value {
        let record = Record::parse(line.as_bytes()).unwrap();
        let page = Page::of(&record).unwrap();
        let site: Option<Origin> = site.map(|site| site.parse().unwrap());
        serde_json::to_value(Pageview::new("id".to_owned(), &page, &record, site.as_ref())).unwrap()
    }

    #[test]
    fn all_that_the_line_knows() {
        let line =
            r#"192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a b?c=\xe4 HTTP/1.1" 200 1 "https://x.test/ä" "M\xff""#;
        assert_eq!(
            event(line, Some("https://example.com")),
            json!({
                "event": "pageview", "event_id": "id", "timestamp": 1_431_857_103_000_i64,
                "url": "https://example.com/a%20b?c=%E4", "referrer": "https://x.test/ä",
                "context": { "ip": "192.0.2.1", "user_agent": "M\u{fffd}" },
            })
        );
    }

    #[test]
    fn and_nothing_that_it_does_not() {
        let line = r#"host.test - - [17/May/2015:10:05:03 +0000] "GET //a?utm_source=x HTTP/1.1" 200 1"#;
        assert_eq!(
            event(line, None),
            json!({
                "event": "pageview", "event_id": "id", "timestamp": 1_431_857_103_000_i64,
                "url": "/a?utm_source=x", "path": "/a", "context": {},
            })
        );
    }
}
