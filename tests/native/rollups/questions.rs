//! Random questions over random histories: what the planner reads, the events alone, and plain loops give the
//! same numbers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Offset as _, TimeZone as _};
use intake::time::{Day, Timestamp};
use query::{Plan, Query, Wanted, World as Asked, build, from_json};
use serde_json::{Value, json};
use statement::Statement;
use upkeep::rollup::Kind;

use super::oracle::live;
use crate::history::{Event, FIRST_DAY, Random};
use crate::plain::{self, ENTRY, Session};
use crate::world::{World, day, often, seeds};

const ZONES: [&str; 6] =
    ["UTC", "Asia/Tokyo", "America/New_York", "Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe"];
const COLUMNS: [&str; 9] =
    ["event", "source", "medium", "country", "host", "path", "device_type", "screen", "utm_source"];

fn offset_at(zone: &str, at: Timestamp) -> Option<i32> {
    let zone: chrono_tz::Tz = zone.parse().ok()?;
    Some(zone.timestamp_millis_opt(at.0).single()?.offset().fix().local_minus_utc() / 60)
}

/// A question in parts, so that the loops need not read filters.
struct Asking {
    metrics: Vec<&'static str>,
    dimensions: Vec<&'static str>,
    zone: &'static str,
    from: Timestamp,
    to: Timestamp,
    /// Column, whether it must be one of the values, and these.
    filter: Option<(&'static str, bool, Vec<&'static str>)>,
}

fn asking(random: &mut Random) -> Asking {
    let of_sessions = random.one_in(3);
    let metrics: &[&str] =
        if of_sessions { &["sessions", "bounce_rate"] } else { &["events", "visitors", "pageviews"] };
    let mut metrics = metrics.to_vec();
    if !of_sessions {
        metrics.retain(|_| !random.one_in(3));
        if metrics.is_empty() {
            metrics.push("visitors");
        }
    }
    let mut columns: Vec<&str> = COLUMNS.to_vec();
    columns.retain(|column| !of_sessions || ENTRY.contains(column));
    let mut dimensions = Vec::new();
    if random.one_in(2) {
        dimensions.push(random.of(&["time:day", "time:hour", "time:day", "time:week", "time:month"]));
    }
    match random.below(4) {
        0 | 1 => dimensions.push(random.of(&columns)),
        2 => dimensions.extend(["source", "medium"]),
        _ => {}
    }
    let start = day(FIRST_DAY).start();
    // On midnight, on an hour, or anywhere.
    let step = random.of(&[86_400_000, 3_600_000, 60_000 * 7]);
    let instant =
        |random: &mut Random| start.plus((i64::try_from(random.below(6 * 86_400_000)).unwrap() / step) * step);
    let (mut from, mut to) = (instant(random), instant(random));
    if from > to {
        std::mem::swap(&mut from, &mut to);
    }
    let filter = random.one_in(3).then(|| {
        let column =
            random.of(&[*dimensions.last().filter(|one| !one.starts_with("time")).unwrap_or(&"source"), "source"]);
        let values = vec![random.of(&["google", "email", "pageview", "/", "DE", "newsletter", ""]), "direct"];
        (column, random.one_in(2), values)
    });
    Asking { metrics, dimensions, zone: random.of(&ZONES), from, to: to.plus(step), filter }
}

impl Asking {
    fn query(&self) -> Query {
        let filters = self
            .filter
            .iter()
            .map(|(column, positive, values)| json!([if *positive { "is" } else { "is_not" }, column, values]));
        let body = json!({
            "metrics": self.metrics, "dimensions": self.dimensions, "timezone": self.zone, "limit": 10_000,
            "date_range": [self.from.to_iso(), self.to.to_iso()], "filters": filters.collect::<Vec<_>>(),
        });
        from_json(&body, Asked { now: self.to, timezone: "UTC", offset_at, segments: query::Segments::Closed }).unwrap()
    }

    /// Whether something with these columns at this time counts, and for which row.
    fn key(&self, at: Timestamp, column: impl Fn(&str) -> String) -> Option<String> {
        if at < self.from || at >= self.to {
            return None;
        }
        if let Some((name, positive, values)) = &self.filter
            && values.contains(&column(name).as_str()) != *positive
        {
            return None;
        }
        let key: Vec<Value> = self.dimensions.iter().map(|one| self.step(one, at, &column)).collect();
        Some(Value::Array(key).to_string())
    }

    fn step(&self, dimension: &str, at: Timestamp, column: impl Fn(&str) -> String) -> Value {
        let offset = i64::from(offset_at(self.zone, at).unwrap()) * 60_000;
        let today = at.plus(offset).day();
        match dimension {
            "time:hour" => json!((at.0 + offset).div_euclid(3_600_000) * 3_600_000 - offset),
            "time:day" => json!(today.to_iso()),
            "time:week" => json!(Day(today.0 - (today.0 + 3).rem_euclid(7)).to_iso()),
            "time:month" => json!(format!("{}-01", &today.to_iso()[..7])),
            name => json!(column(name)),
        }
    }

