//! Lines of bounded length.

use std::io::{self, BufRead, BufReader, Read};

/// Longest line that is parsed. Servers limit a request's head to 8 or 16 KiB; an escaped byte takes four.
pub(crate) const MAX_LINE: usize = 64 * 1024;

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// Its bytes, up to [`MAX_LINE`].
    pub(crate) bytes: &'a [u8],
    /// Whether it was longer than that.
    pub(crate) cut: bool,
}

/// Reads line by line into one buffer.
pub(crate) struct Lines<R> {
    source: BufReader<R>,
    line: Vec<u8>,
    number: u64,
}

impl<R: Read> Lines<R> {
    /// Lines of `source`.
    pub(crate) fn new(source: R) -> Self {
        Self { source: BufReader::with_capacity(MAX_LINE, source), line: Vec::new(), number: 0 }
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut cut = false;
        let mut any = false;
        loop {
            let buffer = match self.source.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            let room = MAX_LINE - self.line.len();
            cut |= part.len() > room;
            self.line.extend_from_slice(part.get(..room).unwrap_or(part));
            let used = part.len() + usize::from(end.is_some());
            self.source.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(Line {
            number: self.number,
            bytes: self.line.strip_suffix(b"\r").filter(|_| !cut).unwrap_or(&self.line),
            cut,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_any_way_and_are_bounded() {
        let longest = "y".repeat(MAX_LINE);
        let text = format!("a\r\n\n{}\nb\n{longest}\nlast", "x".repeat(3 * MAX_LINE));
        let mut lines = Lines::new(text.as_bytes());
        let wanted: [(&[u8], bool); 6] = [
            (b"a", false),
            (b"", false),
            (&b"x".repeat(MAX_LINE), true),
            (b"b", false),
            (longest.as_bytes(), false),
            (b"last", false),
        ];
        for (number, (bytes, cut)) in (1..).zip(wanted) {
            assert_eq!(lines.next().unwrap(), Some(Line { number, bytes, cut }));
        }
        assert_eq!(lines.next().unwrap(), None);
    }
}
