use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

const BOUNDS: Bounds = Bounds { received_at: Timestamp(1_795_255_200_000), retention_days: Some(30), trusted: true };

fn judged(text: &str) -> Judged<'_> {
    judge(batch(text).unwrap(), &BOUNDS, &Uuid::nil)
}

#[test]
fn an_envelope_and_a_bare_array_are_the_same() {
    for text in [r#"{"events":[{"event":"a"},{"event":"b"}]}"#, r#" [{"event":"a"},{"event":"b"}]"#] {
        let judged = judged(text);
        let names: Vec<_> = judged.events.iter().map(|event| event.event.as_ref()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(judged.verdicts, []);
    }
}

#[test]
fn good_events_are_kept_when_others_are_bad() {
    let text = r#"{"events":[{"event":"a"},{"event":7,"event_id":"x"},["event"],{"event":"\ud800"},null,
        {"event":"b","event":"c"},{"event":"d","timestamp":"2001-01-01"},{"event":"e","timestamp":"2090-01-01"}]}"#;
    let judged = judged(text);
    let names: Vec<_> = judged.events.iter().map(|event| event.event.as_ref()).collect();
    assert_eq!(names, ["a", "e"]);
    let codes: Vec<_> = judged.verdicts.iter().map(|verdict| (verdict.index, verdict.status, verdict.code)).collect();
    assert_eq!(
        codes,
        [
            (1, Status::Rejected, "invalid_payload"),
            (2, Status::Rejected, "invalid_payload"),
            (3, Status::Rejected, "invalid_payload"),
            (4, Status::Rejected, "invalid_payload"),
            (5, Status::Rejected, "invalid_payload"),
            (6, Status::Rejected, "timestamp_too_old"),
            (7, Status::Accepted, "timestamp_replaced"),
        ]
    );
    assert_eq!(judged.verdicts[0].event_id.as_deref(), Some("x"));
    assert_eq!(judged.verdicts[0].detail, "`event`: must be a string, not a number: send \"7\" in quotes");
    assert!(judged.verdicts[1].detail.starts_with("is not a valid event: "), "{}", judged.verdicts[1].detail);
    assert_eq!(
        judged.verdicts[6].detail,
        "the timestamp is more than 24 hours in the future: stored with the time of receipt instead"
    );
    assert_eq!(judged.faults[0].path, "/events/1/event");
}

#[test]
fn one_identity_counts_once_and_another_day_is_another_identity() {
    let judged = judged(
        r#"[{"event":"a","event_id":"x","timestamp":"2026-11-20"},{"event":"b","event_id":"x","timestamp":"2026-11-20"},
            {"event":"c","event_id":"x","timestamp":"2026-11-19"},{"event":"d"},{"event":"e"}]"#,
    );
    let names: Vec<_> = judged.events.iter().map(|event| event.event.as_ref()).collect();
    assert_eq!(names, ["a", "c", "d", "e"]);
    assert_eq!((judged.verdicts[0].index, judged.verdicts[0].status), (1, Status::Duplicate));
    assert_eq!(judged.verdicts[0].detail, "an earlier event of this request has the same event_id and day");
}

#[test]
fn what_is_no_batch_is_refused_as_a_whole() {
    let many = format!("[{}]", vec![r#"{"event":"a"}"#; 1001].join(","));
    for (text, code) in [
        ("", ErrorCode::InvalidPayload),
        ("7", ErrorCode::InvalidPayload),
        ("[", ErrorCode::InvalidPayload),
        ("[]", ErrorCode::InvalidPayload),
        ("{}", ErrorCode::InvalidPayload),
        (r#"{"events":[]}"#, ErrorCode::InvalidPayload),
        (r#"{"events":{"event":"a"}}"#, ErrorCode::InvalidPayload),
        (many.as_str(), ErrorCode::BatchTooLarge),
    ] {
        assert_eq!(batch(text).unwrap_err().code, code, "{text:.40}");
    }
    assert_eq!(
        batch(&many).unwrap_err().detail,
        "a batch can have at most 1000 events, this one has 1001: send several batches"
    );
    let empty = batch(r#"{"events":[]}"#).unwrap_err();
    assert_eq!(
        (empty.fields[0].path.as_str(), &*empty.fields[0].message),
        ("/events", "must contain at least one event")
    );
    let number = batch("7").unwrap_err();
    assert!(number.detail.starts_with("the body is not a valid batch: "), "{}", number.detail);
    assert_eq!(
        number.fields[0].message,
        r#"must be an array of events, or an object such as {"events": [{"event": "signup"}]}"#
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in r#"(\[|\{"events":\[)[\[\]{}":,a-z0-9\\u]{0,60}(\]|\]\})?"#) {
        if let Ok(batch) = batch(&text) {
            let count = batch.events.len();
            let judged = judge(batch, &BOUNDS, &Uuid::nil);
            let refused = judged.verdicts.iter().filter(|verdict| verdict.status != Status::Accepted).count();
            prop_assert_eq!(judged.events.len() + refused, count);
        }
    }
}
