//! How many users there are, in plain loops; and where it is read who they are.

use std::collections::{BTreeMap, BTreeSet};

use intake::time::Timestamp;
use query::{Plan, build, from_json};
use serde_json::{Value, json};

use crate::history::{Event, Random};
use crate::plain;
use crate::population::{Population, asked, conditions, person, pick};
use crate::world::seeds;

/// What the store counts, by source.
async fn users(population: &Population, body: &Value) -> BTreeMap<String, u64> {
    let query = from_json(body, asked()).unwrap();
    let found = population.ask(build(&query, &population.world.scope(), &Plan::default())).await;
    let text = String::from_utf8(found.lines).unwrap();
    text.lines().map(|line| serde_json::from_str::<(String, u64)>(line).unwrap()).collect()
}

#[tokio::test]
async fn users_equal_plain_loops() {
    let (from, to) = ("2026-10-31T07:00:00Z", "2026-11-03T22:00:00Z");
    let inside = |event: &Event| {
        (Timestamp::parse_iso(from).unwrap()..Timestamp::parse_iso(to).unwrap()).contains(&event.timestamp)
    };
    for seed in seeds(&[9, 404, 2026]) {
        let mut random = Random(seed);
        let population = Population::new(&mut random).await;
        let links = plain::identities(&population.events);
        for round in 0..20 {
            if round == 10 {
                population.compute().await;
            }
            let filter = pick(&mut random, &conditions());
            let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for event in population.events.iter().filter(|event| event.bot_class.is_empty() && inside(event)) {
                if filter.1(event) {
                    expected.entry(event.value("source").to_owned()).or_default().extend(person(event, &links));
                }
            }
            let expected: BTreeMap<String, u64> =
                expected.into_iter().map(|(source, people)| (source, people.len() as u64)).collect();
            let body = json!({
                "metrics": ["users"], "dimensions": ["source"], "date_range": [from, to], "filters": [filter.0],
            });
            assert_eq!(users(&population, &body).await, expected, "seed {seed} round {round} {body}");
        }
    }
}

#[tokio::test]
async fn clean_days_are_read_from_the_table_of_identities() {
    let population = Population::new(&mut Random(5)).await;
    let body = json!({ "metrics": ["users"], "dimensions": ["source"], "date_range": ["2026-10-01", "2026-11-10"] });
    population.compute().await;
    let before = users(&population, &body).await;
    // What the events do not say: all devices are one user's.
    let sql = "INSERT INTO identities (project_id, env, day, generation, anonymous_id, user_id, timestamp, event_id)
        SELECT project_id, env, day, max(generation), arrayJoin((SELECT groupUniqArray(anonymous_id) FROM events
        WHERE project_id = {project:UUID})), 'one', toDateTime64('2026-10-01 00:00:00', 3, 'UTC'), ''
        FROM computed WHERE project_id = {project:UUID} AND kind = 'identities' GROUP BY project_id, env, day";
    population.world.execute(sql).await;
    let after = users(&population, &body).await;
    assert!(after.values().sum::<u64>() < before.values().sum(), "{before:?} {after:?}");
}
