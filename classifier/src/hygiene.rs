//! Removes personal data from URLs before they are stored (`docs/concepts.md`, "Privacy").
//!
//! User info and fragment are removed; click ids keep their name but not their value; other query parameters are kept
//! only if the allow-list has them; path segments that look like email addresses are replaced. The result is never longer
//! than the input and classifies the same, as long as the allow-list contains [`DEFAULT_KEPT`].

use std::borrow::Cow;

use crate::address::{Address, bounded, is_blank};
use crate::link::{Page, Referrer};
use crate::query::{click_id, name_and_value, pairs, parameter_name};

/// The allow-list of projects without one of their own. `utm_*` matches every name that begins with `utm_`.
pub const DEFAULT_KEPT: &[&str] = &["utm_*", "ref", "source", "via"];

/// Replaces a path segment that looks like an email address. Not longer than the shortest of these (`a@b.co`), so that a
/// stored URL never exceeds the limit.
pub const EMAIL: &str = ":email";

/// The URL to store: at most 2048 bytes, trimmed, without user info and fragment, without the values of click ids, with
/// only those other parameters that the allow-list `kept` has (names in any case; a trailing `*` matches any rest), and
/// with email addresses in the path replaced by [`EMAIL`].
///
/// A URL without a host keeps its path and query; of `data:`, `mailto:` and the like only the scheme is kept.
pub fn store_url(url: &str, kept: &[&str]) -> String {
    let mut stored = String::new();
    push_url(&Page::read(url), kept, &mut stored);
    stored
}

/// Appends the result of [`store_url`] to `stored`.
pub fn push_url(page: &Page<'_>, kept: &[&str], stored: &mut String) {
    let start = stored.len();
    push_place(&page.address, page.host.is_some(), stored);
    let mut separator = '?';
    for pair in pairs(page.address.query).filter(|pair| !pair.is_empty()) {
        let (name, _) = name_and_value(pair);
        let decoded = parameter_name(name);
        let pair = if click_id(&decoded).is_some() {
            // With its `=` only if it had one, so that the result is not longer.
            pair.get(..=name.len()).unwrap_or(name)
        } else if is_kept(&decoded, kept) {
            pair
        } else {
            continue;
        };
        stored.push(separator);
        stored.push_str(pair);
        separator = '&';
    }
    // Blanks at the new end would be trimmed when the stored URL is parsed again.
    let end = stored[start..].trim_end_matches(is_blank).len();
    stored.truncate(start + end);
}

/// The referrer to store: like [`store_url`], but without a query.
pub fn store_referrer(referrer: &str) -> String {
    let mut stored = String::new();
    push_referrer(&Referrer::read(referrer), &mut stored);
    stored
}

/// Appends the result of [`store_referrer`] to `stored`.
pub fn push_referrer(referrer: &Referrer<'_>, stored: &mut String) {
    push_place(&referrer.address, referrer.host.is_some(), stored);
}

/// The path to store: at most 2048 bytes, without query and fragment, with segments that look like email addresses
/// replaced by [`EMAIL`].
///
/// A fragment that is an app's route (`/app#/inbox`, `/app#!/inbox`) is kept up to the first `?`, `&` or `=`. Other
/// fragments may contain access tokens.
pub fn store_path(path: &str) -> Cow<'_, str> {
    let path = bounded(path);
    let (place, rest) = path.split_at(path.find(['?', '#']).unwrap_or(path.len()));
    let is_route = rest.starts_with("#/") || rest.starts_with("#!/");
    let route = if is_route { rest.find(['?', '&', '=']).unwrap_or(rest.len()) } else { 0 };
    without_emails(&path[..place.len() + route])
}

fn without_emails(path: &str) -> Cow<'_, str> {
    // An email address has an `@`, possibly escaped; hardly any path has either.
    if !path.bytes().any(|byte| matches!(byte, b'@' | b'%')) || !path.split(['/', '\\']).any(looks_like_email) {
        return Cow::Borrowed(path);
    }
    let mut stored = String::with_capacity(path.len());
    for part in path.split_inclusive(['/', '\\']) {
        let name = part.trim_end_matches(['/', '\\']);
        if looks_like_email(name) {
            stored.push_str(EMAIL);
            stored.push_str(&part[name.len()..]);
        } else {
            stored.push_str(part);
        }
    }
    Cow::Owned(stored)
}

/// Scheme, host, port and path.
fn push_place(address: &Address<'_>, has_host: bool, stored: &mut String) {
    if let Some(scheme) = address.opaque {
        stored.push_str(scheme);
        return;
    }
    let mut path = address.path;
    if has_host {
        stored.push_str(address.prefix);
        stored.push_str(address.authority);
    } else if path.starts_with(['/', '\\']) {
        // Without its host the path must not be parsed as `//host`.
        path = path.trim_start_matches(['/', '\\']);
        stored.push('/');
    }
    stored.push_str(&without_emails(path));
}

