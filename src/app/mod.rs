//! The way of a request: route → auth → ingest or query → store. Knows the stores, and of the runtime
//! nothing but what [`Runtime`] and [`Inbound`] bring.

mod authenticate;
mod batch;
mod cors;
mod days;
mod deadline;
mod health;
mod inbound;
mod ingest;
mod read;
mod routes;
mod stats;
mod track;

use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use crate::auth::KeyCache;
use crate::config::Config;
use crate::error::{ApiError, ErrorCode};
use crate::time::Timestamp;

use days::Days;
use deadline::Deadline;
use routes::Handler;

pub use inbound::{BodyError, Inbound, Reply};
pub use routes::{ROUTES, Route};

/// Clock, randomness, timer and log, which only a runtime has.
#[derive(Clone, Copy)]
pub struct Runtime {
    /// Reads the clock.
    pub now: fn() -> Timestamp,
    /// Fills 16 secure random bytes; `None` where the system has none to give.
    pub random: fn() -> Option<[u8; 16]>,
    /// Lets time pass.
    pub sleep: fn(Duration) -> Pin<Box<dyn Future<Output = ()>>>,
    /// Writes a line to the log.
    pub log: fn(&str),
}

/// One instance: its configuration and what it has learnt.
pub struct App {
    config: Result<Config, Vec<&'static str>>,
    runtime: Runtime,
    keys: Mutex<KeyCache>,
    lookups: Mutex<usize>,
    days: Mutex<Days>,
}

impl App {
    /// An instance over its settings, or over the names of those that are missing.
    pub fn new(config: Result<Config, Vec<&'static str>>, runtime: Runtime) -> Self {
        Self { config, runtime, keys: Mutex::default(), lookups: Mutex::default(), days: Mutex::default() }
    }

    /// Answers a request. Never fails: every error has become an answer.
    pub async fn handle(&self, request: &mut impl Inbound) -> Reply {
        let request_id = self.request_id();
        let mut reply = match self.dispatch(request).await {
            Ok(reply) => reply,
            Err(error) => self.refuse(&error, &request_id),
        };
        reply.headers.push(("x-request-id", request_id.into()));
        cors::open(&mut reply, request.header("origin"));
        if request.method() == "HEAD" {
            reply.body.clear();
        }
        reply
    }

    async fn dispatch(&self, request: &mut impl Inbound) -> Result<Reply, ApiError> {
        if request.method() == "OPTIONS" {
            return cors::preflight(request);
        }
        let route = routes::resolve(request.method(), request.path())?;
        let deadline = Deadline::start(self.runtime.now);
        let caller = match route.access {
            Some(access) => Some(self.authenticate(request, access, &deadline).await?),
            None => None,
        };
        match (route.handler, caller) {
            (Handler::Health, _) => Ok(health::health()),
            (Handler::Ready, _) => Ok(self.ready().await),
            (Handler::Track, Some(caller)) => self.track(request, &caller, &deadline).await,
            (Handler::Batch, Some(caller)) => self.batch(request, &caller, &deadline).await,
            (Handler::Stats, Some(caller)) => self.stats(request, &caller).await,
            (Handler::Track | Handler::Batch | Handler::Stats, None) => {
                Err(ApiError::new(ErrorCode::InternalError, "this route was left without a key check"))
            }
        }
    }

    fn refuse(&self, error: &ApiError, request_id: &str) -> Reply {
        if error.code.status() >= 500 {
            (self.runtime.log)(&error.to_log(request_id));
        }
        let mut reply = Reply {
            status: error.code.status(),
            headers: vec![("content-type", "application/problem+json".into()), ("cache-control", "no-store".into())],
            body: error.to_problem(request_id).into_bytes(),
        };
        if let Some(seconds) = error.retry_after {
            reply = reply.header("retry-after", seconds.to_string());
        }
        if let Some(allow) = &error.allow {
            reply = reply.header("allow", allow.clone());
        }
        if reply.status == 401 {
            reply = reply.header("www-authenticate", "Bearer");
        }
        reply
    }

    fn config(&self) -> Result<&Config, ApiError> {
        self.config.as_ref().map_err(|missing| {
            ApiError::new(ErrorCode::InternalError, "the Worker is not configured; GET /ready names what is missing")
                .because(missing.join(", "))
        })
    }

    fn request_id(&self) -> String {
        let random = (self.runtime.random)().unwrap_or_default();
        format!("req_{}", crate::hex::encode(&random))
    }

    /// A fresh UUIDv7 at `now`.
    fn event_id(&self, now: Timestamp) -> uuid::Uuid {
        let random = (self.runtime.random)().unwrap_or_default();
        let mut tail = [0; 10];
        for (slot, byte) in tail.iter_mut().zip(random) {
            *slot = byte;
        }
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.0).unwrap_or(0), &tail).into_uuid()
    }
}

/// A mutex whose holder panicked still holds sound data here: every critical section is a few plain
/// assignments, and on Workers a panic resets the instance anyway.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
