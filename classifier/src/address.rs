//! Splits a URL into its parts. It is faster than a full parser and accepts any text, because every visit gets a result.
//!
//! For URLs of browsers it follows the WHATWG URL standard (tested against the `url` crate): any number of slashes after
//! `http:` and `https:`, backslashes count as slashes there, the last `@` ends the user info. It is more lenient with
//! what people type: a host without a scheme is recognized as a host.

use std::borrow::Cow;

use crate::host;

/// Most bytes of a URL that are parsed, the API's limit for `url` and `referrer` (`docs/concepts.md`, "Limits").
pub(crate) const MAX_ADDRESS: usize = 2048;

/// The parts of a URL: slices of the input, not decoded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Address<'a> {
    /// Everything before the authority: `https://`, `//` or empty.
    pub(crate) prefix: &'a str,
    /// For `data:`, `about:`, `mailto:` and the like, which have no host, path or query: the scheme with its colon.
    pub(crate) opaque: Option<&'a str>,
    /// Host and port without user info; may be empty.
    pub(crate) authority: &'a str,
    /// From the first slash to the query.
    pub(crate) path: &'a str,
    /// From after `?` to before `#`.
    pub(crate) query: &'a str,
}

impl<'a> Address<'a> {
    pub(crate) fn split(text: &'a str) -> Self {
        let text = bounded(text);
        let (mut end, mut question) = (text.len(), None);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'#' => {
                    end = at;
                    break;
                }
                b'?' if question.is_none() => question = Some(at),
                _ => {}
            }
        }
        let text = text[..end].trim_end_matches(is_blank);
        let (head, query) = question.map_or((text, ""), |at| (&text[..at], &text[at + 1..]));
        // The stored URL lacks its query too, and then blanks at its new end are trimmed.
        let head = head.trim_end_matches(is_blank);
        for known in ["https://", "http://"] {
            if let Some(after) = head.strip_prefix(known)
                && !after.starts_with(['/', '\\'])
            {
                let end = slash(after);
                return Self::with_authority(known, &after[..end], &after[end..], query);
            }
        }
        let Some(colon) = scheme_end(head) else {
            return Self::without_scheme(head, query);
        };
        let scheme = &head[..colon];
        let rest = &head[colon + 1..];
        let special = ["http", "https", "ws", "wss", "ftp"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        if special {
            let after = rest.trim_start_matches(['/', '\\']);
            let prefix = &head[..head.len() - after.len()];
            let end = slash(after);
            return Self::with_authority(prefix, &after[..end], &after[end..], query);
        }
        if let Some(after) = rest.strip_prefix("//") {
            let end = after.bytes().position(|byte| byte == b'/').unwrap_or(after.len());
            return Self::with_authority(&head[..colon + 3], &after[..end], &after[end..], query);
        }
        if is_port_and_path(rest) && (scheme.contains('.') || scheme == "localhost") {
            return Self::without_scheme(head, query);
        }
        Self { opaque: Some(&head[..=colon]), ..Self::default() }
    }

    fn without_scheme(head: &'a str, query: &'a str) -> Self {
        if let Some(after) = head.strip_prefix("//") {
            let end = slash(after);
            return Self::with_authority("//", &after[..end], &after[end..], query);
        }
        let end = slash(head);
        let first = &head[..end];
        if !first.contains('@') && looks_like_host(first) {
            return Self { authority: first, path: &head[end..], query, ..Self::default() };
        }
        Self { path: head, query, ..Self::default() }
    }

    fn with_authority(prefix: &'a str, authority: &'a str, path: &'a str, query: &'a str) -> Self {
        let user_info = authority.bytes().rposition(|byte| byte == b'@');
        let authority = user_info.map_or(authority, |at| &authority[at + 1..]);
        Self { prefix, opaque: None, authority, path, query }
    }

    /// The normalized host: lower case, ASCII, without port and trailing dot.
    pub(crate) fn host(&self) -> Option<Cow<'a, str>> {
        host::normalize(without_port(self.authority)?)
    }

    /// Whether it is an `android-app://` or `ios-app://` URL, whose host is an app's package or id.
    pub(crate) fn is_app(&self) -> bool {
        let prefix = self.prefix.as_bytes();
        prefix.eq_ignore_ascii_case(b"android-app://") || prefix.eq_ignore_ascii_case(b"ios-app://")
    }
}

/// Index of the first slash or backslash, or the length.
fn slash(text: &str) -> usize {
    text.bytes().position(|byte| matches!(byte, b'/' | b'\\')).unwrap_or(text.len())
}

/// The part of a URL that is parsed: trimmed, at most [`MAX_ADDRESS`] bytes.
pub(crate) fn bounded(text: &str) -> &str {
    let text = text.trim_start_matches(is_blank);
    let text = if text.len() > MAX_ADDRESS { &text[..text.floor_char_boundary(MAX_ADDRESS)] } else { text };
    text.trim_end_matches(is_blank)
}

/// C0 controls and space, which browsers strip from both ends of a URL.
pub(crate) fn is_blank(c: char) -> bool {
    c <= ' '
}

/// The normalized host of a site given as a host, with or without port, or as a URL.
pub(crate) fn site_host(text: &str) -> Option<Cow<'_, str>> {
    let text = bounded(text);
    Address::split(text).host().or_else(|| host::normalize(without_port(text)?))
}

fn scheme_end(head: &str) -> Option<usize> {
    let mut bytes = head.bytes();
    if !bytes.next()?.is_ascii_alphabetic() {
        return None;
    }
    for (index, byte) in bytes.enumerate() {
        match byte {
            b':' => return Some(index + 1),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.' => {}
            _ => return None,
        }
    }
    None
}

/// Whether the text after a colon is a port and a path: in `example.com:8080/x` the text before it is not a scheme.
fn is_port_and_path(rest: &str) -> bool {
    let port = rest.split(['/', '\\']).next().unwrap_or_default();
    (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// The host of `host:port`; `None` if the port is not a number or a bracket is not closed.
fn without_port(authority: &str) -> Option<&str> {
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']')?;
        (
            &authority[..=end],
            authority[end + 1..].strip_prefix(':').or_else(|| authority[end + 1..].is_empty().then_some(""))?,
        )
    } else {
        match authority.bytes().rposition(|byte| byte == b':') {
            Some(at) => (&authority[..at], &authority[at + 1..]),
            None => (authority, ""),
        }
    };
    (port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())).then_some(host)
}

/// Whether the first segment of a URL without a scheme is meant as a host: it has a dot and its last label is letters, or
/// it is an IP address or `localhost`.
fn looks_like_host(first: &str) -> bool {
    let Some(host) = without_port(first).and_then(host::normalize) else {
        return false;
    };
    if host == "localhost" || host::is_ip(&host) {
        return true;
    }
    host.rsplit_once('.').is_some_and(|(name, last)| {
        !name.is_empty()
            && last.len() >= 2
            && (last.starts_with("xn--") || last.bytes().all(|byte| byte.is_ascii_alphabetic()))
    })
}