fn is_kept(name: &str, kept: &[&str]) -> bool {
    !name.is_empty()
        && kept.iter().any(|allowed| match allowed.strip_suffix('*') {
            Some(prefix) => name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix)),
            None => name.eq_ignore_ascii_case(allowed),
        })
}

/// Whether a path segment contains something like `name@host.tld`, with the `@` plain or escaped once or twice.
fn looks_like_email(part: &str) -> bool {
    let bytes = part.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let sign = if rest[0] == b'@' {
            1
        } else if rest.starts_with(b"%40") {
            3
        } else if rest.starts_with(b"%2540") {
            5
        } else {
            at += 1;
            continue;
        };
        if at > 0 && is_local(bytes[at - 1]) && has_domain(&rest[sign..]) {
            return true;
        }
        at += sign;
    }
    false
}

/// Whether a local part can end with this byte: a letter, digit or mark, or the last digit of an escape.
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"._+-~!'*$&=".contains(&byte)
}

/// Whether the text begins with a domain: labels, a dot, and a label of at least two letters.
fn has_domain(text: &[u8]) -> bool {
    let end = text
        .iter()
        .position(|&byte| !(byte.is_ascii_alphanumeric() || b"-.".contains(&byte) || !byte.is_ascii()))
        .unwrap_or(text.len());
    let mut labels = text[..end].split(|&byte| byte == b'.');
    labels.next().is_some_and(|first| !first.is_empty())
        && labels
            .any(|label| label.len() >= 2 && label.iter().all(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii()))
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_KEPT, store_path, store_referrer, store_url};

    #[test]
    fn keeps_only_what_may_be_kept() {
        for (url, stored) in [
            (
                "https://jane:pw@Example.com:8080/a?utm_source=x&q=secret&gclid=abc&ref=y#top",
                "https://Example.com:8080/a?utm_source=x&gclid=&ref=y",
            ),
            ("https://example.com/?GCLID=abc&UTM_Source=X", "https://example.com/?GCLID=&UTM_Source=X"),
            ("https://example.com/?fbclid", "https://example.com/?fbclid"),
            ("https://example.com/?q=1", "https://example.com/"),
            ("https://example.com", "https://example.com"),
            ("/pricing?utm_source=x&token=1", "/pricing?utm_source=x"),
            ("mailto:jane@example.com", "mailto:"),
            ("data:text/html,hello", "data:"),
            ("https://user@/x?ref=a", "/x?ref=a"),
            ("https://user@//evil.test/x", "/evil.test/x"),
            ("", ""),
            ("?utm_source=\n&", "?utm_source="),
            ("https://a.test/?ref=x \u{0}&q=1", "https://a.test/?ref=x"),
        ] {
            assert_eq!(store_url(url, DEFAULT_KEPT), stored, "{url}");
        }
        assert_eq!(store_url("https://a.test/?page=2&x=1", &["page"]), "https://a.test/?page=2");
        assert_eq!(store_url("https://a.test/?utm_id=2", &[]), "https://a.test/");
    }

    #[test]
    fn a_referrer_has_no_query() {
        assert_eq!(store_referrer("https://u@a.test/p?q=1#x"), "https://a.test/p");
        assert_eq!(store_referrer("android-app://com.slack/"), "android-app://com.slack/");
        assert_eq!(store_referrer("about:blank"), "about:");
    }

    #[test]
    fn paths_keep_routes_and_lose_what_is_private() {
        for (path, stored) in [
            ("/users/jane.doe@example.com/orders", "/users/:email/orders"),
            ("/u/jane%40example.com", "/u/:email"),
            ("/u/jane%2540example.co.uk/", "/u/:email/"),
            ("/u/to:jane@example.com,bob@example.org", "/u/:email"),
            ("/u/jürgen@exämple.de", "/u/:email"),
            ("/@jane", "/@jane"),
            ("/@scope/pkg@1.2.3", "/@scope/pkg@1.2.3"),
            ("/a@b", "/a@b"),
            ("/a@b.co", "/:email"),
            ("/search?q=x", "/search"),
            ("/page#part", "/page"),
            ("/page#access_token=x", "/page"),
            ("/page?q=x#/route", "/page"),
            ("/app#/inbox/1", "/app#/inbox/1"),
            ("/#!/inbox?q=x", "/#!/inbox"),
            ("/#/reset&token=x", "/#/reset"),
            ("/#/access_token=x", "/#/access_token"),
            ("/#/users/jane@example.com/orders", "/#/users/:email/orders"),
        ] {
            assert_eq!(store_path(path), stored, "{path}");
        }
    }
}
