//! Sends batches, each until it is answered for or cannot be.

mod answer;
mod backoff;

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Error, Result, anyhow};

use super::batch::Batch;
use super::message::Message;
use super::target::Target;
use answer::{Answer, Problem};
use backoff::Backoff;

/// Longest wait for the answer to one request.
const PATIENCE: Duration = Duration::from_mins(1);
/// Tries of a batch that the limit may turn away before it is said.
const PATIENT_TRIES: u32 = 2;
/// Refused lines that one batch shows; the rest is only counted.
const SHOWN: usize = 3;

/// Takes batches from a queue that several share.
pub(crate) struct Courier {
    target: Arc<Target>,
    agent: ureq::Agent,
    batches: Arc<Mutex<Receiver<Batch>>>,
    messages: Sender<Message>,
}

/// What one request came to.
enum Outcome {
    Answered(Answer),
    /// Worth another try: why, and after what time if the other side says so.
    Again(Error, Option<Duration>),
    /// Too fast for the project's limit, which is nothing to talk about unless it lasts.
    Slower(Error, Option<Duration>),
    /// No other try would end differently.
    Refused(Error),
}

impl Courier {
    /// A courier to `target`.
    pub(crate) fn new(target: Arc<Target>, batches: Arc<Mutex<Receiver<Batch>>>, messages: Sender<Message>) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A redirected POST would go on as a GET.
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        Self { target, agent, batches, messages }
    }

    /// Sends until the queue ends or a batch cannot be sent.
    pub(crate) fn run(self) {
        loop {
            // The lock is held while waiting: the others would wait as well.
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
                return Err(error.context(format!("given up after {} tries", backoff.tries())));
            };
            if !quiet {
                let _ = self.messages.send(Message::Retrying(format!("{error:#}"), wait.as_secs_f64()));
            }
            thread::sleep(wait);
        }
    }

    fn attempt(&self, batch: &Batch) -> Outcome {
        let sent = self
            .agent
            .post(format!("{}/v1/batch", self.target.url))
            .header("authorization", format!("Bearer {}", self.target.key))
            .header("content-type", "application/json")
            .send(batch.body.as_slice());
        let mut response = match sent.with_context(|| format!("{} does not answer", self.target.url)) {
            Ok(response) => response,
            Err(error) => return Outcome::Again(error, None),
        };
        let status = response.status().as_u16();
        let asked = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let asked = asked.and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
        let body = match response.body_mut().read_to_string().context("the answer breaks off") {
            Ok(body) => body,
            Err(error) => return Outcome::Again(error, None),
        };
        match status {
            200..=299 => match Answer::read(&body, batch.lines.len()) {
                Ok(answer) => Outcome::Answered(answer),
                Err(error) => Outcome::Refused(error),
            },
            429 => Outcome::Slower(anyhow!("{}", Problem::read(status, &body)), asked),
            408 | 425 | 500..=599 => Outcome::Again(anyhow!("{}", Problem::read(status, &body)), asked),
            _ => Outcome::Refused(anyhow!("{}", Problem::read(status, &body))),
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
