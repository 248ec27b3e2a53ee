//! Collects events into bodies of `POST /v1/batch`.

use serde::Serialize;

/// Maximum events per batch (`docs/api.md`).
const MAX_EVENTS: usize = 1000;
/// Maximum bytes of a body: below the 1 MiB that the Worker accepts.
const MAX_BYTES: usize = 1_000_000;

const OPEN: &[u8] = b"{\"events\":[";
const CLOSE: &[u8] = b"]}";

/// A body, ready to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    /// `{"events":[…]}`.
    pub(crate) body: Vec<u8>,
    /// The line number in the log of each event.
    pub(crate) lines: Vec<u64>,
}

/// Fills batches.
#[derive(Debug, Default)]
pub(crate) struct Batcher {
    body: Vec<u8>,
    lines: Vec<u64>,
    event: Vec<u8>,
}

impl Batcher {
    /// Adds an event. If it does not fit, returns the full batch first.
    pub(crate) fn add(&mut self, event: &impl Serialize, line: u64) -> serde_json::Result<Option<Batch>> {
        self.event.clear();
        serde_json::to_writer(&mut self.event, event)?;
        let more = self.event.len() + 1 + CLOSE.len();
        let full = self.lines.len() >= MAX_EVENTS || self.body.len() + more > MAX_BYTES;
        let batch = if full { self.finish() } else { None };
        self.body.extend_from_slice(if self.lines.is_empty() { OPEN } else { b"," });
        self.body.append(&mut self.event);
        self.lines.push(line);
        Ok(batch)
    }

    /// The batch so far, if it has any event.
    pub(crate) fn finish(&mut self) -> Option<Batch> {
        if self.lines.is_empty() {
            return None;
        }
        self.body.extend_from_slice(CLOSE);
        Some(Batch { body: std::mem::take(&mut self.body), lines: std::mem::take(&mut self.lines) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(events: impl IntoIterator<Item = String>) -> Vec<Batch> {
        let mut batcher = Batcher::default();
        let mut all: Vec<Batch> =
            (1..).zip(events).filter_map(|(line, event)| batcher.add(&event, line).unwrap()).collect();
        all.extend(batcher.finish());
        assert_eq!(batcher.finish(), None);
        all
    }

    #[test]
    fn split_by_count() {
        let all = batches((0..2500).map(|number| number.to_string()));
        assert_eq!(all.iter().map(|batch| batch.lines.len()).collect::<Vec<_>>(), [1000, 1000, 500]);
        let numbers: Vec<u64> = all.iter().flat_map(|batch| batch.lines.clone()).collect();
        assert_eq!(numbers, (1..=2500).collect::<Vec<_>>());
    }

    #[test]
    fn split_by_bytes_and_whole_json() {
        let all = batches((0..50).map(|_| "x".repeat(64 * 1024)));
        assert!(all.len() > 3);
        let mut events = 0;
        for batch in &all {
            assert!(batch.body.len() <= MAX_BYTES);
            let body: serde_json::Value = intake::json::read(&batch.body).unwrap();
            assert_eq!(body["events"].as_array().unwrap().len(), batch.lines.len());
            events += batch.lines.len();
        }
        assert_eq!(events, 50);
    }

    #[test]
    fn no_events_make_no_batch() {
        assert_eq!(batches([]), []);
    }
}
