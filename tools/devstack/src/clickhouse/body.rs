//! The request's body, decompressed as it arrives.

use std::io::Write;
use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::write::{MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt;

use super::error::{Error, Kind};

/// Longest pause between two pieces of a body, as ClickHouse's `http_receive_timeout`.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// What is read and dropped of a body after its request has failed.
const MAX_DRAINED: usize = 64 << 20;

/// A body in progress.
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
    /// Reads the coding from the headers; one that is not supported fails at the first read.
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

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// 89 for an unknown coding, 209 when the client falls silent, 236 when it breaks off, 271 when the compressed data is broken.
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
                    return Err(Error::new(Kind::ABORTED, &format!("the request's body broke off: {error}")));
                }
                // Trailers hold nothing of interest.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Reads on after a failure, so that a client that is still writing gets to read its answer.
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
