//! Turns the steps of a visit into rows, with the Worker's own code.

use std::borrow::Cow;
use std::collections::HashMap;

use intake::control::Project;
use intake::event::{Event, Shown};
use intake::ingest::{Enricher, Sender};
use intake::key::Env;
use intake::time::{Day, Timestamp};
use intake::visitor::DayKey;
use schema::SentBy;
use uuid::Builder;

use super::batch::{Batch, Batches};
use super::visit::Step;
use crate::random::Random;

/// Per mille of events that are inserted twice, as after a lost answer.
const DUPLICATES: u64 = 5;
/// Delay in milliseconds from which an event counts as late.
pub(super) const LATE_MS: i64 = 3_600_000;

/// Counts of the generated events.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Made {
    /// Distinct events.
    pub(super) events: u64,
    /// Rows that repeat an event.
    pub(super) duplicates: u64,
    /// Events received an hour or more after their time.
    pub(super) late: u64,
}

/// Visitor and start of a visit.
pub(super) struct Actor<'a> {
    pub(super) sender: Sender<'a>,
    pub(super) sent_by: SentBy,
    pub(super) anonymous_id: &'a str,
    pub(super) session_id: &'a str,
    /// Set on all events from `$identify` on, or on all if the visit has none.
    pub(super) user_id: &'a str,
    pub(super) start: Timestamp,
    /// Additional delay of the events in milliseconds.
    pub(super) late_by: i64,
}

/// Writes rows into batches.
pub(super) struct Writer<S> {
    pub(super) batches: Batches<S>,
    pub(super) made: Made,
    day_keys: HashMap<Day, DayKey>,
    /// Latest time of receipt.
    last: Timestamp,
    /// Rows to be inserted again.
    held: Vec<(Day, Vec<u8>)>,
}

impl<S: FnMut(Batch) -> bool> Writer<S> {
    pub(super) fn new(batches: Batches<S>, day_keys: HashMap<Day, DayKey>, last: Timestamp) -> Self {
        Self { batches, made: Made::default(), day_keys, last, held: Vec::new() }
    }

    /// Writes the events of a visit. Returns their number.
    pub(super) fn visit(&mut self, project: &Project, actor: &Actor<'_>, steps: &[Step], random: &mut Random) -> u64 {
        let identified = steps.iter().position(|step| step.event == "$identify").unwrap_or(0);
        for (index, step) in steps.iter().enumerate() {
            let user_id = if index >= identified { actor.user_id } else { "" };
            self.event(project, actor, step, user_id, random);
        }
        steps.len() as u64
    }

    fn event(&mut self, project: &Project, actor: &Actor<'_>, step: &Step, user_id: &str, random: &mut Random) {
        let timestamp = actor.start.plus(step.after);
        let event_id = event_id(timestamp, random);
        let event = Event {
            event: Cow::Borrowed(step.event),
            event_id: Cow::Borrowed(&event_id),
            timestamp,
            time_replaced: false,
            anonymous_id: Cow::Borrowed(actor.anonymous_id),
            user_id: Cow::Borrowed(user_id),
            session_id: Cow::Borrowed(actor.session_id),
            url: Cow::Borrowed(&step.url),
            referrer: Cow::Borrowed(&step.referrer),
            path: Cow::Borrowed(""),
            title: Cow::Borrowed(&step.title),
            properties: Cow::Borrowed(&step.properties),
            revenue: step.revenue,
            shown: Shown::default(),
            context: None,
        };
        let received_at = timestamp.plus(actor.late_by + random.between(30, 900)).min(self.last);
        let mut enricher = Enricher {
            project,
            env: Env::Live,
            received_at,
            sent_by: actor.sent_by,
            sender: Some(actor.sender),
            // All generated bots are in the lexicon.
            is_bot: |_| false,
            day_keys: &self.day_keys,
        };
        self.batches.write(timestamp.day(), |lines| {
            enricher.writer(1).write(&event, lines);
        });
        self.made.events += 1;
        self.made.late += u64::from(received_at.0 - timestamp.0 >= LATE_MS);
        if random.chance(DUPLICATES) {
            enricher.received_at = received_at.plus(random.between(1_000, LATE_MS)).min(self.last);
            let mut row = Vec::new();
            enricher.writer(1).write(&event, &mut row);
            self.held.push((timestamp.day(), row));
            self.made.duplicates += 1;
        }
    }

    /// Inserts the held rows again, in most cases in a later insert.
    pub(super) fn repeat(&mut self) {
        for (day, row) in std::mem::take(&mut self.held) {
            self.batches.push(day, &row);
        }
    }
}

/// Generates a UUIDv7, as the SDKs do.
fn event_id(timestamp: Timestamp, random: &mut Random) -> String {
    let mut bytes = [0; 10];
    let bits = random.bits().to_be_bytes().into_iter().chain(random.bits().to_be_bytes());
    bytes.iter_mut().zip(bits).for_each(|(byte, random)| *byte = random);
    let millis = u64::try_from(timestamp.0).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid().to_string()
}
