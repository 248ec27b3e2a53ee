//! `GET /health`: the process is alive. `GET /ready`: it can do its work.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join3;
use serde::Serialize;
use serde_json::json;

use super::inbound::Reply;
use super::root::{COMMIT, VERSION};
use super::{App, Depth};
use crate::buffer::{Shard, continents};
use crate::config::Sink;
use intake::error::ApiError;

/// Longest that a dependency may take to show that it is there.
const CHECK: Duration = Duration::from_secs(2);

/// The process is alive.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Health {
    #[cfg_attr(test, schemars(extend("const" = "ok")))]
    status: &'static str,
    /// Version of the Worker.
    version: &'static str,
    /// The commit it was built from, 12 digits; `unknown` if not known.
    commit: &'static str,
}

/// Whether the process can do its work.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Ready {
    status: Readiness,
    /// The state of each dependency.
    checks: BTreeMap<&'static str, State>,
    /// Settings that are missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Waiting"))]
    buffer: Option<Waiting>,
    /// Version of the Worker.
    version: &'static str,
    /// The commit it was built from, 12 digits; `unknown` if not known.
    commit: &'static str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "snake_case")]
enum Readiness {
    Ready,
    NotReady,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Missing,
    Unavailable,
}

impl State {
    fn of<T, E>(result: &Result<T, E>) -> Self {
        if result.is_ok() { Self::Ok } else { Self::Unavailable }
    }
}

/// What waits for the event store.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Waiting {
    /// Events that wait.
    events: u64,
    /// Size of their rows.
    bytes: u64,
    /// Seconds for which the oldest has waited.
    oldest_age_s: Option<u64>,
}

/// How much waits for the event store, and why.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Buffer"))]
pub(crate) struct Overview {
    #[serde(flatten)]
    waiting: Waiting,
    #[cfg_attr(test, schemars(extend("enum" = ["buffer", "direct"])))]
    sink: &'static str,
    objects: Vec<BufferObject>,
}

/// An object that holds something or has trouble.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BufferObject {
    shard: String,
    #[serde(flatten)]
    waiting: Option<Waiting>,
    /// Attempts that failed since the last success.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "u32"))]
    failures: Option<u32>,
    /// What the last failure was.
    problem: Option<String>,
}

pub(super) fn health() -> Result<Reply, ApiError> {
    let answer = Health { status: "ok", version: VERSION, commit: COMMIT };
    Ok(Reply::of(200, &answer)?.header("cache-control", "no-store"))
}

impl App {
    /// 200 where every dependency answers, else 503; what is wrong is named, not described.
    pub(super) async fn ready(&self, continent: &str) -> Result<Reply, ApiError> {
        let mut checks = BTreeMap::new();
        let mut missing = Vec::new();
        let mut buffer = None;
        match &self.config {
            Err(names) => {
                missing.clone_from(names);
                checks.insert("config", State::Missing);
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
                    checks.insert("buffer", if failed.is_none() { State::Ok } else { State::Unavailable });
                    if let Some(reason) = failed {
                        (self.runtime.log)(&format!("not ready: buffer: {reason}"));
                    }
                    buffer = Some(self.summary(&depths));
                }
                checks.insert("config", State::Ok);
                checks.insert("event_store", State::of(&events));
                checks.insert("control_plane", State::of(&control_plane));
                for (name, error) in [("event_store", events.err()), ("control_plane", control_plane.err())] {
                    if let Some(error) = error {
                        (self.runtime.log)(&format!("not ready: {name}: {error:?}"));
                    }
                }
            }
        }
        let ready = checks.values().all(|state| *state == State::Ok);
        let status = if ready { Readiness::Ready } else { Readiness::NotReady };
        let answer = Ready { status, checks, missing, buffer, version: VERSION, commit: COMMIT };
        Ok(Reply::of(if ready { 200 } else { 503 }, &answer)?.header("cache-control", "no-store"))
    }

    /// `GET /v1/buffer`: every object of the buffer that holds something or has trouble.
    pub(super) async fn buffer(&self) -> Result<Reply, ApiError> {
        let config = self.config()?;
        let shards = continents().flat_map(|continent| Shard::all_of(continent, config.buffer.shards));
        let depths = if config.sink == Sink::Buffer { self.depths(shards, CHECK).await } else { Vec::new() };
        let objects = depths.iter().filter_map(|(shard, depth)| match depth {
            Ok(depth) if *depth == Depth::default() => None,
            Ok(depth) => Some(BufferObject {
                shard: shard.to_string(),
                waiting: Some(self.waiting_in(std::iter::once(depth))),
                failures: Some(depth.failures),
                problem: depth.problem.clone(),
            }),
            Err(_) => Some(BufferObject {
                shard: shard.to_string(),
                waiting: None,
                failures: None,
                problem: Some("the object does not answer".to_owned()),
            }),
        });
        let answer = Overview {
            waiting: self.summary(&depths),
            sink: if config.sink == Sink::Buffer { "buffer" } else { "direct" },
            objects: objects.collect(),
        };
        Ok(Reply::of(200, &answer)?.header("cache-control", "no-store"))
    }

    /// How much waits in these objects together, and for how long.
    fn summary(&self, depths: &[(Shard, Result<Depth, String>)]) -> Waiting {
        self.waiting_in(depths.iter().filter_map(|(_, depth)| depth.as_ref().ok()))
    }

    fn waiting_in<'a>(&self, depths: impl Iterator<Item = &'a Depth> + Clone) -> Waiting {
        let now = (self.runtime.now)();
        let oldest_at = depths.clone().filter_map(|depth| depth.oldest_at).min();
        Waiting {
            events: depths.clone().map(|depth| depth.events).sum(),
            bytes: depths.map(|depth| depth.bytes).sum(),
            oldest_age_s: oldest_at.map(|at| u64::try_from((now.0 - at) / 1000).unwrap_or(0)),
        }
    }
}
