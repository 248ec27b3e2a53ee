//! The Worker: ready, and how much waits in its buffer.

use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::deployment::Deployment;
use super::report::Finding;
use crate::http::{Answer, Worker};

const READY: &str = "worker";
const BUFFER: &str = "buffer";

const LIMIT: Duration = Duration::from_secs(15);
/// Age in seconds of the oldest event in the buffer from which it is reported. Usually it is below one.
const NOTABLE_S: i64 = 60;
/// From this age on, ClickHouse is certainly not accepting the events.
const STUCK_S: i64 = 600;

/// All checks of the Worker.
pub(super) fn all(deployment: &Deployment) -> Result<Vec<Finding>> {
    let Some(url) = &deployment.worker_url else {
        return Ok(vec![Finding::skipped(READY, "not checked: give its address with --worker-url")]);
    };
    let worker = Worker::new(url, LIMIT)?;
    Ok(match worker.get("/ready") {
        Ok(answer) => judge(&answer),
        Err(error) => vec![Finding::failed(READY, format!("{error:#}"), "check --worker-url, and deploy the Worker")],
    })
}

fn judge(answer: &Answer) -> Vec<Finding> {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let Some(checks) = body["checks"].as_object() else {
        let message = format!("its /ready answered {} without the checks of a Headwater Worker", answer.status);
        return vec![Finding::failed(READY, message, "check --worker-url")];
    };
    let failed: Vec<&str> = checks.iter().filter(|(_, state)| *state != "ok").map(|(name, _)| name.as_str()).collect();
    let missing: Vec<&str> = body["missing"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let ready = if failed.is_empty() {
        Finding::ok(READY, "ready")
    } else if missing.is_empty() {
        let message = format!("not ready: {}", failed.join(", "));
        Finding::failed(READY, message, "see `npx wrangler tail` for the reason; its settings may differ from these")
    } else {
        let message = format!("not ready: it lacks {}", missing.join(", "));
        Finding::failed(READY, message, "set them in wrangler.toml or with `npx wrangler secret put`, and deploy")
    };
    vec![ready, buffer(&body["buffer"])]
}

fn buffer(buffer: &Value) -> Finding {
    let Some(events) = buffer["events"].as_u64() else {
        return Finding::skipped(BUFFER, "the Worker has no buffer (INGEST_SINK=direct), or it is not ready");
    };
    let age = buffer["oldest_age_s"].as_i64().unwrap_or(0);
    if events == 0 {
        return Finding::ok(BUFFER, "empty");
    }
    let message = format!("{events} events wait, the oldest for {age} s");
    let fix = "events wait while ClickHouse does not accept them: repair that first. GET /v1/buffer names the problem";
    match age {
        STUCK_S.. => Finding::failed(BUFFER, message, fix),
        NOTABLE_S.. => Finding::warning(BUFFER, message, fix),
        _ => Finding::ok(BUFFER, message),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::report::Status;
    use super::*;

    fn judged(status: u16, body: &str) -> Vec<(Status, String)> {
        let answer = Answer { status, retry_after: None, body: body.to_owned() };
        judge(&answer).into_iter().map(|finding| (finding.status, finding.message)).collect()
    }

    #[test]
    fn what_is_not_ready_is_named() {
        let ready = judged(200, r#"{"checks":{"config":"ok"},"buffer":{"events":0}}"#);
        assert_eq!(ready, [(Status::Ok, "ready".to_owned()), (Status::Ok, "empty".to_owned())]);
        let down = judged(503, r#"{"checks":{"config":"ok","event_store":"unavailable"}}"#);
        assert_eq!(down[0], (Status::Failed, "not ready: event_store".to_owned()));
        let unset = judged(503, r#"{"checks":{"config":"missing"},"missing":["KEY_PEPPER"]}"#);
        assert_eq!(unset[0], (Status::Failed, "not ready: it lacks KEY_PEPPER".to_owned()));
        assert_eq!(judged(404, "<html>")[0].0, Status::Failed);
    }

    #[test]
    fn a_buffer_is_judged_by_the_age_of_what_waits() {
        for (age, status) in [(0, Status::Ok), (60, Status::Warning), (600, Status::Failed)] {
            assert_eq!(buffer(&json!({ "events": 3, "oldest_age_s": age })).status, status);
        }
        assert_eq!(buffer(&Value::Null).status, Status::Skipped);
    }
}
