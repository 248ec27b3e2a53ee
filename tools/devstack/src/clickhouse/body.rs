//! The request body, decompressed as it arrives.

use std::io::Write;
use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::write::{MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt;

use super::error::{Error, Kind};

/// Maximum pause between two chunks of a body, like ClickHouse's `http_receive_timeout`.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// Maximum number of bytes to read and discard after a request has failed.
const MAX_DRAINED: usize = 64 << 20;

/// A body that is being read.
pub(super) struct Body {
    incoming: HttpBody,
    decoder: Decoder,
    ended: bool,
}

enum Decoder {
    Plain,
    Gzip(MultiGzDecoder<Vec<u8>>),
    Deflate(ZlibDecoder<Vec<u8>>),
    Unknown(String),
}

impl Body {
    /// Creates the body. An unsupported `Content-Encoding` fails at the first read.
    pub(super) fn new(incoming: HttpBody, headers: &HeaderMap) -> Self {
        let coding = headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?"));
        let decoder = match coding {
            None | Some("" | "identity") => Decoder::Plain,
            Some("gzip") => Decoder::Gzip(MultiGzDecoder::new(Vec::new())),
            Some("deflate") => Decoder::Deflate(ZlibDecoder::new(Vec::new())),
            Some(other) => Decoder::Unknown(other.to_owned()),
        };
        Self { incoming, decoder, ended: false }
    }

    /// Returns the next decompressed chunk, or `None` at the end.
    ///
    /// # Errors
    /// ClickHouse error 89 for an unknown coding, 209 on timeout, 236 if the connection breaks, 271 if the compressed
    /// data is invalid.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if self.ended {
                return Ok(None);
            }
            let Some(data) = self.frame().await? else {
                self.ended = true;
                let rest = self.decoder.finish()?;
                return Ok((!rest.is_empty()).then_some(rest));
            };
            let decoded = self.decoder.decode(data)?;
            if !decoded.is_empty() {
                return Ok(Some(decoded));
            }
        }
    }

    async fn frame(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let frame = tokio::time::timeout(MAX_PAUSE, self.incoming.frame())
                .await
                .map_err(|_| Error::new(Kind::SOCKET_TIMEOUT, "Timeout exceeded while reading the request's body"))?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => {
                    return Err(Error::new(
                        Kind::ABORTED,
                        &format!("the connection broke while reading the request body: {error}"),
                    ));
                }
                // Trailers are ignored.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Reads the rest after a failure, because a client that is still writing does not read the response.
    pub(super) async fn drain(mut self) {
        let mut left = MAX_DRAINED;
        while let Ok(Some(data)) = self.frame().await {
            let Some(rest) = left.checked_sub(data.len()) else { return };
            left = rest;
        }
    }
}

impl Decoder {
    fn decode(&mut self, data: Bytes) -> Result<Bytes, Error> {
        match self {
            Self::Plain => return Ok(data),
            Self::Unknown(coding) => {
                let message = format!("Unknown compression method '{coding}': send gzip, deflate or nothing");
                return Err(Error::new(Kind::UNKNOWN_COMPRESSION_METHOD, &message));
            }
            Self::Gzip(decoder) => decoder.write_all(&data),
            Self::Deflate(decoder) => decoder.write_all(&data),
        }
        .map_err(|error| broken(&error))?;
        Ok(self.take())
    }

    fn finish(&mut self) -> Result<Bytes, Error> {
        match self {
            Self::Plain | Self::Unknown(_) => Ok(()),
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Deflate(decoder) => decoder.try_finish(),
        }
        .map_err(|error| broken(&error))?;
        Ok(self.take())
    }

    fn take(&mut self) -> Bytes {
        match self {
            Self::Plain | Self::Unknown(_) => Bytes::new(),
            Self::Gzip(decoder) => std::mem::take(decoder.get_mut()).into(),
            Self::Deflate(decoder) => std::mem::take(decoder.get_mut()).into(),
        }
    }
}

fn broken(error: &std::io::Error) -> Error {
    Error::new(Kind::CANNOT_DECOMPRESS, &format!("Cannot decompress the request's body: {error}"))
}
