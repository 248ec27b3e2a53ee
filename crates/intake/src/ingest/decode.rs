//! From bytes to an event as sent.

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::error::{ApiError, ErrorCode};
use crate::event::{Object, RawEvent};

/// How a body is packed (`Content-Encoding`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    /// Reads the header.
    ///
    /// # Errors
    /// `unsupported_encoding` for anything but `gzip` and `identity`.
    pub fn of(header: Option<&str>) -> Result<Self, ApiError> {
        match header.map(str::trim) {
            None | Some("") => Ok(Self::Identity),
            Some(name) if name.eq_ignore_ascii_case("identity") => Ok(Self::Identity),
            Some(name) if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => Ok(Self::Gzip),
            Some(_) => Err(ApiError::new(
                ErrorCode::UnsupportedEncoding,
                "send the body with Content-Encoding: gzip, or without any",
            )),
        }
    }

    /// Unpacks a body to at most `limit` bytes: what goes beyond is never unpacked, so that a small body
    /// cannot fill the memory.
    ///
    /// # Errors
    /// `payload_too_large` beyond the limit, `invalid_payload` where it is not gzip or ends early.
    pub fn unpack(self, body: Vec<u8>, limit: usize) -> Result<Vec<u8>, ApiError> {
        if self == Self::Identity {
            return if body.len() > limit { Err(too_large(limit)) } else { Ok(body) };
        }
        let mut unpacked = Vec::with_capacity(body.len().saturating_mul(4).min(limit));
        let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        GzDecoder::new(body.as_slice()).take(bound).read_to_end(&mut unpacked).map_err(|error| {
            ApiError::new(ErrorCode::InvalidPayload, "the body is not whole gzip")
                .field("", "must be gzip, as Content-Encoding says")
                .because(error.to_string())
        })?;
        if unpacked.len() > limit { Err(too_large(limit)) } else { Ok(unpacked) }
    }
}

/// The body has more than `limit` bytes.
pub fn too_large(limit: usize) -> ApiError {
    ApiError::new(ErrorCode::PayloadTooLarge, format!("the body may have {limit} bytes at most, unpacked"))
}

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
