//! The way of a request: route → authentication → admission → handler → store. Knows the stores, and of the runtime
//! nothing but what [`Runtime`] and [`Inbound`] bring.

mod access;
mod after;
mod authenticate;
mod batch;
mod body;
#[cfg(test)]
mod control_json;
mod cors;
mod cron;
mod days;
mod deadline;
mod document;
mod due;
mod expire;
mod expire_report;
mod export;
mod forget;
mod forget_run;
mod health;
mod identify;
mod in_flight;
mod inbound;
mod ingest;
mod limits;
mod manage;
mod mcp;
mod people;
mod principal;
mod read;
mod report;
mod rollups;
mod root;
mod router;
mod routes;
mod segments;
mod signing;
mod sink;
mod tools;
mod tools_account;
mod track;
mod whereabouts;

use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use crate::auth::KeyCache;
use crate::buffer::Shard;
use crate::config::{Buffering, Config};
use crate::store::{ClickHouse, StoreError};
use intake::error::{ApiError, ErrorCode};
use intake::ingest::Parcel;
use intake::time::Timestamp;
use upkeep::erase::{Found, Inquiry};

use after::Touched;
use days::Days;
use deadline::Deadline;
use limits::Limits;
use router::Matched;
use routes::Endpoint;
use signing::SigningKeys;

pub use after::After;
pub use export::Download;
pub use inbound::{BODY_TIMEOUT, Body, BodyError, Inbound, Place, Reply, Stream};
pub use routes::{ROUTES, Route};
pub use signing::SignatureCheck;
pub use sink::{AppendError, Depth};

/// The types of bodies and answers, for the documentation.
#[cfg(test)]
pub(crate) mod documented {
    pub(crate) use super::batch::Answer as Batch;
    pub(crate) use super::control_json::*;
    pub(crate) use super::expire_report::Report as RetentionRun;
    pub(crate) use super::forget::{Asked, ForgetAccepted};
    pub(crate) use super::health::{Health, Overview, Ready};
    pub(crate) use super::manage::Rotation;
    pub(crate) use super::root::Root;
    pub(crate) use super::track::Acknowledged;
}

/// Largest event, batch and question in bytes, for the documentation.
#[cfg(test)]
pub(crate) const MAX_EVENT_BODY: usize = body::EVENT.max;
#[cfg(test)]
pub(crate) const MAX_BATCH_BODY: usize = body::BATCH.max;
#[cfg(test)]
pub(crate) const MAX_QUESTION_BODY: usize = body::QUESTION.max;

/// Work that a runtime does, as a future without a lifetime.
pub type Pending<T> = Pin<Box<dyn Future<Output = T>>>;

/// Clock, randomness, timer, regular expressions and log, which only a runtime has.
#[derive(Clone, Copy)]
pub struct Runtime {
    /// Reads the clock.
    pub now: fn() -> Timestamp,
    /// Fills 16 secure random bytes; `None` where the system has none to give.
    pub random: fn() -> Option<[u8; 16]>,
    /// Lets time pass.
    pub sleep: fn(Duration) -> Pending<()>,
    /// Checks a signature with a public key (ES256, RS256).
    pub verify: fn(SignatureCheck) -> Pending<bool>,
    /// Asks the limiter of this name, which holds across instances: whether this key may go on. Where none
    /// is configured, or it gives no answer, it may.
    pub shared_limit: fn(&'static str, String) -> Pending<bool>,
    /// Whether isbot's pattern finds a bot in a user agent.
    pub is_bot: fn(&str) -> bool,
    /// Offset in minutes of a time zone at an instant; `None` where there is no such zone.
    pub offset_at: fn(&str, Timestamp) -> Option<i32>,
    /// Asks the store for what is handed on as it comes.
    pub export: fn(Download) -> Pending<Result<Stream, StoreError>>,
    /// The buffer's objects.
    pub buffer: Buffers,
    /// Writes a line to the log.
    pub log: fn(&str),
}

/// The objects in which events wait for the store.
#[derive(Clone, Copy)]
pub struct Buffers {
    /// Stores a parcel durably.
    pub append: fn(Shard, Parcel) -> Pending<Result<(), AppendError>>,
    /// Says how full an object is; it also wakes one that has forgotten to send on.
    pub look: fn(Shard) -> Pending<Result<Depth, String>>,
    /// Looks for people's lines in an object, and empties or tells them.
    pub search: fn(Shard, Inquiry) -> Pending<Result<Found, String>>,
}

/// One instance: its configuration and what it has learnt.
pub struct App {
    config: Result<Config, Vec<&'static str>>,
    runtime: Runtime,
    keys: Mutex<KeyCache>,
    lookups: Mutex<usize>,
    days: Mutex<Days>,
    limits: Mutex<Limits>,
    touched: Mutex<Touched>,
    signing: Mutex<SigningKeys>,
    in_flight: Mutex<usize>,
    exports: export::Running,
}

impl App {
    /// An instance over its settings, or over the names of those that are missing.
    pub fn new(config: Result<Config, Vec<&'static str>>, runtime: Runtime) -> Self {
        Self {
            config,
            runtime,
            keys: Mutex::default(),
            lookups: Mutex::default(),
            days: Mutex::default(),
            limits: Mutex::default(),
            touched: Mutex::default(),
            signing: Mutex::default(),
            in_flight: Mutex::default(),
            exports: export::Running::default(),
        }
    }

