//! The same numbers three ways: from what was computed, from the raw events in SQL, from plain loops.

use std::collections::BTreeMap;

use intake::time::{Day, Timestamp};
use serde_json::Value;
use upkeep::rollup::Kind;

use crate::history::{Event, Random, events};
use crate::plain::{self, ByValue, Counts, ENTRY, Session, Zone};
use crate::world::{World, number, seeds};

/// The rollup's dimensions and the expressions that they stand for.
const DIMENSIONS: [(&str, &str, &str); 15] = [
    ("total", "''", "''"),
    ("event", "event", "''"),
    ("source", "source", "''"),
    ("medium", "medium", "''"),
    ("channel", "channel", "''"),
    ("campaign", "campaign", "''"),
    ("source_medium", "source", "medium"),
    ("referrer_host", "referrer_host", "''"),
    ("country", "country", "''"),
    ("device_type", "device_type", "''"),
    ("browser", "browser", "''"),
    ("os", "os", "''"),
    ("language", "language", "''"),
    ("host", "host", "''"),
    ("path", "path", "''"),
];

/// Inserts a random history in portions and computes some of what is due after each; the rows inserted.
pub async fn live(world: &World, random: &mut Random) -> Vec<Event> {
    let rows = events(random);
    for portion in rows.chunks(rows.len() / 4 + 1) {
        world.insert(&portion.iter().map(Event::to_row).collect::<Vec<_>>()).await;
        for kind in Kind::ALL {
            let mut days: Vec<Day> = world.due(kind).await.into_iter().map(|due| due.day.day).collect();
            random.shuffle(&mut days);
            days.truncate(usize::try_from(random.below(4)).unwrap());
            if !days.is_empty() {
                world.compute(kind, &days).await;
            }
        }
    }
    rows
}

#[tokio::test]
async fn computed_days_equal_the_raw_events_and_plain_loops() {
    for seed in seeds(&[1, 7, 2026, 0xDEAD_BEEF]) {
        println!("seed {seed}");
        let (world, mut random) = (World::new(), Random(seed));
        let rows = live(&world, &mut random).await;
        let events = plain::once(&rows);
        partly(&world, &events).await;
        for kind in Kind::ALL {
            world.compute_due(kind).await;
            assert!(world.due(kind).await.is_empty(), "{kind:?}");
        }
        for (dimension, value, second) in DIMENSIONS {
            for zone in Zone::WHOLE {
                let mut expected = plain::counts(&events, zone, dimension);
                assert!(!expected.is_empty());
                assert_eq!(raw(&world, zone, value, second).await, expected, "raw {dimension} {zone:?}");
                if zone == Zone::Utc {
                    assert_eq!(by_days(&world, dimension).await, expected, "days {dimension}");
                }
                if dimension == "path" {
                    // The one without sets of visitors.
                    for counts in expected.values_mut() {
                        counts.visitors = 0;
                    }
                }
                assert_eq!(by_hours(&world, zone, dimension).await, expected, "hours {dimension} {zone:?}");
            }
        }
        sessions_are_equal(&world, &events).await;
        assert_eq!(identities(&world).await, plain::identities(&events));
        for kind in Kind::ALL {
            let days: Vec<_> = world.clean(kind).await.iter().map(|(day, of)| (world.day(*day), *of)).collect();
            assert_eq!(days.len(), rows.iter().map(Event::day).collect::<std::collections::BTreeSet<_>>().len());
            let differences = world.run(upkeep::rollup::verify(kind, &days)).await;
            assert_eq!(String::from_utf8_lossy(&differences), "", "{kind:?}");
        }
    }
}

/// Where only some days are clean: those from the rollup and the others raw are all.
async fn partly(world: &World, events: &[Event]) {
    let clean = world.clean_days(Kind::Rollup).await;
    let mut read = by_days(world, "total").await;
    for (key, counts) in raw(world, Zone::Utc, "''", "''").await {
        if !clean.iter().any(|day| day.to_iso() == key.0) {
            assert!(read.insert(key, counts).is_none(), "a day that is not clean was read");
        }
    }
    assert_eq!(read, plain::counts(events, Zone::Utc, "total"));
    let clean = world.clean_days(Kind::Identities).await;
    let days: Vec<String> = clean.iter().map(|day| format!("'{}'", day.to_iso())).collect();
    let users = world
        .read(
            Kind::Identities,
            "SELECT anonymous_id, argMin(user_id, (timestamp, event_id)) AS user
             FROM (SELECT anonymous_id, user_id, timestamp, event_id FROM identities WHERE {read}
             UNION ALL SELECT anonymous_id, user_id, timestamp, event_id FROM events FINAL
             WHERE project_id = {project:UUID} AND event = '$identify' AND anonymous_id != '' AND user_id != ''
             AND NOT has({computed:Array(Date)}, toDate(timestamp))) GROUP BY anonymous_id",
            &[("computed", &format!("[{}]", days.join(",")))],
        )
        .await;
    assert_eq!(pairs(&users), plain::identities(events));
}

async fn raw(world: &World, zone: Zone, value: &str, second: &str) -> ByValue {
    let rows = world
        .ask(
            &format!(
                "SELECT toString(toDate(timestamp, {{zone:String}})) AS d, {value} AS v, {second} AS s, count() AS e,
                 countIf(event = 'pageview') AS p, uniqExactIf(visitor, visitor != 0) AS u
                 FROM events FINAL WHERE project_id = {{project:UUID}} AND bot_class = '' GROUP BY d, v, s"
            ),
            &[("zone", zone.name())],
        )
        .await;
    by_value(&rows)
}

