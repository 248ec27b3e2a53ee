//! Correct clients: each event gets its id and its time once, and is sent until it is acknowledged.
//!
//! Some requests are harder: the client gives up waiting and sends again, sends twice at once, or sends acknowledged
//! events again in another batch.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::random::{Random, Seed};
use crate::stop;

use super::ledger::{Abandoned, Ledger};
use super::schedule::KINDS;
use super::send::{Answer, Body, Sender};

/// Maximum number of events in a request.
const MAX_BATCH: u64 = 500;
/// Maximum pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(2);
/// Per mille of requests whose first answer the client does not wait for.
const IMPATIENT: u64 = 40;
/// Per mille of requests that are sent twice at once.
const TWICE: u64 = 40;
/// Per mille of requests after which acknowledged events are sent again.
const AGAIN: u64 = 60;
/// Ages of events in days, one drawn for each event.
const DAYS_AGO: &[i64] = &[0, 0, 1, 1, 1, 1, 1, 2, 2, 40];

/// URL and key of the Worker.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) url: String,
    pub(super) key: String,
}

/// Progress of the run, shared by all threads.
pub(super) struct Progress {
    events: u64,
    begun: Instant,
    /// Time over which the events are spread.
    span: Duration,
    /// Time at which clients give up.
    end: Instant,
    /// The current outage: an index into [`KINDS`], or its length if there is none.
    phase: AtomicUsize,
    stopped: AtomicBool,
    pub(super) acknowledged: AtomicU64,
}

impl Progress {
    pub(super) fn new(events: u64, span: Duration, aftermath: Duration) -> Self {
        let begun = Instant::now();
        Self {
            events,
            begun,
            span,
            // The span does not include restarts, hence twice its length.
            end: begun + span * 2 + aftermath,
            phase: AtomicUsize::new(KINDS.len()),
            stopped: AtomicBool::new(false),
            acknowledged: AtomicU64::new(0),
        }
    }

    /// Time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Starts an outage.
    pub(super) fn begin(&self, kind: usize) {
        self.phase.store(kind, Ordering::Relaxed);
    }

    /// Ends the outage.
    pub(super) fn end(&self) {
        self.phase.store(KINDS.len(), Ordering::Relaxed);
    }

    /// The current outage.
    pub(super) fn phase(&self) -> usize {
        self.phase.load(Ordering::Relaxed)
    }

    /// Makes all threads stop.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether all events are acknowledged, or the run has stopped.
    pub(super) fn is_over(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || self.acknowledged.load(Ordering::Relaxed) == self.events
    }

    /// Returns an error if the run has stopped or a signal has asked to stop.
    pub(super) fn check(&self) -> Result<()> {
        stop::check()?;
        if self.stopped.load(Ordering::Relaxed) { Err(Abandoned.into()) } else { Ok(()) }
    }
}

/// Starts the client threads.
pub(super) fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    clients: u32,
    target: &'scope Target,
    progress: &'scope Progress,
    seed: &Seed,
) -> Vec<ScopedJoinHandle<'scope, Result<Ledger>>> {
    (0..clients)
        .map(|number| {
            let (count, number) = (u64::from(clients), u64::from(number));
            let client = Client {
                number,
                events: progress.events / count + u64::from(number < progress.events % count),
                sender: Sender::new(&target.url, &target.key),
                progress,
                random: seed.stream("client", [number, 0]),
                ledger: Ledger::default(),
            };
            scope.spawn(move || {
                let outcome = client.run();
                if outcome.is_err() {
                    progress.stop();
                }
                outcome
            })
        })
        .collect()
}

struct Client<'a> {
    number: u64,
    events: u64,
    sender: Sender,
    progress: &'a Progress,
    random: Random,
    ledger: Ledger,
}

/// An event, sent with the same bytes every time.
#[derive(Clone)]
struct Event {
    id: String,
    json: String,
}

