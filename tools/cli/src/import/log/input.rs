//! The log's bytes: a file or standard input, plain or gzip.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, stdin};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, bail};
use flate2::read::MultiGzDecoder;

/// The first bytes of every gzip member.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BUFFER: usize = 256 * 1024;

/// How much was read, in bytes of the file before decompression.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    read: Arc<AtomicU64>,
    /// Size of the file; `None` for a pipe.
    total: Option<u64>,
}

impl Progress {
    /// The share that was read, 0 to 1, if the size is known.
    pub(crate) fn share(&self) -> Option<f64> {
        let total = self.total.filter(|total| *total > 0)?;
        // No log is so large that the precision matters.
        #[expect(clippy::cast_precision_loss, reason = "shown as a percentage")]
        let share = self.read.load(Ordering::Relaxed) as f64 / total as f64;
        Some(share.min(1.0))
    }
}

/// An opened log.
pub(crate) struct Input {
    /// Its text, decompressed.
    pub(crate) bytes: Box<dyn Read + Send>,
    /// For the progress bar.
    pub(crate) progress: Progress,
}

impl Input {
    /// Opens a file, or standard input for `-`. Gzip is recognized by its first bytes, not by the name.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Self::of(stdin(), None).context("cannot read standard input");
        }
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            bail!("{} is a folder: name one log file, or pipe several into `-`", path.display());
        }
        let total = metadata.is_file().then_some(metadata.len());
        Self::of(file, total).with_context(|| format!("cannot read {}", path.display()))
    }

    fn of(source: impl Read + Send + 'static, total: Option<u64>) -> io::Result<Self> {
        let progress = Progress { read: Arc::default(), total };
        let mut source = Counted { source, read: Arc::clone(&progress.read) };
        let mut first = Vec::with_capacity(GZIP.len());
        source.by_ref().take(2).read_to_end(&mut first)?;
        let gzip = first == GZIP;
        let whole = BufReader::with_capacity(BUFFER, Cursor::new(first).chain(source));
        // Rotated logs are often joined with `cat`: several members in a row.
        let bytes: Box<dyn Read + Send> = if gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
        Ok(Self { bytes, progress })
    }
}

struct Counted<R> {
    source: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.read.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        Input::of(Cursor::new(bytes), None)?.bytes.read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn plain_and_gzip_of_several_members_read_alike() {
        assert_eq!(read(b"one\ntwo\n".to_vec()).unwrap(), "one\ntwo\n");
        assert_eq!(read([gzip("one\n"), gzip("two\n")].concat()).unwrap(), "one\ntwo\n");
        for short in ["", "x"] {
            assert_eq!(read(short.into()).unwrap(), short);
        }
    }

    #[test]
    fn a_gzip_that_breaks_off_is_an_error() {
        let mut cut = gzip(&"line\n".repeat(1000));
        cut.truncate(cut.len() - 9);
        assert!(read(cut).is_err());
    }

    #[test]
    fn the_share_needs_a_size() {
        let whole = Input::of(Cursor::new(b"abcd".to_vec()), Some(4)).unwrap();
        assert_eq!(whole.progress.share(), Some(0.5));
        assert_eq!(Input::of(Cursor::new(b"abcd".to_vec()), None).unwrap().progress.share(), None);
    }
}
