//! `GET /health`: the process is alive. `GET /ready`: it can do its work.

use std::time::Duration;

use futures_util::future::join;
use serde_json::{Map, Value, json};

use super::App;
use super::inbound::Reply;

/// Longest that a dependency may take to show that it is there.
const CHECK: Duration = Duration::from_secs(2);

pub(super) fn health() -> Reply {
    Reply::json(200, r#"{"status":"ok"}"#).header("cache-control", "no-store")
}

impl App {
    /// 200 where every dependency answers, else 503; what is wrong is named, not described.
    pub(super) async fn ready(&self) -> Reply {
        let mut checks = Map::new();
        let mut missing: &[&str] = &[];
        match &self.config {
            Err(names) => {
                missing = names;
                checks.insert("config".to_owned(), "missing".into());
            }
            Ok(config) => {
                let today = (self.runtime.now)().day().to_iso();
                let (events, control_plane) = join(
                    config.clickhouse.ping(CHECK),
                    config.control_plane.call("day_keys", json!({ "days": [today] }).to_string(), CHECK),
                )
                .await;
                checks.insert("config".to_owned(), "ok".into());
                let checked = [("event_store", events.err()), ("control_plane", control_plane.err())];
                for (name, error) in checked {
                    let state = if error.is_none() { "ok" } else { "unavailable" };
                    checks.insert(name.to_owned(), state.into());
                    if let Some(error) = error {
                        (self.runtime.log)(&format!("not ready: {name}: {error:?}"));
                    }
                }
            }
        }
        let ready = checks.values().all(|state| state == "ok");
        let mut body = json!({ "status": if ready { "ready" } else { "not_ready" }, "checks": Value::Object(checks) });
        if !missing.is_empty() {
            body["missing"] = json!(missing);
        }
        Reply::json(if ready { 200 } else { 503 }, body.to_string()).header("cache-control", "no-store")
    }
}
