//! Parses and validates a request body as a batch: it never panics, and each event is either kept or reported.
#![no_main]

use intake::event::Bounds;
use intake::ingest::{Status, batch, body_text, judge};
use intake::time::Timestamp;
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

/// Any fixed time does; this one is in November 2026.
const RECEIVED_AT: Timestamp = Timestamp(1_795_255_200_000);

fuzz_target!(|body: &[u8]| {
    let bounds = Bounds { received_at: RECEIVED_AT, retention_days: Some(30), trusted: true };
    let Ok(text) = body_text(body) else { return };
    let Ok(batch) = batch(text) else { return };
    let count = batch.events.len();
    let judged = judge(batch, &bounds, &Uuid::nil);
    let refused = judged.verdicts.iter().filter(|verdict| verdict.status != Status::Accepted).count();
    assert_eq!(judged.events.len() + refused, count);
});
