//! A body is read and judged: whatever it holds, every event gets a verdict or a row.
#![no_main]

use intake::event::Bounds;
use intake::ingest::{Status, batch, body_text, judge};
use intake::time::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let bounds = Bounds { received_at: Timestamp(1_795_255_200_000), retention_days: Some(30), trusted: true };
    let Ok(text) = body_text(body) else { return };
    let Ok(batch) = batch(text) else { return };
    let count = batch.events.len();
    let judged = judge(batch, &bounds, Default::default);
    let refused = judged.verdicts.iter().filter(|verdict| verdict.status != Status::Accepted).count();
    assert_eq!(judged.events.len() + refused, count);
});
