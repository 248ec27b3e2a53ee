//! The answer of `POST /v1/batch`.

use std::fmt;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::import::tally::Tally;

/// The results of a batch.
#[derive(Debug)]
pub(super) struct Answer {
    /// The batch's share of the counts.
    pub(super) tally: Tally,
    /// Rejected events: index, error code, reason.
    pub(super) rejected: Vec<(usize, String, String)>,
}

#[derive(Deserialize)]
struct Body {
    accepted: u64,
    #[serde(default)]
    results: Vec<Verdict>,
}

#[derive(Deserialize)]
struct Verdict {
    index: usize,
    status: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    detail: Option<String>,
}

impl Answer {
    /// Reads the body of a 202 to a batch of `events`.
    pub(super) fn read(body: &str, events: usize) -> Result<Self> {
        let body: Body =
            serde_json::from_str(body).context("this is not the answer of a Headwater Worker: check the URL")?;
        let mut tally = Tally { accepted: body.accepted, ..Tally::default() };
        let mut rejected = Vec::new();
        for verdict in body.results {
            let code = verdict.code.unwrap_or_default();
            match verdict.status.as_str() {
                "rejected" => {
                    *tally.rejected.entry(code.clone()).or_default() += 1;
                    rejected.push((verdict.index, code, verdict.detail.unwrap_or_default()));
                }
                "duplicate" => tally.duplicate += 1,
                _ => *tally.changed.entry(code).or_default() += 1,
            }
        }
        let answered = tally.answered();
        ensure!(
            u64::try_from(events).is_ok_and(|events| events == answered),
            "the Worker answered {answered} of {events} events"
        );
        Ok(Self { tally, rejected })
    }
}

/// An error answer in words for people.
#[derive(Debug)]
pub(super) struct Problem {
    status: u16,
    code: String,
    detail: String,
}

impl Problem {
    /// Reads `application/problem+json`; a proxy in between may answer without it.
    pub(super) fn read(status: u16, body: &str) -> Self {
        #[derive(Default, Deserialize)]
        struct Fields {
            #[serde(default)]
            error: String,
            #[serde(default)]
            detail: String,
        }
        let fields: Fields = serde_json::from_str(body).unwrap_or_default();
        Self { status, code: fields.error, detail: fields.detail }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the Worker answered {}", self.status)?;
        for (separator, text) in [(" ", &self.code), (": ", &self.detail)] {
            if !text.is_empty() {
                write!(f, "{separator}{text}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_counted_by_code() {
        let body = r#"{"ok":true,"accepted":3,"results":[
            {"index":1,"event_id":"a","status":"rejected","code":"invalid_payload","detail":"url: is long"},
            {"index":2,"event_id":"b","status":"duplicate"},
            {"index":3,"event_id":"c","status":"accepted","code":"timestamp_replaced"}]}"#;
        let answer = Answer::read(body, 5).unwrap();
        assert_eq!((answer.tally.accepted, answer.tally.duplicate), (3, 1));
        assert_eq!(answer.tally.rejected["invalid_payload"], 1);
        assert_eq!(answer.tally.changed["timestamp_replaced"], 1);
        assert_eq!(answer.rejected, [(1, "invalid_payload".to_owned(), "url: is long".to_owned())]);
    }

    #[test]
    fn an_answer_that_leaves_events_out_is_none() {
        assert!(Answer::read(r#"{"ok":true,"accepted":3}"#, 4).unwrap_err().to_string().contains("3 of 4"));
        assert!(Answer::read("<html>", 4).unwrap_err().to_string().contains("URL"));
    }

    #[test]
    fn a_problem_shows_what_it_knows() {
        let known = Problem::read(401, r#"{"error":"invalid_api_key","detail":"the key is unknown"}"#);
        assert_eq!(known.to_string(), "the Worker answered 401 invalid_api_key: the key is unknown");
        assert_eq!(Problem::read(502, "<html>").to_string(), "the Worker answered 502");
    }
}
