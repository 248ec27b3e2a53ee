//! Percent-encoding (RFC 3986, section 2.1), as queries and as hosts use it.

use std::borrow::Cow;

/// Decodes a text of a query: `+` is a space, invalid escapes stay, invalid UTF-8 is replaced by U+FFFD. Trimmed.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text.trim_matches(is_blank));
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        index += 1;
        match byte {
            b'+' => out.push(b' '),
            b'%' => match bytes.get(index..index + 2).and_then(hex_pair) {
                Some(decoded) => {
                    out.push(decoded);
                    index += 2;
                }
                None => out.push(b'%'),
            },
            _ => out.push(byte),
        }
    }
    let text = match String::from_utf8(out) {
        Ok(text) => text,
        Err(broken) => String::from_utf8_lossy(broken.as_bytes()).into_owned(),
    };
    let trimmed = text.trim_matches(is_blank);
    if trimmed.len() == text.len() { Cow::Owned(text) } else { Cow::Owned(trimmed.to_owned()) }
}

/// Decodes a host. `None` if an escape is not two hexadecimal digits or the result is not UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        if byte == b'%' {
            out.push(hex_pair(bytes.get(index + 1..index + 3)?)?);
            index += 3;
        } else {
            out.push(byte);
            index += 1;
        }
    }
    String::from_utf8(out).ok()
}

/// White space, and the control characters that browsers strip from URLs.
fn is_blank(c: char) -> bool {
    c <= ' ' || c.is_whitespace()
}

/// Decodes two hexadecimal digits.
fn hex_pair(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some(digit(*high)? * 16 + digit(*low)?)
}
