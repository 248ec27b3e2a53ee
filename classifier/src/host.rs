//! Normalizes hosts.

use std::borrow::Cow;

use crate::escape::percent_decode;
use crate::punycode;

/// Longest name in DNS (RFC 1035, section 2.3.4), in bytes.
const MAX_HOST: usize = 253;
/// Longest label in DNS, in bytes.
const MAX_LABEL: usize = 63;

/// The host in lower case, ASCII (punycode), percent-decoded, without trailing dot; `None` if it is not a host.
///
/// Unicode is converted to lower case and full-width characters to ASCII. NFC and the rest of IDNA's mapping are left
/// out, because browsers send hosts in ASCII.
pub(crate) fn normalize(host: &str) -> Option<Cow<'_, str>> {
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() || host.len() > MAX_HOST * 4 {
        return None;
    }
    if let Some(fits) = fits_as_it_is(host) {
        return fits.then_some(Cow::Borrowed(host));
    }
    if host.starts_with('[') {
        let inner = host.strip_prefix('[')?.strip_suffix(']')?;
        let address: std::net::Ipv6Addr = inner.parse().ok()?;
        return Some(Cow::Owned(format!("[{address}]")));
    }
    let decoded = if host.contains('%') { percent_decode(host)? } else { host.to_owned() };
    let mut ascii = String::with_capacity(decoded.len() + 8);
    for (index, label) in decoded.split(is_dot).enumerate() {
        if index > 0 {
            ascii.push('.');
        }
        push_label(label, &mut ascii)?;
    }
    if ascii.ends_with('.') {
        ascii.pop();
    }
    checked(Cow::Owned(ascii))
}

/// Whether a normalized host is an IPv4 or IPv6 address.
pub(crate) fn is_ip(host: &str) -> bool {
    host.starts_with('[')
        || host.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) && host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// The host without a leading `www.`, unless only one label would be left.
pub(crate) fn without_www(host: &str) -> &str {
    match host.strip_prefix("www.") {
        Some(rest) if rest.contains('.') => rest,
        _ => host,
    }
}

/// Whether `host` is `domain` or a subdomain of it.
pub(crate) fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether a host of lower-case ASCII is within DNS's lengths; `None` if it is not lower-case ASCII.
fn fits_as_it_is(host: &str) -> Option<bool> {
    let (mut label, mut fits) = (0, host.len() <= MAX_HOST);
    for byte in host.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => label += 1,
            b'.' => {
                fits &= label > 0 && label <= MAX_LABEL;
                label = 0;
            }
            _ => return None,
        }
    }
    Some(fits && label > 0 && label <= MAX_LABEL)
}

fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// The host if it and its labels are within DNS's lengths and no label is empty.
fn checked(host: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let fits = host.len() <= MAX_HOST && host.split('.').all(|label| !label.is_empty() && label.len() <= MAX_LABEL);
    fits.then_some(host)
}

fn push_label(label: &str, ascii: &mut String) -> Option<()> {
    if label.len() > MAX_LABEL * 4 {
        return None;
    }
    let lower: String = label
        .chars()
        .filter(|&c| !matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}'))
        .map(narrow)
        .flat_map(char::to_lowercase)
        .collect();
    if lower.is_ascii() {
        if !lower.bytes().all(is_allowed) {
            return None;
        }
        ascii.push_str(&lower);
        return Some(());
    }
    if lower.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\u{fffd}')
        || !lower.bytes().all(|byte| !byte.is_ascii() || is_allowed(byte))
    {
        return None;
    }
    ascii.push_str("xn--");
    punycode::encode(&lower, ascii)
}

/// Converts a full-width ASCII character to ASCII.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// ASCII characters that the WHATWG URL standard allows in a host (all but its "forbidden domain code points").
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'#' | b'/' | b':' | b'<' | b'>' | b'?' | b'@' | b'[' | b'\\' | b']' | b'^' | b'|' | b'%')
}
