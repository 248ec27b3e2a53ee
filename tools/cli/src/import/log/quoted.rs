//! Quoted fields, and the escapes that servers write in them.
//!
//! Apache writes `\"`, `\\`, `\n` and the like, and `\xHH` for bytes that cannot be printed
//! (`ap_escape_logitem`); nginx writes `\xHH` for every escaped byte, quotes included.

use std::borrow::Cow;

/// Parses a quoted field at the beginning of `text`. Returns its bytes with the escapes undone, and what follows the
/// closing quote; `None` if the opening or the closing quote is missing.
pub(super) fn take(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let text = text.strip_prefix(b"\"")?;
    let mut after_backslash = false;
    let mut escapes = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if after_backslash => after_backslash = false,
            b'\\' => {
                after_backslash = true;
                escapes = true;
            }
            b'"' => {
                let field = text.get(..at)?;
                let rest = text.get(at + 1..)?;
                return Some((if escapes { Cow::Owned(unescape(field)) } else { Cow::Borrowed(field) }, rest));
            }
            _ => {}
        }
    }
    None
}

fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, after)) = rest.split_first() {
        let (byte, used) = match first {
            b'\\' => escaped(after).unwrap_or((first, 1)),
            _ => (first, 1),
        };
        plain.push(byte);
        rest = rest.get(used..).unwrap_or_default();
    }
    plain
}

/// The byte that an escape stands for, and the length of the escape with its backslash.
fn escaped(after: &[u8]) -> Option<(u8, usize)> {
    match after {
        [b'x', high, low, ..] => Some((digit(*high)? << 4 | digit(*low)?, 4)),
        [letter, ..] => Some((simple(*letter)?, 2)),
        [] => None,
    }
}

fn simple(letter: u8) -> Option<u8> {
    Some(match letter {
        b'"' | b'\\' => letter,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'v' => 11,
        b'f' => 12,
        _ => return None,
    })
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::take;

    fn taken(text: &str) -> Option<(Vec<u8>, String)> {
        take(text.as_bytes()).map(|(field, rest)| (field.into_owned(), String::from_utf8_lossy(rest).into_owned()))
    }

    #[test]
    fn escapes_of_both_servers_are_undone() {
        for (text, field) in [
            (r#""plain""#, &b"plain"[..]),
            (r#""""#, b""),
            (r#""a \"b\" \\ c""#, br#"a "b" \ c"#),
            (r#""\x22\x5C\xe4""#, b"\"\\\xe4"),
            (r#""\t\n\q\x4""#, b"\t\n\\q\\x4"),
            (r#""ends in \\""#, br"ends in \"),
        ] {
            assert_eq!(taken(text), Some((field.to_vec(), String::new())), "{text}");
        }
        assert_eq!(taken(r#""a" "b""#), Some((b"a".to_vec(), r#" "b""#.to_owned())));
    }

    #[test]
    fn a_field_must_open_and_close() {
        for text in ["", "a", "\"", "\"a", r#""a\""#] {
            assert_eq!(taken(text), None, "{text}");
        }
    }
}
