//! `GET /health`: the process is alive. `GET /ready`: it can do its work.

use std::time::Duration;

use futures_util::future::join3;
use serde_json::{Map, Value, json};

use super::inbound::Reply;
use super::root::{COMMIT, VERSION};
use super::{App, Depth};
use crate::buffer::{Shard, continents};
use crate::config::Sink;
use intake::error::ApiError;

/// Longest that a dependency may take to show that it is there.
const CHECK: Duration = Duration::from_secs(2);

/// The process is alive; of which version.
pub(super) fn health() -> Result<Reply, ApiError> {
    let answer = json!({ "status": "ok", "version": VERSION, "commit": COMMIT });
    Ok(Reply::of(200, &answer)?.header("cache-control", "no-store"))
}

impl App {
    /// 200 where every dependency answers, else 503; what is wrong is named, not described.
    pub(super) async fn ready(&self, continent: &str) -> Reply {
        let mut checks = Map::new();
        let mut missing: &[&str] = &[];
        let mut waiting = None;
        match &self.config {
            Err(names) => {
                missing = names;
                checks.insert("config".to_owned(), "missing".into());
            }
            Ok(config) => {
                let today = (self.runtime.now)().day().to_iso();
                let shards = (config.sink == Sink::Buffer).then(|| Shard::all_of(continent, config.buffer.shards));
                let (events, control_plane, depths) = join3(
                    config.clickhouse.ping(CHECK),
                    config.control_plane.call("day_keys", json!({ "days": [today] }).to_string(), CHECK),
                    self.depths(shards.into_iter().flatten(), CHECK),
                )
                .await;
                if config.sink == Sink::Buffer {
                    let failed = depths.iter().find_map(|(_, depth)| depth.as_ref().err());
                    checks.insert("buffer".to_owned(), if failed.is_none() { "ok" } else { "unavailable" }.into());
                    if let Some(reason) = failed {
                        (self.runtime.log)(&format!("not ready: buffer: {reason}"));
                    }
                    waiting = Some(self.summary(&depths));
                }
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
        let mut body = json!({
            "status": if ready { "ready" } else { "not_ready" }, "checks": Value::Object(checks),
            "version": VERSION, "commit": COMMIT,
        });
        if !missing.is_empty() {
            body["missing"] = json!(missing);
        }
        if let Some(waiting) = waiting {
            body["buffer"] = waiting;
        }
        Reply::json(if ready { 200 } else { 503 }, body.to_string()).header("cache-control", "no-store")
    }

    /// `GET /v1/buffer`: every object of the buffer that holds something or has trouble.
    pub(super) async fn buffer(&self) -> Result<Reply, ApiError> {
        let config = self.config()?;
        let shards = continents().flat_map(|continent| Shard::all_of(continent, config.buffer.shards));
        let depths = if config.sink == Sink::Buffer { self.depths(shards, CHECK).await } else { Vec::new() };
        let mut body = self.summary(&depths);
        let objects = depths.iter().filter_map(|(shard, depth)| match depth {
            Ok(depth) if *depth == Depth::default() => None,
            Ok(depth) => Some(json!({
                "shard": shard.to_string(), "events": depth.events, "bytes": depth.bytes,
                "oldest_age_s": self.age(depth), "failures": depth.failures, "problem": depth.problem,
            })),
            Err(_) => Some(json!({ "shard": shard.to_string(), "problem": "the object does not answer" })),
        });
        body["sink"] = if config.sink == Sink::Buffer { "buffer" } else { "direct" }.into();
        body["objects"] = objects.collect();
        Reply::of(200, &body).map(|reply| reply.header("cache-control", "no-store"))
    }

    /// How much waits in these objects together, and for how long.
    fn summary(&self, depths: &[(Shard, Result<Depth, String>)]) -> Value {
        let known = || depths.iter().filter_map(|(_, depth)| depth.as_ref().ok());
        json!({
            "events": known().map(|depth| depth.events).sum::<u64>(),
            "bytes": known().map(|depth| depth.bytes).sum::<u64>(),
            "oldest_age_s": known().filter_map(|depth| self.age(depth)).max(),
        })
    }

    /// Seconds for which the oldest has waited.
    fn age(&self, depth: &Depth) -> Option<i64> {
        depth.oldest_at.map(|at| ((self.runtime.now)().0 - at).max(0) / 1000)
    }
}
