//! Sends waiting rows to the store until none is left or the store gives no definite answer.

use std::time::Duration;

use super::batch::{Batch, MAX_BATCH_BYTES, Waiting, compose};
use super::dead::{DEAD_LETTERS, DeadLetter};
use crate::store::StoreError;
use intake::time::Timestamp;

/// Longest pause between two attempts while the store is down, and so the longest time until its return is noticed.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// The durable queue of waiting rows. Every call takes effect completely or not at all.
pub trait Queue {
    /// Metadata of the oldest rows, in order.
    ///
    /// # Errors
    /// The message of the storage.
    fn oldest(&self) -> Result<Vec<Waiting>, String>;
    /// The recorded batch, if any.
    ///
    /// # Errors
    /// What the storage says.
    fn recorded(&self) -> Result<Option<Batch>, String>;
    /// Records a batch, replacing the previous one.
    ///
    /// # Errors
    /// What the storage says.
    fn record(&self, batch: &Batch) -> Result<(), String>;
    /// All lines of a batch, in order.
    ///
    /// # Errors
    /// What the storage says.
    fn lines(&self, batch: &Batch) -> Result<Vec<u8>, String>;
    /// Deletes a batch's rows and its record, in one transaction.
    ///
    /// # Errors
    /// What the storage says.
    fn finish(&self, batch: &Batch) -> Result<(), String>;
}

