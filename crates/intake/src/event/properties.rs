//! The properties of an event, stored as the JSON text that was sent.
//!
//! ClickHouse parses properties with simdjson, which rejects a whole object for half of a surrogate pair or a number
//! that does not fit a double. Such an object could be stored but never queried, so it is rejected here.

use std::borrow::Cow;

/// Most bytes of JSON that are stored; larger properties are replaced by a note (`docs/concepts.md`, "Limits").
pub const MAX_BYTES: usize = 8 * 1024;
/// Most levels of nesting. Far more than anybody sends, far less than overflows a parser's stack.
pub const MAX_DEPTH: usize = 32;

/// Validates the properties of an event and returns the text to store: `json` itself; nothing for `null`; or
/// `{"__truncated":true,"original_bytes":9000}` for more than [`MAX_BYTES`].
///
/// `json` must be one well-formed JSON value, as `serde_json`'s `RawValue` guarantees.
///
/// # Errors
/// The message for the field `/properties`.
pub fn read(json: &str) -> Result<Cow<'_, str>, Cow<'static, str>> {
    if json == "null" {
        return Ok(Cow::Borrowed(""));
    }
    if !json.starts_with('{') {
        return Err(Cow::Borrowed("must be a JSON object, for example {\"plan\": \"pro\"}"));
    }
    if json.len() > MAX_BYTES {
        return Ok(Cow::Owned(format!("{{\"__truncated\":true,\"original_bytes\":{}}}", json.len())));
    }
    check(json.as_bytes())?;
    Ok(Cow::Borrowed(json))
}

fn check(json: &[u8]) -> Result<(), Cow<'static, str>> {
    let mut depth = 0_usize;
    let mut rest = json;
    while let Some((byte, tail)) = rest.split_first() {
        rest = match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Cow::Owned(format!("must not be nested more than {MAX_DEPTH} levels deep")));
                }
                tail
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                tail
            }
            b'"' => string(tail)?,
            b'-' | b'0'..=b'9' => number(rest)?,
            _ => tail,
        };
    }
    Ok(())
}

const HALF_PAIR: &str = "must not contain half of a UTF-16 surrogate pair, such as \\ud83d alone: a text was probably cut \
                         within a character";

/// Skips a string and returns what follows it. `rest` begins after the opening quote.
fn string(mut rest: &[u8]) -> Result<&[u8], Cow<'static, str>> {
    loop {
        match rest {
            [] => return Ok(rest),
            [b'"', tail @ ..] => return Ok(tail),
            [b'\\', b'u', tail @ ..] => {
                let (unit, tail) = hex4(tail);
                rest = match unit {
                    0xD800..=0xDBFF => match tail {
                        [b'\\', b'u', low @ ..] if matches!(hex4(low).0, 0xDC00..=0xDFFF) => hex4(low).1,
                        _ => return Err(Cow::Borrowed(HALF_PAIR)),
                    },
                    0xDC00..=0xDFFF => return Err(Cow::Borrowed(HALF_PAIR)),
                    _ => tail,
                };
            }
            [b'\\', _, tail @ ..] | [_, tail @ ..] => rest = tail,
        }
    }
}

fn hex4(bytes: &[u8]) -> (u32, &[u8]) {
    let (digits, tail) = bytes.split_at_checked(4).unwrap_or((bytes, &[]));
    (digits.iter().fold(0, |unit, byte| unit * 16 + char::from(*byte).to_digit(16).unwrap_or(0)), tail)
}

fn number(rest: &[u8]) -> Result<&[u8], Cow<'static, str>> {
    let end = rest
        .iter()
        .position(|byte| !matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
        .unwrap_or(rest.len());
    let (digits, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
    let finite = || str::from_utf8(digits).ok().and_then(|text| text.parse::<f64>().ok()).is_some_and(f64::is_finite);
    // Only a number with an exponent or with very many digits can be out of a double's range.
    if (digits.len() > 300 || digits.iter().any(|byte| matches!(byte, b'e' | b'E'))) && !finite() {
        return Err(Cow::Borrowed("must not contain a number that does not fit a double (1.8e308 at most)"));
    }
    Ok(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_exactly_as_sent() {
        for json in [
            r#"{"a":1}"#,
            r#"{ "quote\"d":"\\","a.b":[1,2,{"c":null}],"\u0000":"\ud83d\ude00","e":1e3} "#,
            "{}",
            r#"{"brace in text":"}}}}]]]{{{{"}"#,
        ] {
            assert_eq!(read(json).as_deref(), Ok(json));
        }
        assert_eq!(read("null").as_deref(), Ok(""));
    }

    #[test]
    fn too_large_is_replaced_not_refused() {
        let json = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_BYTES));
        assert_eq!(read(&json).unwrap(), format!(r#"{{"__truncated":true,"original_bytes":{}}}"#, json.len()));
    }

    #[test]
    fn what_the_store_could_not_parse_is_rejected() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(40), "]".repeat(40));
        for (json, reason) in [
            ("[1]", "object"),
            ("\"text\"", "object"),
            (r#"{"a":"\ud800"}"#, "surrogate"),
            (r#"{"a":"\ud800\u0041"}"#, "surrogate"),
            (r#"{"\udc00":1}"#, "surrogate"),
            (r#"{"a":1e400}"#, "double"),
            (r#"{"a":[-1E+999]}"#, "double"),
            (deep.as_str(), "nested"),
        ] {
            let message = read(json).unwrap_err();
            assert!(message.contains(reason), "{json}: {message}");
        }
    }
}