async fn by_hours(world: &World, zone: Zone, dimension: &str) -> ByValue {
    let sql = "SELECT toString(toDate(toDateTime(day, 'UTC') + toIntervalHour(hour), {zone:String})) AS d,
        value AS v, second AS s, sum(events) AS e, sum(pageviews) AS p, uniqExactMerge(visitors) AS u
        FROM daily_rollup WHERE {read} AND grain = 'hour' AND dimension = {dimension:String} GROUP BY d, v, s";
    by_value(&world.read(Kind::Rollup, sql, &[("zone", zone.name()), ("dimension", dimension)]).await)
}

async fn by_days(world: &World, dimension: &str) -> ByValue {
    let sql = "SELECT toString(day) AS d, value AS v, second AS s, events AS e, pageviews AS p, visitors_count AS u
        FROM daily_rollup WHERE {read} AND grain = 'day' AND dimension = {dimension:String}";
    by_value(&world.read(Kind::Rollup, sql, &[("dimension", dimension)]).await)
}

fn by_value(rows: &[Value]) -> ByValue {
    let mut all = ByValue::new();
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let counts = Counts { events: number(&row["e"]), pageviews: number(&row["p"]), visitors: number(&row["u"]) };
        assert!(all.insert((text("d"), text("v"), text("s")), counts).is_none(), "twice: {row}");
    }
    all
}

/// Every session to the last attribute; and what is asked of them, by days of several zones, in SQL.
async fn sessions_are_equal(world: &World, events: &[Event]) {
    let expected = plain::sessions(events);
    let columns = ENTRY.join(", ");
    let sql = format!(
        "SELECT toUnixTimestamp64Milli(started_at) AS a, toUnixTimestamp64Milli(ended_at) AS z, session_id, events,
         pageviews, is_bounce, entry_path, exit_path, {columns} FROM sessions WHERE {{read}}"
    );
    let mut stored: Vec<Session> = world
        .read(Kind::Sessions, &sql, &[])
        .await
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            Session {
                started_at: Timestamp(number(&row["a"])),
                ended_at: Timestamp(number(&row["z"])),
                session_id: text("session_id"),
                events: number(&row["events"]),
                pageviews: number(&row["pageviews"]),
                is_bounce: row["is_bounce"].as_bool().unwrap(),
                entry_path: text("entry_path"),
                exit_path: text("exit_path"),
                entry: ENTRY.iter().map(|name| text(name)).collect(),
            }
        })
        .collect();
    stored.sort();
    assert_eq!(stored.len(), expected.len());
    for (stored, expected) in stored.iter().zip(&expected) {
        assert_eq!(stored, expected);
    }
    for zone in Zone::ALL {
        let mut by_plain: BTreeMap<(String, String), [i64; 3]> = BTreeMap::new();
        for session in &expected {
            let source = ENTRY.iter().zip(&session.entry).find(|(name, _)| **name == "source").unwrap().1.clone();
            let sums = by_plain.entry((zone.day(session.started_at), source)).or_default();
            sums[0] += 1;
            sums[1] += i64::from(session.is_bounce);
            sums[2] += session.ended_at.0 - session.started_at.0;
        }
        let sql = "SELECT toString(toDate(started_at, {zone:String})) AS d, source, count() AS n,
            countIf(is_bounce) AS b, sum(duration_ms) AS t FROM sessions WHERE {read} GROUP BY d, source";
        let rows = world.read(Kind::Sessions, sql, &[("zone", zone.name())]).await;
        let by_sql: BTreeMap<(String, String), [i64; 3]> = rows
            .iter()
            .map(|row| {
                let text = |name: &str| row[name].as_str().unwrap().to_owned();
                ((text("d"), text("source")), [number(&row["n"]), number(&row["b"]), number(&row["t"])])
            })
            .collect();
        assert_eq!(by_sql, by_plain, "{zone:?}");

        // How many start on a day, from the raw events: those that nothing came shortly before.
        let sql = "SELECT toString(toDate(timestamp, {zone:String})) AS d, count() AS n
            FROM (SELECT timestamp, session_id, lagInFrame(timestamp) OVER (PARTITION BY visitor, session_id
            ORDER BY timestamp, event_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before FROM events FINAL
            WHERE project_id = {project:UUID} AND bot_class = '' AND NOT (visitor = 0 AND session_id = ''))
            WHERE dateDiff('millisecond', before, timestamp) >= if(session_id = '', 1800000, 86400000) GROUP BY d";
        let raw = world.ask(sql, &[("zone", zone.name())]).await;
        let by_raw: BTreeMap<String, i64> =
            raw.iter().map(|row| (row["d"].as_str().unwrap().to_owned(), number(&row["n"]))).collect();
        let mut starts: BTreeMap<String, i64> = BTreeMap::new();
        for ((day, _), sums) in &by_plain {
            *starts.entry(day.clone()).or_default() += sums[0];
        }
        assert_eq!(by_raw, starts, "{zone:?}");
    }
}

async fn identities(world: &World) -> BTreeMap<String, String> {
    let sql = "SELECT anonymous_id, argMin(user_id, (timestamp, event_id)) AS user FROM identities WHERE {read}
        GROUP BY anonymous_id";
    pairs(&world.read(Kind::Identities, sql, &[]).await)
}

fn pairs(rows: &[Value]) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.iter().map(|row| (text(&row["anonymous_id"]), text(&row["user"]))).collect()
}
