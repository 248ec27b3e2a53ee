//! One attempt of one request, and its result.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::ledger::{Ledger, Outcome, Try};

/// Time limit for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the client knows after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// All events of the request are stored.
    Acknowledged,
    /// The request may be repeated, after this time if the answer has `Retry-After`.
    Later(Option<Duration>),
    /// No answer, or an incomplete one: the result is unknown.
    None,
}

/// A request's path and body.
pub(super) struct Body {
    pub(super) path: &'static str,
    pub(super) json: String,
    pub(super) events: usize,
}

/// Sends requests.
pub(super) struct Sender {
    agent: ureq::Agent,
    url: String,
    authorization: String,
}

impl Sender {
    pub(super) fn new(url: &str, key: &str) -> Self {
        Self { agent: agent(), url: url.to_owned(), authorization: format!("Bearer {key}") }
    }

    /// A sender with its own connections.
    pub(super) fn another(&self) -> Self {
        Self { agent: agent(), url: self.url.clone(), authorization: self.authorization.clone() }
    }

    /// Sends a request once and records the result. `phase` is the current outage.
    ///
    /// # Errors
    /// If no outage explains the answer.
    pub(super) fn try_once(
        &self,
        body: &Body,
        phase: usize,
        patience: Option<Duration>,
        ledger: &mut Ledger,
    ) -> Result<Answer> {
        let begun = Instant::now();
        let exchanged = self.exchange(body, patience.unwrap_or(PATIENCE));
        let took = begun.elapsed();
        let (outcome, answer) = match exchanged {
            Err(_) => (Outcome::Nothing, Answer::None),
            Ok((status, after, text)) => match status {
                200..=299 => {
                    all_accepted(body, &text)?;
                    (Outcome::Accepted, Answer::Acknowledged)
                }
                503 => (Outcome::Unavailable, Answer::Later(after)),
                429 | 500..=599 => (Outcome::Other, Answer::Later(after)),
                _ => bail!("{} answered {status}: {text}", body.path),
            },
        };
        ledger.tries.push(Try { phase, outcome, took });
        Ok(answer)
    }

    fn exchange(&self, body: &Body, patience: Duration) -> Result<(u16, Option<Duration>, String)> {
        let request = self
            .agent
            .post(format!("{}{}", self.url, body.path))
            .header("authorization", &self.authorization)
            .header("content-type", "application/json")
            .config()
            .timeout_global(Some(patience))
            .build();
        let mut answer = request.send(&body.json)?;
        let after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let text = answer.body_mut().read_to_string()?;
        Ok((answer.status().as_u16(), after.map(Duration::from_secs), text))
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// A 202 for a batch may reject events. Here that is an error, because all events are valid.
fn all_accepted(body: &Body, text: &str) -> Result<()> {
    let answer: Value = serde_json::from_str(text).with_context(|| format!("{} answered {text}", body.path))?;
    let accepted = answer["accepted"].as_u64().unwrap_or(u64::from(answer["ok"] == true));
    ensure!(accepted == body.events as u64, "{} accepted {accepted} of {} events: {text}", body.path, body.events);
    Ok(())
}

/// The time in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a client's own clock")]
pub(super) fn now() -> i64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
