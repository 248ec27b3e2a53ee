//! Version numbers within a user agent.

/// The version after a token: digits, dots and underscores, after at most three separators, the last of which may be `v`.
pub(crate) fn number(rest: &str) -> &str {
    let text = rest.trim_start_matches([' ', '/', ':', '-', '_', '=', '(', '+', ']']);
    let text = match text.strip_prefix(['v', 'V']) {
        Some(text) if rest.len() - text.len() <= 3 => text,
        _ => text,
    };
    if rest.len() - text.len() > 3 {
        return "";
    }
    let end = text.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_')).count();
    let number = text.get(..end).unwrap_or_default();
    if number.starts_with(|first: char| first.is_ascii_digit()) { number.trim_end_matches(['.', '_']) } else { "" }
}

/// The major version: the leading digits; empty if there are more than five, which is not a version.
pub(crate) fn major(version: &str) -> &str {
    let end = version.bytes().take_while(u8::is_ascii_digit).count();
    if end > 5 { "" } else { version.get(..end).unwrap_or_default() }
}
