//! `GET /v1/stats`: aggregates.

use serde::Serialize;
use serde_json::value::RawValue;

use super::App;
use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::limits::tell;
use crate::error::ApiError;
use crate::query::{Query, Scope, build, parse};
use crate::store::StoreError;

#[derive(Serialize)]
struct Answer<'a> {
    metrics: Vec<&'static str>,
    dimensions: Vec<&'static str>,
    rows: Vec<&'a RawValue>,
    meta: Meta,
}

#[derive(Serialize)]
struct Meta {
    from: String,
    to: String,
    timezone: &'static str,
    /// Whether there are more rows than the limit.
    truncated: bool,
}

impl App {
    pub(super) async fn stats(&self, request: &impl Inbound, caller: &Caller) -> Result<Reply, ApiError> {
        let now = (self.runtime.now)();
        let left = self.admit_question(caller, now).await?;
        let query = parse(request.query(), now)?;
        let project_id = self.project_of(caller, query.project.as_deref()).await?;
        let statement = build(&query, &Scope { project_id: &project_id, env: caller.record.env });
        let lines = self.read(statement).await?;
        let body = shape(&query, &lines).map_err(|reason| StoreError::Unusable(reason).events())?;
        let reply = Reply::json(200, body).header("cache-control", "private, no-store");
        Ok(match left {
            Some(left) => tell(reply, "questions", left),
            None => reply,
        })
    }
}

/// The store's lines as an answer; the rows themselves are passed on as they are.
fn shape(query: &Query, lines: &[u8]) -> Result<String, String> {
    let text = str::from_utf8(lines).map_err(|error| error.to_string())?;
    let mut rows = text
        .lines()
        .map(serde_json::from_str::<&RawValue>)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let truncated = rows.len() > limit;
    rows.truncate(limit);
    let mut dimensions: Vec<&'static str> = query.interval.iter().map(|_| "time").collect();
    dimensions.extend(query.group_by.iter().map(|dimension| dimension.as_str()));
    let answer = Answer {
        metrics: query.metrics.iter().map(|metric| metric.as_str()).collect(),
        dimensions,
        rows,
        meta: Meta { from: query.from.to_iso(), to: query.to.to_iso(), timezone: "UTC", truncated },
    };
    serde_json::to_string(&answer).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_cut_answer_says_so() {
        let query = parse("limit=1&group_by=source", Timestamp(1_795_255_200_000)).unwrap();
        let body = shape(&query, b"{\"source\":\"a\",\"events\":2}\n{\"source\":\"b\",\"events\":1}\n").unwrap();
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer["rows"], serde_json::json!([{"source": "a", "events": 2}]));
        assert_eq!(answer["meta"]["truncated"], true);
        assert!(shape(&query, b"Code: 241. DB::Exception").is_err());
    }
}