    /// The rows by plain loops.
    fn plainly(&self, events: &[Event], sessions: &[Session]) -> BTreeMap<String, Vec<Value>> {
        if self.metrics.contains(&"sessions") {
            let mut rows: BTreeMap<String, (i64, i64)> = BTreeMap::new();
            for one in sessions {
                let column = |name: &str| {
                    let place = ENTRY.iter().position(|entry| *entry == name).unwrap();
                    one.entry[place].clone()
                };
                let Some(key) = self.key(one.started_at, column) else { continue };
                let row = rows.entry(key).or_default();
                row.0 += 1;
                row.1 += i64::from(one.is_bounce);
            }
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let rate = |(all, bounced): (i64, i64)| (10_000.0 * bounced as f64 / all as f64).round_ties_even() / 100.0;
            return rows.into_iter().map(|(key, row)| (key, vec![json!(row.0), json!(rate(row))])).collect();
        }
        let mut rows: BTreeMap<String, (i64, i64, BTreeSet<String>)> = BTreeMap::new();
        for event in events.iter().filter(|event| event.bot_class.is_empty()) {
            let column =
                |name: &str| if name == "event" { event.event.to_owned() } else { event.value(name).to_owned() };
            let Some(key) = self.key(event.timestamp, column) else { continue };
            let row = rows.entry(key).or_default();
            row.0 += 1;
            row.1 += i64::from(event.event == "pageview");
            row.2.extend(plain::visitor(event));
        }
        let values = |(events, pageviews, visitors): (i64, i64, BTreeSet<String>)| {
            let number = |metric: &&str| match *metric {
                "events" => json!(events),
                "pageviews" => json!(pageviews),
                _ => json!(visitors.len()),
            };
            self.metrics.iter().map(number).collect::<Vec<Value>>()
        };
        rows.into_iter().map(|(key, row)| (key, values(row))).collect()
    }

    /// The store's rows.
    fn read(&self, lines: &[u8]) -> BTreeMap<String, Vec<Value>> {
        let text = str::from_utf8(lines).unwrap();
        let mut rows = BTreeMap::new();
        for line in text.lines() {
            let mut cells: Vec<Value> = serde_json::from_str(line).unwrap();
            let values: Vec<Value> = cells.split_off(self.dimensions.len()).into_iter().map(plain_number).collect();
            let nothing = values.iter().all(|value| value.is_null() || value.as_i64() == Some(0));
            // Without dimensions there is always a row, also where nothing counts.
            if !(self.dimensions.is_empty() && nothing) {
                assert!(rows.insert(Value::Array(cells).to_string(), values).is_none(), "a row came twice: {line}");
            }
        }
        rows
    }
}

/// `50` and `50.0` are one number.
fn plain_number(value: Value) -> Value {
    match value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
        Some(number) if value.is_f64() && number.fract() == 0.0 => json!(number as i64),
        _ => value,
    }
}

/// As the Worker asks.
async fn ask(world: &World, statement: Statement) -> Vec<u8> {
    world.store.select(statement.sql, &statement.parameters).await.unwrap().body
}

#[tokio::test]
async fn random_questions_have_one_answer() {
    let questions = often(60, 300);
    let mut computed = 0;
    for seed in seeds(&[3, 11, 77, 4242]) {
        println!("seed {seed}");
        let (world, mut random) = (World::new(), Random(seed));
        let rows = live(&world, &mut random).await;
        let events = plain::once(&rows);
        let sessions = plain::sessions(&events);
        let clean = [world.clean(Kind::Rollup).await, world.clean(Kind::Sessions).await];
        assert!(!clean[0].is_empty(), "some days are computed and some are not");
        for number in 0..questions {
            let asking = asking(&mut random);
            let query = asking.query();
            let about = || {
                let Asking { metrics, dimensions, zone, from, to, filter } = &asking;
                format!(
                    "seed {seed} question {number}: {metrics:?} by {dimensions:?} in {zone} {filter:?} {} {}",
                    from.to_iso(),
                    to.to_iso()
                )
            };
            let expected = asking.plainly(&events, &sessions);
            let expected: BTreeMap<String, Vec<Value>> = expected
                .into_iter()
                .map(|(key, values)| (key, values.into_iter().map(plain_number).collect()))
                .collect();
            let scope = world.scope();
            let raw = ask(&world, build(&query, &scope, &Plan::default())).await;
            assert_eq!(asking.read(&raw), expected, "raw, {}", about());
            let Some(wanted) = Wanted::of(&query) else { continue };
            let within = |days: &crate::world::Clean| {
                days.iter().copied().filter(|(day, _)| *day >= wanted.first && *day < wanted.end).collect::<Vec<_>>()
            };
            let plan = wanted.plan(&query, within(&clean[0]), within(&clean[1]));
            if plan == Plan::default() {
                continue;
            }
            computed += 1;
            let planned = ask(&world, build(&query, &scope, &plan)).await;
            assert_eq!(asking.read(&planned), expected, "{:?}, {}", plan.tables(&query), about());
        }
    }
    println!("{computed} answered from computed tables");
    assert!(computed > questions / 2, "{computed} only");
}
