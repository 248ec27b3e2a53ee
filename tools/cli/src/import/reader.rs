//! Reads the log and fills batches, in a thread of its own.

use std::io::Read;
use std::sync::mpsc::{Sender, SyncSender};

use anyhow::{Context as _, Error};

use super::batch::{Batch, Batcher};
use super::event::Pageview;
use super::identity::Identity;
use super::log::{Broken, LeftOut, Line, Lines, NO_REQUEST, Page, Record};
use super::message::Message;
use super::site::Origin;
use super::tally::Tally;

/// Unparsable lines that are shown; the rest is only counted.
const SHOWN: u32 = 5;
/// Characters of a broken line that are shown.
const EXCERPT: usize = 120;
/// Lines after which the counts are reported, besides with each batch.
const TELL_EVERY: u64 = 10_000;

/// Turns lines into batches.
pub(crate) struct Reader {
    site: Option<Origin>,
    identity: Identity,
    batcher: Batcher,
    /// Counts not reported yet.
    tally: Tally,
    shown: u32,
    messages: Sender<Message>,
    batches: SyncSender<Batch>,
}

/// Why reading ends early.
enum Stop {
    /// No thread takes batches any more.
    Gone,
    Failed(Error),
}

impl Reader {
    /// A reader that sends batches and reports its counts.
    pub(crate) fn new(
        site: Option<Origin>,
        identity: Identity,
        messages: Sender<Message>,
        batches: SyncSender<Batch>,
    ) -> Self {
        Self { site, identity, batcher: Batcher::default(), tally: Tally::default(), shown: 0, messages, batches }
    }

    /// Reads to the end. What was read before an error is sent as well.
    pub(crate) fn run(mut self, source: impl Read) {
        let read = self.read_all(source);
        if matches!(read, Err(Stop::Gone)) {
            return;
        }
        let last = self.batcher.finish();
        let _ = self.hand_over(last);
        if let Err(Stop::Failed(error)) = read {
            self.tell(Message::ReadFailed(error));
        }
    }

    fn read_all(&mut self, source: impl Read) -> Result<(), Stop> {
        let mut lines = Lines::new(source);
        let mut number = 0;
        loop {
            let line = lines
                .next()
                .with_context(|| format!("cannot read the log after line {number}"))
                .map_err(Stop::Failed)?;
            let Some(line) = line else { return Ok(()) };
            number = line.number;
            let batch = self.line(&line).map_err(Stop::Failed)?;
            if batch.is_some() || self.tally.lines >= TELL_EVERY {
                self.hand_over(batch)?;
            }
        }
    }

    fn hand_over(&mut self, batch: Option<Batch>) -> Result<(), Stop> {
        let tally = std::mem::take(&mut self.tally);
        self.tell(Message::Counted(tally));
        match batch {
            Some(batch) => self.batches.send(batch).map_err(|_| Stop::Gone),
            None => Ok(()),
        }
    }

    /// Counts a line; returns the batch that it filled.
    fn line(&mut self, line: &Line<'_>) -> Result<Option<Batch>, Error> {
        self.tally.lines += 1;
        if line.bytes.is_empty() {
            self.leave_out(LeftOut::Empty);
            return Ok(None);
        }
        if line.cut {
            self.broken(line, Broken("it is longer than 64 KiB"));
            return Ok(None);
        }
        let record = match Record::parse(line.bytes) {
            Ok(record) => record,
            Err(reason) => {
                self.broken(line, reason);
                return Ok(None);
            }
        };
        let page = match Page::of(&record) {
            Ok(page) => page,
            Err(LeftOut::Broken) => {
                self.broken(line, NO_REQUEST);
                return Ok(None);
            }
            Err(reason) => {
                self.leave_out(reason);
                return Ok(None);
            }
        };
        self.tally.pages += 1;
        self.tally.without_address += u64::from(record.ip.is_none());
        let event = Pageview::new(self.identity.of(line.bytes), &page, &record, self.site.as_ref());
        self.batcher.add(&event, line.number).context("an event cannot be serialized")
    }

    fn leave_out(&mut self, reason: LeftOut) {
        *self.tally.left_out.entry(reason).or_default() += 1;
    }

    fn broken(&mut self, line: &Line<'_>, reason: Broken) {
        self.leave_out(LeftOut::Broken);
        if self.shown < SHOWN {
            self.shown += 1;
            let text = String::from_utf8_lossy(line.bytes);
            // A log has text of strangers: it must not control the terminal.
            let start = text.chars().take(EXCERPT).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            self.tell(Message::BrokenLine(line.number, reason, start));
        }
    }

    fn tell(&self, message: Message) {
        // If the receiver is gone, the message is not needed.
        let _ = self.messages.send(message);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{channel, sync_channel};

    use super::*;

    fn read(log: &[u8]) -> (Vec<Batch>, Tally, Vec<Message>) {
        let ((messages, told), (batches, handed)) = (channel(), sync_channel(100));
        Reader::new(None, Identity::new("secret").unwrap(), messages, batches).run(log);
        let mut sum = Tally::default();
        let mut others = Vec::new();
        for message in told {
            match message {
                Message::Counted(tally) => sum += tally,
                other => others.push(other),
            }
        }
        (handed.iter().collect(), sum, others)
    }

    #[test]
    fn every_line_is_a_page_or_left_out() {
        let line = |request: &str, status| format!("::1 - - [17/May/2015:10:05:03 +0000] \"{request}\" {status} 1\n");
        let mut log = line("GET / HTTP/1.1", 200).repeat(2500);
        log += &line("GET /a.css HTTP/1.1", 200).repeat(3);
        log += &line("GET /gone HTTP/1.1", 404);
        log += "\nbroken\u{1b}[2J\n";
        log += &"x".repeat(70_000);
        let (batches, tally, others) = read(log.as_bytes());
        assert_eq!(batches.iter().map(|batch| batch.lines.len()).collect::<Vec<_>>(), [1000, 1000, 500]);
        assert_eq!((tally.lines, tally.pages), (2507, 2500));
        assert_eq!(tally.lines, tally.pages + tally.left_out.values().sum::<u64>());
        assert_eq!(tally.left_out[&LeftOut::Broken], 2);
        let shown = format!("{others:?}");
        assert!(shown.contains("2506") && shown.contains("64 KiB") && !shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn what_stood_before_an_error_is_handed_over() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("disk"))
            }
        }
        let line = b"::1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n";
        let ((messages, told), (batches, handed)) = (channel(), sync_channel(100));
        Reader::new(None, Identity::new("s").unwrap(), messages, batches).run(line.chain(Broken));
        assert_eq!(handed.iter().count(), 1);
        assert!(told.iter().any(|message| matches!(message, Message::ReadFailed(_))));
    }
}