    /// Answers a request, and returns the work to do after the answer has been sent. Every error becomes an answer.
    pub async fn handle(&self, request: &mut impl Inbound) -> (Reply, Vec<After>) {
        let request_id = self.request_id();
        let path = request.path().to_owned();
        let found = router::find(&path);
        let (mut reply, after) = match self.dispatch(request, found).await {
            Ok(answered) => answered,
            Err(error) => (self.refuse(&error, &request_id), Vec::new()),
        };
        reply.headers.push(("x-request-id", request_id.into()));
        let is_for_agents = found.is_some_and(|found| found.is_for_agents());
        let origin = request.header("origin").filter(|origin| !is_for_agents || self.is_agents_origin(origin));
        cors::open(&mut reply, origin.as_deref());
        if request.method() == "HEAD" {
            reply.body = Body::Whole(Vec::new());
        }
        (reply, after)
    }

    async fn dispatch(
        &self,
        request: &mut impl Inbound,
        found: Option<Matched<'_>>,
    ) -> Result<(Reply, Vec<After>), ApiError> {
        let found = found.ok_or_else(router::nothing)?;
        if found.is_for_agents() {
            self.check_agents_origin(request)?;
        }
        if request.method() == "OPTIONS" {
            return Ok((cors::preflight(found.allow()), Vec::new()));
        }
        let route = found.route(request.method())?;
        let deadline = Deadline::start(self.runtime.now);
        let now = deadline.received_at;
        match route.endpoint {
            Endpoint::Open(what) => Ok((self.open(request, what).await?, Vec::new())),
            Endpoint::Session(what) => {
                let caller = self.authenticate_session(request, &deadline).await?;
                let admission = self.admit(request, &caller, route.limit, now).await?;
                let reply = self.manage(request, &caller, (what, route.body, found.id), &deadline).await?;
                Ok((admission.tell(reply), Vec::new()))
            }
            Endpoint::Keyed(access, what) => {
                let caller = self.authenticate(request, access, &deadline).await?;
                let touched = self.touch(&caller, now);
                let admission = self.admit(request, &caller, route.limit, now).await?;
                let (reply, used) = self.keyed(request, &caller, (what, route.body, found.id), &deadline).await?;
                Ok((admission.tell(reply), touched.into_iter().chain(used).collect()))
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
            body: Body::Whole(error.to_problem(request_id).into_bytes()),
        };
        if let Some(seconds) = error.retry_after {
            reply = reply.header("retry-after", seconds.to_string());
        }
        if let Some((name, left)) = error.limit {
            reply = limits::tell(reply, name, left);
        }
        if let Some(allow) = &error.allow {
            reply = reply.header("allow", allow.clone());
        }
        if reply.status == 401 {
            reply = reply.header("www-authenticate", "Bearer");
        }
        if error.code == ErrorCode::InsufficientScope {
            reply = reply.header("www-authenticate", "Bearer error=\"insufficient_scope\"");
        }
        reply
    }

    /// The client of the event store; `None` where the Worker is not configured.
    pub fn event_store(&self) -> Option<&ClickHouse> {
        self.config.as_ref().ok().map(|config| &config.clickhouse)
    }

    /// How events wait for the store; `None` where the Worker is not configured.
    pub fn buffering(&self) -> Option<Buffering> {
        self.config.as_ref().ok().map(|config| config.buffer)
    }

    fn config(&self) -> Result<&Config, ApiError> {
        self.config.as_ref().map_err(|missing| {
            ApiError::new(ErrorCode::InternalError, "the Worker is not configured; GET /ready names what is missing")
                .because(missing.join(", "))
        })
    }

    fn request_id(&self) -> String {
        let random = (self.runtime.random)().unwrap_or_default();
        format!("req_{}", intake::hex::encode(&random))
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