/// The event store.
pub trait Store {
    /// Inserts lines of JSONEachRow into a table. The same token is stored once.
    ///
    /// # Errors
    /// After `Refused` nothing was stored. After any other error it is unknown.
    fn insert(&self, table: &'static str, lines: Vec<u8>, token: &str) -> impl Future<Output = Result<(), StoreError>>;
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flushed {
    /// No due row is left. The newest rows may wait this much longer for others.
    Idle(Option<Duration>),
    /// The run's time is over, and more rows wait.
    More,
    /// The store gave no definite answer; the same lines are sent again later. The reason is for the log and
    /// `/v1/buffer` and never contains the store's message, which may quote an event.
    Doubt(String),
}

/// When a run stops, and how long rows wait for others.
#[derive(Clone, Copy)]
pub struct Pace {
    /// Reads the clock.
    pub now: fn() -> Timestamp,
    /// No new insert begins after this.
    pub until: Timestamp,
    /// How long a row waits for others, to be written together.
    pub gather: Duration,
}

/// Sends batches of the queue's oldest rows to the store. If the store refuses the content of a row, the batch is
/// halved until the row is found. That row becomes a dead letter, and the other rows are stored.
pub async fn flush(queue: &impl Queue, store: &impl Store, origin: &str, pace: Pace) -> Flushed {
    loop {
        let next = match next_batch(queue, pace) {
            Ok(Next::Send(batch)) => batch,
            Ok(Next::Wait(time)) => return Flushed::Idle(time),
            Err(reason) => return Flushed::Doubt(format!("storage: {reason}")),
        };
        match send(queue, store, origin, next, pace).await {
            Ok(true) => {}
            Ok(false) => return Flushed::More,
            Err(reason) => return Flushed::Doubt(reason),
        }
    }
}

/// The pause before the next attempt, after `failures` failed attempts in a row.
pub fn backoff(failures: u32) -> Duration {
    Duration::from_millis(250).saturating_mul(1 << failures.min(16)).min(MAX_PAUSE)
}

enum Next {
    Send(Batch),
    Wait(Option<Duration>),
}

fn next_batch(queue: &impl Queue, pace: Pace) -> Result<Next, String> {
    if let Some(batch) = queue.recorded()? {
        return Ok(Next::Send(batch));
    }
    let waiting = queue.oldest()?;
    let (Some(batch), Some(oldest)) = (compose(&waiting), waiting.first()) else { return Ok(Next::Wait(None)) };
    // Rows that arrived during this run wait for others too; otherwise inserts would be small.
    let waited = (pace.now)().0.saturating_sub(oldest.at.0);
    let rest = pace.gather.saturating_sub(Duration::from_millis(u64::try_from(waited).unwrap_or(0)));
    let full = waiting.iter().map(|row| row.bytes).sum::<u64>() >= MAX_BATCH_BYTES;
    if !rest.is_zero() && !full {
        return Ok(Next::Wait(Some(rest)));
    }
    queue.record(&batch)?;
    Ok(Next::Send(batch))
}

/// Sends the rest of a batch. `false` if the time is over before its end.
async fn send(
    queue: &impl Queue,
    store: &impl Store,
    origin: &str,
    mut batch: Batch,
    pace: Pace,
) -> Result<bool, String> {
    let storage = |reason: String| format!("storage: {reason}");
    loop {
        // Read again for each part: erasure can have emptied lines while the last part was being sent.
        let text = queue.lines(&batch).map_err(storage)?;
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let rest = as_u64(lines.len()).saturating_sub(batch.done);
        if rest == 0 {
            queue.finish(&batch).map_err(storage)?;
            return Ok(true);
        }
        if (pace.now)() >= pace.until {
            return Ok(false);
        }
        batch.size = batch.size.clamp(1, rest);
        let part = lines.get(as_usize(batch.done)..as_usize(batch.done + batch.size)).unwrap_or_default();
        let token = batch.token(origin);
        // Emptied lines (`upkeep::erase`) keep their place in the count, so that the token stays right.
        let filled: Vec<&[u8]> = part.iter().copied().filter(|line| *line != b"\n").collect();
        let sent = if filled.is_empty() { Ok(()) } else { store.insert("events", filled.concat(), &token).await };
        match sent {
            Ok(()) => {
                batch.done += batch.size;
                batch.size *= 2;
            }
            Err(StoreError::Refused { code, message, .. }) if about_rows(&code, &message) => match part {
                [line] => {
                    let line = String::from_utf8_lossy(line);
                    let letter = DeadLetter::new(&line, &token, &code, &message, (pace.now)());
                    let letter = letter.to_line().map_err(|error| error.to_string())?;
                    store
                        .insert(DEAD_LETTERS, letter, &token)
                        .await
                        .map_err(|error| format!("a dead letter was not stored: {}", error.without_words()))?;
                    batch.done += 1;
                }
                _ => batch.size /= 2,
            },
            Err(error) => return Err(error.without_words()),
        }
        // Recorded before the next part is sent, so that the same part is sent again after a restart.
        if batch.done < as_u64(lines.len()) {
            batch.size = batch.size.clamp(1, as_u64(lines.len()) - batch.done);
            queue.record(&batch).map_err(storage)?;
        }
    }
}

/// Whether a refusal is about the rows' content, so that a smaller insert can succeed. An operator can fix everything
/// else (a missing table or column, a right, a setting, a full disk), and the rows wait for that. The codes are from
/// ClickHouse's `ErrorCodes.cpp`.
fn about_rows(code: &str, message: &str) -> bool {
    match code {
        // INCORRECT_DATA is also returned for a column that the table does not have (yet).
        "117" => !message.contains("Unknown field"),
        // CANNOT_PARSE_TEXT, _ESCAPE_SEQUENCE, _QUOTED_STRING, _INPUT_ASSERTION_FAILED, CANNOT_READ_ALL_DATA,
        // CANNOT_PARSE_DATE, _DATETIME, TYPE_MISMATCH, ARGUMENT_OUT_OF_BOUND, CANNOT_CONVERT_TYPE,
        // CANNOT_PARSE_NUMBER, TOO_LARGE_ARRAY_SIZE, TOO_LARGE_STRING_SIZE, CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN,
        // CANNOT_PARSE_UUID, DECIMAL_OVERFLOW, CANNOT_PARSE_BOOL, VIOLATED_CONSTRAINT, UNKNOWN_ELEMENT_OF_ENUM.
        "6" | "25" | "26" | "27" | "33" | "38" | "41" | "53" | "69" | "70" | "72" | "128" | "131" | "349" | "376"
        | "407" | "467" | "469" | "691" => true,
        _ => false,
    }
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn as_usize(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
