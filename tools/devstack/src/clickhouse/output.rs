//! Sends a result from the engine's thread to the client. Output is held back up to a limit, so that short results have
//! a complete summary and late errors have their own status; then it is streamed.

use std::io::Write;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::channel::{Channel, Sender};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::error::{Error, Kind};
use super::ffi::Progress;

/// Bytes of output held back before the response starts, like ClickHouse's `http_response_buffer_size`.
const HELD_BACK: usize = 1 << 20;
/// Maximum size of a result that is built in memory before it is sent.
pub(super) const MAX_WHOLE: usize = 256 << 20;
/// Chunk size of large results.
const PIECE: usize = 256 << 10;
/// Number of chunks that wait for a slow client before the engine blocks.
const WAITING_PIECES: usize = 8;

/// The start of a response.
pub(super) struct Reply {
    /// Counts so far.
    pub(super) progress: Progress,
    /// Time since the request arrived.
    pub(super) elapsed: Duration,
    /// The output.
    pub(super) body: ReplyBody,
}

/// The output, complete or streamed.
pub(super) enum ReplyBody {
    /// The complete output.
    Whole(Vec<u8>),
    /// The output follows while the query runs.
    Stream(Channel<Bytes, std::io::Error>),
}

/// The client has disconnected.
#[derive(Debug)]
pub(super) struct Gone;

/// The engine's end of a response.
pub(super) struct Output {
    reply: Option<oneshot::Sender<Result<Reply, Error>>>,
    stream: Option<Sender<Bytes, std::io::Error>>,
    runtime: Handle,
    held: Buffer,
    limit: usize,
    progress: Progress,
    started: Instant,
    exception_tag: String,
    version: String,
}

enum Buffer {
    Plain(Vec<u8>),
    Gzip(GzEncoder<Vec<u8>>),
}

/// Options of a response.
pub(super) struct Manner {
    /// Send nothing before the query has ended.
    pub(super) whole: bool,
    /// Compress the response with gzip.
    pub(super) gzip: bool,
    /// Marks an error in a body that has already started. The client knows it from the header
    /// `X-ClickHouse-Exception-Tag`.
    pub(super) exception_tag: String,
    /// Version in error texts.
    pub(super) version: String,
}

impl Output {
    /// Creates the output of a response that is sent to `reply`. Must be called within the runtime.
    pub(super) fn new(reply: oneshot::Sender<Result<Reply, Error>>, manner: Manner) -> Self {
        let held = if manner.gzip {
            Buffer::Gzip(GzEncoder::new(Vec::new(), Compression::fast()))
        } else {
            Buffer::Plain(Vec::new())
        };
        Self {
            reply: Some(reply),
            stream: None,
            runtime: Handle::current(),
            held,
            limit: if manner.whole { MAX_WHOLE } else { HELD_BACK },
            progress: Progress::default(),
            started: Instant::now(),
            exception_tag: manner.exception_tag,
            version: manner.version,
        }
    }

    /// Adds to the counts.
    pub(super) fn count(&mut self, progress: Progress) {
        self.progress.add(progress);
    }

    /// Adds output. Blocks if the client is slow.
    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), Gone> {
        for piece in data.chunks(PIECE) {
            self.held.write(piece);
            if self.stream.is_none() && self.held.bytes().len() > self.limit {
                if self.limit == MAX_WHOLE {
                    let message = format!("Result is larger than {MAX_WHOLE} bytes: leave out wait_end_of_query");
                    self.give(Err(Error::new(Kind::TOO_MANY_ROWS_OR_BYTES, &message)));
                    return Err(Gone);
                }
                let (sender, body) = Channel::new(WAITING_PIECES);
                self.stream = Some(sender);
                let reply = self.reply_with(ReplyBody::Stream(body));
                self.give(Ok(reply));
            }
            if self.stream.is_some() {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Ends the response.
    pub(super) fn finish(mut self) {
        let rest = self.held.finish();
        if self.stream.is_some() {
            // It does not matter whether the client reads the end.
            let _ = self.send(rest);
        } else {
            let reply = self.reply_with(ReplyBody::Whole(rest));
            self.give(Ok(reply));
        }
    }

    /// Ends the response with an error: as an error response if nothing was sent yet, otherwise as an exception block
    /// in the body, after which the connection is closed.
    pub(super) fn fail(mut self, error: Error) {
        if self.stream.is_none() {
            self.give(Err(error));
            return;
        }
        let text = error.text(&self.version);
        let tag = self.exception_tag.clone();
        let block = format!("\r\n__exception__\r\n{tag}\r\n{text}{} {tag}\r\n__exception__\r\n", text.len());
        self.held.write(block.as_bytes());
        let rest = self.held.finish();
        if self.send(rest).is_ok()
            && let Some(stream) = self.stream.take()
        {
            // Let the block reach the client before the connection is closed.
            std::thread::sleep(Duration::from_millis(50));
            stream.abort(std::io::Error::other(text));
        }
    }

    fn flush(&mut self) -> Result<(), Gone> {
        let ready = self.held.take();
        self.send(ready)
    }

    fn send(&mut self, data: Vec<u8>) -> Result<(), Gone> {
        let Some(stream) = self.stream.as_mut().filter(|_| !data.is_empty()) else { return Ok(()) };
        self.runtime.block_on(stream.send_data(data.into())).map_err(|_| Gone)
    }

    fn reply_with(&self, body: ReplyBody) -> Reply {
        Reply { progress: self.progress, elapsed: self.started.elapsed(), body }
    }

    fn give(&mut self, reply: Result<Reply, Error>) {
        if let Some(channel) = self.reply.take() {
            // A disconnected client needs no response.
            let _ = channel.send(reply);
        }
    }
}

impl Buffer {
    fn write(&mut self, data: &[u8]) {
        match self {
            Self::Plain(bytes) => bytes.extend_from_slice(data),
            // Writing to memory does not fail.
            Self::Gzip(encoder) => drop(encoder.write_all(data)),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Gzip(encoder) => encoder.get_ref(),
        }
    }

    fn take(&mut self) -> Vec<u8> {
        match self {
            Self::Plain(bytes) => std::mem::take(bytes),
            Self::Gzip(encoder) => std::mem::take(encoder.get_mut()),
        }
    }

    fn finish(&mut self) -> Vec<u8> {
        if let Self::Gzip(encoder) = self {
            drop(encoder.try_finish());
        }
        self.take()
    }
}
