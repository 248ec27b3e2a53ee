//! The Durable Object of the buffer: a queue in SQLite, and the alarm that sends its rows. `crate::buffer` decides what
//! is sent and when.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::ArrayBuffer;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::{DurableObject, Env, Request, Response, Result, State, console_error, durable_object};

use super::entry::{app, now};
use super::queue::SqlQueue;
use crate::app::{App, Depth};
use crate::buffer::{self, Flushed, Pace, backoff, flush};
use crate::store::{ClickHouse, StoreError};

/// How long a run of the alarm starts new inserts. Cloudflare ends an alarm after 15 minutes.
const RUN_MS: i64 = 20_000;
/// Time limit of one insert.
const INSERT: Duration = Duration::from_secs(30);
/// An alarm that is this late has been lost.
const LOST_MS: i64 = 60_000;
/// The Durable Object.
#[durable_object]
pub struct Buffer {
    state: State,
    app: Rc<App>,
    queue: SqlQueue,
    alarm: Alarm,
}

/// The alarm's state, as far as this instance of the object knows.
#[derive(Default)]
struct Alarm {
    /// An alarm is set or running.
    ahead: Cell<bool>,
    failures: Cell<u32>,
    problem: RefCell<Option<String>>,
}

impl DurableObject for Buffer {
    fn new(state: State, env: Env) -> Self {
        let queue = SqlQueue::new(state.storage().sql());
        if let Err(error) = queue.open() {
            console_error!("the buffer's storage cannot be opened: {error}");
        }
        Self { state, app: app(&env), queue, alarm: Alarm::default() }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let url = request.inner().url();
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        if path.ends_with("/append") {
            let body = JsFuture::from(request.inner().array_buffer()?).await?;
            self.append(query, &body).await
        } else if path.ends_with("/search") {
            let body = JsFuture::from(request.inner().text()?).await?.as_string().unwrap_or_default();
            let found = self.queue.search(&serde_json::from_str(&body)?)?;
            Response::ok(serde_json::to_string(&found)?)
        } else {
            self.wake().await?;
            Response::from_json(&self.depth()?)
        }
    }

    /// Never fails: the runtime retries an alarm that throws only a few times, and at times of its own.
    async fn alarm(&self) -> Result<Response> {
        self.alarm.ahead.set(true);
        let next = self.run().await;
        self.alarm.ahead.set(false);
        // Rows can have arrived during the last insert. They set no alarm, because this one was running.
        let next = next.or_else(|| (self.queue.waiting().bytes > 0).then(|| self.gather()));
        if let Some(pause) = next
            && let Err(error) = self.set_alarm(pause).await
        {
            console_error!("the buffer's alarm cannot be set: {error}");
        }
        Response::empty()
    }
}

impl Buffer {
    async fn append(&self, query: &str, body: &JsValue) -> Result<Response> {
        let mut events = 0;
        let mut months = String::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "events" => events = value.parse().unwrap_or(0),
                "months" => months = value.into_owned(),
                _ => {}
            }
        }
        let bytes = u64::from(body.unchecked_ref::<ArrayBuffer>().byte_length());
        let max = self.app.buffering().map_or(0, |buffering| buffering.max_bytes);
        if self.queue.waiting().bytes + bytes > max {
            return Ok(Response::empty()?.with_status(507));
        }
        self.queue.append(now(), events, bytes, &months, body)?;
        // The runtime sends the answer after both the row and the alarm are on disk.
        if !self.alarm.ahead.get() {
            self.set_alarm(self.gather()).await?;
        }
        Ok(Response::empty()?.with_status(204))
    }

    /// Sends waiting rows. Returns the pause until the next run, if one is needed.
    async fn run(&self) -> Option<Duration> {
        let Some((clickhouse, buffering)) = self.app.event_store().zip(self.app.buffering()) else {
            *self.alarm.problem.borrow_mut() = Some("the Worker is not configured".to_owned());
            return Some(backoff(u32::MAX));
        };
        let pace = Pace { now, until: now().plus(RUN_MS), gather: buffering.gather };
        let flushed = match self.queue.generation() {
            Ok(generation) => {
                let origin = format!("{}-{generation}", self.state.id());
                flush(&self.queue, &Inserter(clickhouse), &origin, pace).await
            }
            Err(reason) => Flushed::Doubt(format!("storage: {reason}")),
        };
        match flushed {
            Flushed::Doubt(reason) => {
                let failures = self.alarm.failures.get();
                console_error!("the buffer waits after {} failures: {reason}", failures + 1);
                *self.alarm.problem.borrow_mut() = Some(reason);
                self.alarm.failures.set(failures + 1);
                Some(backoff(failures))
            }
            Flushed::Idle(pause) => {
                self.healed();
                pause
            }
            Flushed::More => {
                self.healed();
                Some(Duration::ZERO)
            }
        }
    }

    fn healed(&self) {
        self.alarm.failures.set(0);
        *self.alarm.problem.borrow_mut() = None;
    }

    /// Sets an alarm if rows wait and none is set, for example after its run was lost.
    async fn wake(&self) -> Result<()> {
        if self.queue.waiting().bytes == 0 || self.alarm.ahead.get() {
            return Ok(());
        }
        // After a failed run, the runtime still returns the old time.
        match self.state.storage().get_alarm().await? {
            Some(at) if at + LOST_MS > now().0 => Ok(()),
            _ => self.set_alarm(self.gather()).await,
        }
    }

    async fn set_alarm(&self, pause: Duration) -> Result<()> {
        self.alarm.ahead.set(true);
        let set = self.state.storage().set_alarm(pause).await;
        if set.is_err() {
            self.alarm.ahead.set(false);
        }
        set
    }

    fn gather(&self) -> Duration {
        self.app.buffering().map_or(Duration::ZERO, |buffering| buffering.gather)
    }

    fn depth(&self) -> Result<Depth> {
        let waiting = self.queue.waiting();
        Ok(Depth {
            events: waiting.events,
            bytes: waiting.bytes,
            oldest_at: self.queue.oldest_at()?,
            failures: self.alarm.failures.get(),
            problem: self.alarm.problem.borrow().clone(),
        })
    }
}

/// The event store as the buffer uses it: every insert has a token.
struct Inserter<'a>(&'a ClickHouse);

impl buffer::Store for Inserter<'_> {
    async fn insert(&self, table: &'static str, lines: Vec<u8>, token: &str) -> std::result::Result<(), StoreError> {
        self.0.insert_once(table, lines, token, INSERT).await
    }
}
