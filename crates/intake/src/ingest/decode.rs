//! Decodes a body: bytes to text to an event as sent.

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::error::{ApiError, ErrorCode};
use crate::event::{Object, RawEvent};

/// How a body is compressed (`Content-Encoding`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not compressed.
    Identity,
    /// gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    /// Parses the header's value; `None` if the header is missing.
    ///
    /// # Errors
    /// `unsupported_encoding` for anything other than `gzip`, `x-gzip` and `identity`.
    pub fn of(header: Option<&str>) -> Result<Self, ApiError> {
        match header.map(str::trim) {
            None | Some("") => Ok(Self::Identity),
            Some(name) if name.eq_ignore_ascii_case("identity") => Ok(Self::Identity),
            Some(name) if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => Ok(Self::Gzip),
            Some(_) => Err(ApiError::new(
                ErrorCode::UnsupportedEncoding,
                "unsupported Content-Encoding: compress the body with gzip, or send it uncompressed without this header",
            )),
        }
    }

    /// Decompresses a body to at most `limit` bytes. Nothing beyond the limit is decompressed, so that a small body
    /// cannot fill the memory.
    ///
    /// # Errors
    /// `payload_too_large` beyond the limit, `invalid_payload` if it is not gzip or incomplete.
    pub fn unpack(self, body: Vec<u8>, limit: usize) -> Result<Vec<u8>, ApiError> {
        if self == Self::Identity {
            return if body.len() > limit { Err(too_large(limit)) } else { Ok(body) };
        }
        let mut unpacked = Vec::with_capacity(body.len().saturating_mul(4).min(limit));
        let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        GzDecoder::new(body.as_slice()).take(bound).read_to_end(&mut unpacked).map_err(|error| {
            ApiError::new(ErrorCode::InvalidPayload, "the body is not valid gzip, as Content-Encoding says it is")
                .field("", "must be complete gzip data, or be sent without Content-Encoding")
                .because(error.to_string())
        })?;
        if unpacked.len() > limit { Err(too_large(limit)) } else { Ok(unpacked) }
    }
}

/// The error for a body of more than `limit` bytes.
pub fn too_large(limit: usize) -> ApiError {
    ApiError::new(ErrorCode::PayloadTooLarge, format!("the body must be at most {limit} bytes, after decompression"))
}

/// The body as text, without a byte order mark.
///
/// # Errors
/// `invalid_payload` if it is not UTF-8.
pub fn body_text(body: &[u8]) -> Result<&str, ApiError> {
    // Some clients send a byte order mark, which JSON does not allow (RFC 8259, section 8.1).
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    str::from_utf8(body).map_err(|error| {
        let detail = format!("the body is not valid UTF-8 at byte {}", error.valid_up_to());
        ApiError::new(ErrorCode::InvalidPayload, detail).field("", "must be UTF-8")
    })
}

/// Parses a single event.
///
/// # Errors
/// `invalid_payload` if it is not JSON or not an object.
pub fn one_event(text: &str) -> Result<RawEvent<'_>, ApiError> {
    serde_json::from_str(text).map(|Object(event)| event).map_err(|error| {
        // serde_json quotes at most single characters and field names of the input.
        ApiError::new(ErrorCode::InvalidPayload, format!("the body is not a valid event: {error}"))
            .field("", "must be a JSON object, for example {\"event\": \"signup\"}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_body_is_unpacked_up_to_its_limit() {
        let unpack = |body: &[u8], limit| Encoding::Gzip.unpack(body.to_vec(), limit);
        assert_eq!(unpack(&gzip(b"{}"), 2).unwrap(), b"{}");
        assert_eq!(unpack(&gzip(b"{} "), 2).unwrap_err().code, ErrorCode::PayloadTooLarge);
        assert_eq!(too_large(2).detail, "the body must be at most 2 bytes, after decompression");
        let bomb = gzip(&vec![b' '; 64 << 20]);
        assert!(bomb.len() < 100_000);
        assert_eq!(unpack(&bomb, 1 << 20).unwrap_err().code, ErrorCode::PayloadTooLarge);
        let whole = gzip(&[b'x'; 5000]);
        for broken in
            [&b"{}"[..], b"", &whole[..whole.len() - 1], &whole[..12], b"\x1f\x8b\x08\xff\xff\xff\xff\xff\xff\xff"]
        {
            assert_eq!(unpack(broken, 10_000).unwrap_err().code, ErrorCode::InvalidPayload, "{broken:?}");
        }
        assert_eq!(Encoding::Identity.unpack(b"abc".to_vec(), 2).unwrap_err().code, ErrorCode::PayloadTooLarge);
    }

    #[test]
    fn encodings_are_gzip_or_none() {
        assert_eq!(Encoding::of(Some(" GZIP ")).unwrap(), Encoding::Gzip);
        assert_eq!(Encoding::of(Some("identity")).unwrap(), Encoding::Identity);
        for other in ["br", "deflate", "gzip, gzip", "zstd"] {
            assert_eq!(Encoding::of(Some(other)).unwrap_err().code, ErrorCode::UnsupportedEncoding, "{other}");
        }
    }

    #[test]
    fn what_is_no_event_is_refused_with_a_reason() {
        for body in
            ["", "{", "[]", r#"["signup"]"#, "null", "7", r#"{"event":"a","event":"b"}"#, r#"{"event":"\ud800"}"#]
        {
            let error = one_event(body).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidPayload, "{body}");
            assert!(error.detail.starts_with("the body is not a valid event: "), "{}", error.detail);
            assert_eq!(error.fields[0].message, r#"must be a JSON object, for example {"event": "signup"}"#);
        }
        let deep = format!(r#"{{"event":"e","x":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
        assert!(one_event(&deep).is_ok(), "an unknown field is passed over whatever it holds");
        let deep = format!(r#"{{"event":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
        let _ = one_event(&deep);
        let wrong = body_text(b"{\xff}").unwrap_err();
        assert_eq!(
            (&*wrong.detail, &*wrong.fields[0].message),
            ("the body is not valid UTF-8 at byte 1", "must be UTF-8")
        );
        assert_eq!(body_text(b"\xEF\xBB\xBF{}").unwrap(), "{}");
    }
}
