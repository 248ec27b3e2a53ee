//! Sends batches, with retries.

mod answer;
mod backoff;

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Error, Result, anyhow};

use super::batch::Batch;
use super::message::Message;
use super::target::Target;
use crate::http::Worker;
use answer::{Answer, Problem};
use backoff::Backoff;

/// Time limit of one request.
const PATIENCE: Duration = Duration::from_mins(1);
/// Attempts that a rate limit may reject before it is reported.
const PATIENT_TRIES: u32 = 2;
/// Rejected lines shown per batch; the rest is only counted.
const SHOWN: usize = 3;

/// Takes batches from a shared queue and sends them.
pub(crate) struct Courier {
    target: Arc<Target>,
    worker: Worker,
    batches: Arc<Mutex<Receiver<Batch>>>,
    messages: Sender<Message>,
}

/// The outcome of one request.
enum Outcome {
    Answered(Answer),
    /// Worth a retry: why, and after what time if the server says so.
    Again(Error, Option<Duration>),
    /// Rejected by the project's rate limit; reported only if it lasts.
    Slower(Error, Option<Duration>),
    /// A retry would not help.
    Refused(Error),
}

impl Courier {
    /// A courier to `target`.
    pub(crate) fn new(
        target: Arc<Target>,
        batches: Arc<Mutex<Receiver<Batch>>>,
        messages: Sender<Message>,
    ) -> Result<Self> {
        let worker = Worker::new(&target.url, PATIENCE)?;
        Ok(Self { target, worker, batches, messages })
    }

    /// Sends until the queue ends or a batch fails for good.
    pub(crate) fn run(self) {
        loop {
            // The lock is held while waiting: the others would wait too.
            let Ok(Ok(batch)) = self.batches.lock().map(|batches| batches.recv()) else { return };
            match self.send(&batch) {
                Ok(answer) => self.report(answer, &batch),
                Err(error) => {
                    let _ = self.messages.send(Message::SendFailed(error));
                    return;
                }
            }
        }
    }

    fn send(&self, batch: &Batch) -> Result<Answer> {
        let mut backoff = Backoff::default();
        loop {
            let (error, asked, quiet) = match self.attempt(batch) {
                Outcome::Answered(answer) => return Ok(answer),
                Outcome::Refused(error) => return Err(error),
                Outcome::Again(error, asked) => (error, asked, false),
                Outcome::Slower(error, asked) => (error, asked, backoff.tries() < PATIENT_TRIES),
            };
            let Some(wait) = backoff.next(asked) else {
                return Err(error.context(format!("gave up after {} attempts", backoff.tries())));
            };
            if !quiet {
                let _ = self.messages.send(Message::Retrying(format!("{error:#}"), wait.as_secs_f64()));
            }
            thread::sleep(wait);
        }
    }

    fn attempt(&self, batch: &Batch) -> Outcome {
        let answer = match self.worker.import("/v1/batch", &self.target.key, batch.body.clone()) {
            Ok(answer) => answer,
            Err(error) => return Outcome::Again(error, None),
        };
        let problem = || anyhow!("{}", Problem::read(answer.status, &answer.body));
        match answer.status {
            200..=299 => match Answer::read(&answer.body, batch.lines.len()) {
                Ok(answer) => Outcome::Answered(answer),
                Err(error) => Outcome::Refused(error),
            },
            429 => Outcome::Slower(problem(), answer.retry_after),
            408 | 425 | 500..=599 => Outcome::Again(problem(), answer.retry_after),
            _ => Outcome::Refused(problem()),
        }
    }

    fn report(&self, answer: Answer, batch: &Batch) {
        for (index, code, detail) in answer.rejected.into_iter().take(SHOWN) {
            let line = batch.lines.get(index).copied().unwrap_or_default();
            let _ = self.messages.send(Message::RefusedLine(line, code, detail));
        }
        let _ = self.messages.send(Message::Counted(answer.tally));
    }
}
