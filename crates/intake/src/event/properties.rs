//! The free-form part of an event, kept as the text that was sent.
//!
//! The store reads properties with a strict parser (simdjson), which turns a whole object down for one
//! half surrogate or one number past a double. Such an object would be stored and never found again, so
//! it is refused here, with its reason.

use std::borrow::Cow;

/// Largest properties that are kept, in bytes of JSON (contract, "Event").
pub const MAX_BYTES: usize = 8 * 1024;
/// Deepest nesting that is kept. Far above what anybody sends, far below what any reader's stack holds.
pub const MAX_DEPTH: usize = 32;

/// Reads the properties of an event: the text to store, or what is wrong with it.
///
/// `json` must be one well-formed JSON value, as `serde_json`'s `RawValue` guarantees.
///
/// # Errors
/// A sentence for the field `/properties`.
pub fn read(json: &str) -> Result<Cow<'_, str>, Cow<'static, str>> {
    if json == "null" {
        return Ok(Cow::Borrowed(""));
    }
    if !json.starts_with('{') {
        return Err(Cow::Borrowed("must be an object"));
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
                    return Err(Cow::Owned(format!("must not be nested more than {MAX_DEPTH} deep")));
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

/// Passes a string; what follows it. `rest` begins behind the opening quote.
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
                        _ => return Err(Cow::Borrowed("must not hold half of a surrogate pair")),
                    },
                    0xDC00..=0xDFFF => return Err(Cow::Borrowed("must not hold half of a surrogate pair")),
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
    // Only an exponent or very many digits can leave the range of a double.
    if (digits.len() > 300 || digits.iter().any(|byte| matches!(byte, b'e' | b'E'))) && !finite() {
        return Err(Cow::Borrowed("must not hold a number that does not fit a double"));
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
    fn what_the_store_could_not_read_again_is_refused() {
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
