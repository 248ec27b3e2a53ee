use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;

use super::*;

const UNTIL: &str = "2026-11-21";

/// All rows in insert order.
fn rows(events: u64, days: u32, projects: u32, seed: &str) -> (Vec<u8>, Made) {
    let plan = Plan::new(events, projects, days, Day::parse(UNTIL).unwrap());
    let sites: Vec<Site> = (1..=projects)
        .map(|number| Site {
            slug: format!("seed-{number}"),
            id: format!("00000000-0000-4000-8000-00000000000{number}"),
        })
        .collect();
    let mut lines = Vec::new();
    let made = run(&plan, Seed::of(seed), &sites, 1000, |batch| {
        lines.extend_from_slice(&batch.lines);
        true
    });
    (lines, made)
}

fn parsed(lines: &[u8]) -> Vec<BTreeMap<String, Value>> {
    lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| intake::json::read(line).unwrap())
        .collect()
}

fn text<'a>(row: &'a BTreeMap<String, Value>, column: &str) -> &'a str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_one_makes_others() {
    let (lines, made) = rows(1500, 10, 2, "1");
    assert_eq!(rows(1500, 10, 2, "1"), (lines.clone(), made));
    let (others, _) = rows(1500, 10, 2, "2");
    let ids = |lines: &[u8]| parsed(lines).iter().map(|row| text(row, "event_id").to_owned()).collect::<BTreeSet<_>>();
    assert!(ids(&lines).is_disjoint(&ids(&others)));
}

#[test]
fn each_identity_is_made_once_and_a_few_arrive_twice() {
    let (lines, made) = rows(8_000, 30, 2, "1");
    let mut seen: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    for row in parsed(&lines) {
        let (id, day) = (text(&row, "event_id").to_owned(), text(&row, "timestamp")[..10].to_owned());
        assert!(text(&row, "received_at") >= text(&row, "timestamp"));
        assert!(text(&row, "received_at") < UNTIL && *"2026-10-22" <= *day);
        seen.entry((text(&row, "project_id").to_owned(), id, day))
            .or_default()
            .push(text(&row, "received_at").to_owned());
    }
    assert_eq!((made.events, seen.len()), (8_000, 8_000));
    let twice = seen.values().filter(|received| received.len() == 2).count();
    assert_eq!(twice as u64, made.duplicates);
    assert!((20..70).contains(&twice), "{twice}");
    assert!((60..300).contains(&made.late), "{}", made.late);
}

/// A month of one project, generated once for all tests.
fn month() -> &'static [BTreeMap<String, Value>] {
    static ROWS: OnceLock<Vec<BTreeMap<String, Value>>> = OnceLock::new();
    ROWS.get_or_init(|| parsed(&rows(15_000, 30, 1, "1").0))
}

#[test]
fn the_data_has_what_reports_ask_about() {
    let rows = month();
    let values = |column: &str| rows.iter().map(|row| text(row, column)).collect::<BTreeSet<_>>();
    for (column, least) in [
        ("channel", 11),
        ("source", 30),
        ("country", 20),
        ("language", 13),
        ("browser", 12),
        ("os", 7),
        ("device_type", 5),
        ("bot_class", 9),
        ("path", 150),
        ("campaign", 8),
        ("click_id", 7),
        ("currency", 5),
        ("event", 10),
    ] {
        assert!(values(column).len() >= least, "{column}: {:?}", values(column));
    }
    let count = |event: &str| rows.iter().filter(|row| text(row, "event") == event).count();
    let funnel = ["view_pricing", "signup", "purchase"].map(count);
    assert!(funnel[0] > 2 * funnel[1] && funnel[1] > 10 && funnel[2] > 10, "{funnel:?}");
    assert!(rows.iter().all(|row| (text(row, "event") == "purchase" || text(row, "event") == "subscription_renewed")
        == row.contains_key("revenue")));
    assert!(
        rows.iter().all(|row| (text(row, "event") == "subscription_renewed") == (text(row, "sent_by") == "server"))
    );
    assert_eq!(values("sent_by"), ["browser", "server"].into());
    let bots = rows.iter().filter(|row| !text(row, "bot_class").is_empty()).count();
    assert!((450..1800).contains(&bots), "{bots}");
}

#[test]
fn people_come_again_change_devices_and_stay_past_midnight() {
    let rows = month();
    let mut days: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut devices: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut hashes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        let (device, hash, day) = (text(row, "anonymous_id"), text(row, "visitor_hash"), &text(row, "timestamp")[..10]);
        if !device.is_empty() {
            days.entry(device).or_default().insert(day);
            if !text(row, "user_id").is_empty() {
                devices.entry(text(row, "user_id")).or_default().insert(device);
            }
        }
        if !hash.is_empty() {
            hashes.entry(hash).or_default().insert(day);
        }
    }
    assert!(days.values().filter(|days| days.len() > 1).count() > 100);
    assert!(devices.values().any(|devices| devices.len() == 2));
    assert!(hashes.values().all(|days| days.len() == 1), "a hash outlived its day");
    let over_midnight = rows.windows(2).filter(|pair| {
        let [before, after] = pair else { return false };
        let same =
            !text(before, "anonymous_id").is_empty() && text(before, "anonymous_id") == text(after, "anonymous_id");
        same && text(before, "timestamp")[11..].starts_with("23:") && text(after, "timestamp")[11..].starts_with("00:")
    });
    assert!(over_midnight.count() > 0);
}

#[test]
fn the_generator_stops_when_no_more_batches_are_wanted() {
    let plan = Plan::new(1_000_000, 1, 30, Day::parse(UNTIL).unwrap());
    let site = Site { slug: "seed-1".to_owned(), id: String::new() };
    let made = run(&plan, Seed::of("1"), &[site], 100, |_| false);
    assert!(made.events < 100_000);
}
