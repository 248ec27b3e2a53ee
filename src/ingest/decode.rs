//! From bytes to an event as sent.

use crate::error::{ApiError, ErrorCode};
use crate::event::{Object, RawEvent};

/// The body as text; events are borrowed from it.
///
/// # Errors
/// `invalid_payload` where it is not UTF-8.
pub fn body_text(body: &[u8]) -> Result<&str, ApiError> {
    // Some clients begin with a byte order mark; JSON does not.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    str::from_utf8(body).map_err(|error| {
        let detail = format!("the body is not UTF-8: byte {} is wrong", error.valid_up_to());
        ApiError::new(ErrorCode::InvalidPayload, detail).field("", "must be UTF-8")
    })
}

/// A single event.
///
/// # Errors
/// `invalid_payload`: not JSON, or no object.
pub fn one_event(text: &str) -> Result<RawEvent<'_>, ApiError> {
    serde_json::from_str(text).map(|Object(event)| event).map_err(|error| {
        // serde_json names the place and, of the input, single characters and field names at most.
        ApiError::new(ErrorCode::InvalidPayload, format!("the body is not an event as JSON: {error}"))
            .field("", "must be a JSON object")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_event_is_refused_with_a_reason() {
        for body in
            ["", "{", "[]", r#"["signup"]"#, "null", "7", r#"{"event":"a","event":"b"}"#, r#"{"event":"\ud800"}"#]
        {
            assert_eq!(one_event(body).unwrap_err().code, ErrorCode::InvalidPayload, "{body}");
        }
        let deep = format!(r#"{{"event":"e","x":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
        assert!(one_event(&deep).is_ok(), "an unknown field is passed over whatever it holds");
        let deep = format!(r#"{{"event":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
        let _ = one_event(&deep);
        assert!(body_text(b"\xff{}").is_err());
        assert_eq!(body_text(b"\xEF\xBB\xBF{}").unwrap(), "{}");
    }
}
