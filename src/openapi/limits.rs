//! The limits that `docs/concepts.md` lists, held against the constants that the code goes by.

use crate::app::{BODY_TIMEOUT, MAX_BATCH_BODY, MAX_EVENT_BODY, MAX_QUESTION_BODY};
use intake::event::{MAX_NESTING, MAX_PROPERTIES};
use intake::ingest::MAX_EVENTS;
use intake::limit::{CLIENT, INGEST, READ, Rate};
use query::{funnel, journeys, retention, segment};

/// A whole number with commas between thousands.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn size(bytes: usize) -> String {
    if bytes.is_multiple_of(1 << 20) { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) }
}

fn rate(rate: Rate) -> String {
    format!("{}/s, burst {}", number(rate.per_second.into()), number(rate.burst.into()))
}

fn rows() -> Vec<(&'static str, String)> {
    let count = |value: usize| number(value as u64);
    vec![
        ("body of `track`, `identify`", format!("{} after decompression", size(MAX_EVENT_BODY))),
        ("body of `batch`", format!("{} after decompression", size(MAX_BATCH_BODY))),
        ("events in a batch", count(MAX_EVENTS)),
        ("`properties` of an event", format!("{}, {MAX_NESTING} levels", size(MAX_PROPERTIES))),
        ("time for a body to arrive", format!("{} s", BODY_TIMEOUT.as_secs())),
        ("events of one project and env", rate(INGEST)),
        ("requests of one client of a `pk` key", rate(CLIENT)),
        ("questions to one project and env", rate(READ)),
        ("body of a question", size(MAX_QUESTION_BODY)),
        ("period", format!("5 years ({} days)", number(query::MAX_DAYS.unsigned_abs()))),
        ("metrics", count(query::MAX_METRICS)),
        ("dimensions", count(query::MAX_DIMENSIONS)),
        (
            "rows of an answer",
            format!("{} (default {})", number(query::MAX_LIMIT.into()), number(query::DEFAULT_LIMIT.into())),
        ),
        ("conditions of a filter", format!("{}, six levels deep", query::MAX_FILTERS)),
        ("values of a condition", format!("{}, of {} characters each", query::MAX_VALUES, count(query::MAX_VALUE))),
        ("regular expression", format!("{} characters (RE2)", query::MAX_PATTERN)),
        ("property name", format!("{} characters", query::MAX_KEY)),
        ("segments named in a question", count(segment::MAX_NAMED)),
        ("steps of a funnel", format!("{} to {}", funnel::MIN_STEPS, funnel::MAX_STEPS)),
        ("periods of retention", format!("{}; cohorts × periods at most 10,000", retention::MAX_PERIODS)),
        ("steps of journeys", format!("{}, with up to {} names each", journeys::MAX_STEPS, journeys::MAX_NODES)),
        (
            "events per page of `/v1/query`",
            format!("{} (default {})", number(query::MAX_EVENTS_LIMIT.into()), query::DEFAULT_EVENTS_LIMIT),
        ),
        ("segments of a project", format!("100, of {} each", size(segment::MAX_BYTES))),
    ]
}

#[test]
fn the_page_on_concepts_lists_the_limits_as_they_are() {
    assert_eq!(query::MAX_FILTER_DEPTH, 6, "the page says six levels");
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/concepts.md")).unwrap();
    for (what, limit) in rows() {
        let row = format!("| {what} | {limit} |");
        assert!(page.contains(&row), "docs/concepts.md, section Limits, lacks the row {row}");
    }
}