impl Client<'_> {
    fn run(mut self) -> Result<Ledger> {
        let mut sent = 0;
        let mut earlier: Vec<Event> = Vec::new();
        while sent < self.events {
            self.keep_pace(sent)?;
            let size = self.size();
            let events: Vec<Event> = (sent..self.events.min(sent + size)).map(|number| self.event(number)).collect();
            sent += events.len() as u64;
            self.send(&events)?;
            self.ledger.acknowledged.extend(events.iter().map(|event| event.id.clone()));
            self.progress.acknowledged.fetch_add(events.len() as u64, Ordering::Relaxed);
            if self.random.chance(AGAIN) {
                self.ledger.repeated += 1;
                let all = [events.as_slice(), earlier.as_slice()].concat();
                self.until_acknowledged(&body(&all))?;
            }
            earlier = events;
        }
        Ok(self.ledger)
    }

    /// Number of events of the next request: 85 % have one, the others up to [`MAX_BATCH`], preferably few.
    fn size(&mut self) -> u64 {
        if self.random.chance(850) {
            return 1;
        }
        let most = MAX_BATCH.min(self.events / 10 + 1);
        1 + self.random.below(most).min(self.random.below(most))
    }

    /// Waits until the next request is due. The pace makes all clients finish with the last outage; a late client does
    /// not wait.
    fn keep_pace(&self, sent: u64) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "a duration")]
        let due = self.progress.span.mul_f64(sent as f64 / self.events.max(1) as f64);
        loop {
            self.progress.check()?;
            let left = due.saturating_sub(self.progress.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(stop::TICK));
        }
    }

    fn event(&mut self, number: u64) -> Event {
        let id = format!("{:02}-{number:07}", self.number);
        let days = *self.random.one_of(DAYS_AGO);
        let time = super::send::now() - days * 86_400_000;
        // A server that sends its visitor's address: the Worker then needs the key of the event's day.
        let context = if self.random.chance(300) {
            format!(
                r#","context":{{"ip":"198.51.100.{}","user_agent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}}"#,
                self.random.below(256)
            )
        } else {
            String::new()
        };
        let json = format!(
            r#"{{"event":"fault","event_id":"{id}","timestamp":{time},"anonymous_id":"a-{}","url":"https://www.faults.example/page/{}?utm_source=test","properties":{{"number":{number},"client":{}}}{context}}}"#,
            self.random.below(5_000),
            self.random.below(100),
            self.number,
        );
        Event { id, json }
    }

    fn send(&mut self, events: &[Event]) -> Result<()> {
        let body = body(events);
        if self.random.chance(IMPATIENT) {
            self.ledger.impatient += 1;
            let patience = Duration::from_millis(1 + self.random.below(8));
            // The client ignores the answer.
            let _: Answer = self.sender.try_once(&body, self.progress.phase(), Some(patience), &mut self.ledger)?;
        }
        if self.random.chance(TWICE) {
            self.ledger.twice += 1;
            let (other, progress) = (self.sender.another(), self.progress);
            let mut ledger = Ledger::default();
            std::thread::scope(|scope| {
                let twin = scope.spawn(|| other.try_once(&body, progress.phase(), None, &mut ledger).map(|_| ()));
                let outcome = self.until_acknowledged(&body);
                match twin.join() {
                    Ok(twin) => outcome.and(twin),
                    Err(_) => bail!("a client thread panicked"),
                }
            })?;
            self.ledger.add(ledger);
            return Ok(());
        }
        self.until_acknowledged(&body)
    }

    fn until_acknowledged(&mut self, body: &Body) -> Result<()> {
        let mut pause = Duration::from_millis(100);
        loop {
            let answer = self.sender.try_once(body, self.progress.phase(), None, &mut self.ledger)?;
            let retry_after = match answer {
                Answer::Acknowledged => return Ok(()),
                Answer::Later(retry_after) => retry_after,
                Answer::None => None,
            };
            ensure!(Instant::now() < self.progress.end, "events are still not acknowledged after the last outage");
            self.ledger.retries += 1;
            // Jitter, so that the clients do not all retry at once.
            let wait = retry_after.unwrap_or(pause).min(MAX_PAUSE).mul_f64(0.5 + self.share());
            pause = (pause * 2).min(MAX_PAUSE);
            let until = Instant::now() + wait;
            while Instant::now() < until {
                self.progress.check()?;
                std::thread::sleep(until.saturating_duration_since(Instant::now()).min(stop::TICK));
            }
        }
    }

    /// A random number from 0 to 0.5.
    fn share(&mut self) -> f64 {
        f64::from(u16::try_from(self.random.below(512)).unwrap_or_default()) / 1024.0
    }
}

fn body(events: &[Event]) -> Body {
    if let [event] = events {
        return Body { path: "/v1/track", json: event.json.clone(), events: 1 };
    }
    let list: Vec<&str> = events.iter().map(|event| event.json.as_str()).collect();
    Body { path: "/v1/batch", json: format!(r#"{{"events":[{}]}}"#, list.join(",")), events: events.len() }
}
