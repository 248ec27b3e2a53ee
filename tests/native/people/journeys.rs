//! Journeys in both directions, by session and person, pages and events, in plain loops.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use intake::time::Timestamp;
use query::journeys::Journeys;
use serde_json::{Value, json};

use super::funnel::{percent, sessions};
use crate::history::{Event, Random};
use crate::population::{Condition, Population, asked, conditions, pick};
use crate::world::seeds;

const FROM: &str = "2026-10-31T07:00:00Z";
const TO: &str = "2026-11-03T22:00:00Z";

/// A step's name, if the event is one.
fn step<'a>(event: &'a Event, unit: &str) -> Option<&'a str> {
    match unit {
        "path" => (event.event == "pageview").then(|| event.value("path")),
        _ => (event.event != "$identify").then_some(event.event),
    }
}

/// The steps that lead away from the first start; `None` where there is none.
fn way<'a>(events: &[&'a Event], start: Option<&Condition>, unit: &str, back: bool) -> Option<Vec<&'a str>> {
    let mut events = events.to_vec();
    let mut before = None;
    if let Some(start) = start {
        let first = events.iter().position(|event| start.1(event))?;
        before = step(events[first], unit);
        events = if back { events[..first].to_vec() } else { events[first + 1..].to_vec() };
    } else if !events.iter().any(|event| step(event, unit).is_some()) {
        return None;
    }
    if back {
        events.reverse();
    }
    let mut way = Vec::new();
    for name in events.iter().filter_map(|event| step(event, unit)) {
        if before != Some(name) {
            way.push(name);
        }
        before = Some(name);
    }
    Some(way)
}

/// The names at a place that are told, those that most came to first.
fn named<'a>(ways: &[Vec<&'a str>], at: usize, limit: usize) -> Vec<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in ways.iter().filter_map(|way| way.get(at)) {
        *counts.entry(name).or_default() += 1;
    }
    let mut names: Vec<(&str, usize)> = counts.into_iter().collect();
    names.sort_by_key(|(name, count)| (Reverse(*count), *name));
    names.into_iter().take(limit).map(|(name, _)| name).collect()
}

fn told(ways: &[Vec<&str>], steps: usize, limit: usize) -> Value {
    let all = ways.len();
    // A way with its names beyond the limit as `None`, and no longer than is looked at.
    let names: Vec<Vec<&str>> = (0..steps).map(|at| named(ways, at, limit)).collect();
    let ways: Vec<Vec<Option<&str>>> = ways
        .iter()
        .map(|way| {
            let seen = way.iter().take(steps).enumerate();
            seen.map(|(at, name)| names[at].contains(name).then_some(*name)).collect()
        })
        .collect();
    let told = (0..steps).map(|at| {
        let node = |name: Option<&str>| {
            let came = ways.iter().filter(|way| way.get(at) == Some(&name));
            let count = came.clone().count();
            let ended = (at + 1 < steps).then(|| came.filter(|way| way.len() == at + 1).count());
            (count > 0).then(|| json!({ "count": count, "share": percent(count, all), "ended": ended }))
        };
        let nodes: Vec<Value> = names[at]
            .iter()
            .map(|name| {
                let mut node = node(Some(name)).unwrap();
                node["name"] = json!(name);
                node
            })
            .collect();
        let mut links: BTreeMap<(Option<&str>, Option<&str>), usize> = BTreeMap::new();
        for way in ways.iter().filter(|way| at > 0 && way.len() > at) {
            *links.entry((way[at - 1], way[at])).or_default() += 1;
        }
        let mut links: Vec<_> = links.into_iter().collect();
        // Names before the rest.
        links.sort_by_key(|((source, target), count)| {
            (Reverse(*count), source.is_none(), *source, target.is_none(), *target)
        });
        let links: Vec<Value> = links
            .into_iter()
            .map(|((source, target), count)| {
                let from = ways.iter().filter(|way| way.get(at - 1) == Some(&source)).count();
                json!({ "source": source, "target": target, "count": count, "share": percent(count, from) })
            })
            .collect();
        json!({ "step": at + 1, "nodes": nodes, "other": node(None), "links": links })
    });
    told.collect()
}

#[tokio::test]
async fn journeys_equal_plain_loops() {
    let (from, to) = (Timestamp::parse_iso(FROM).unwrap(), Timestamp::parse_iso(TO).unwrap());
    let conditions = conditions();
    let (mut longest, mut others, mut ended) = (0, 0, 0);
    for seed in seeds(&[4, 88, 2026]) {
        let mut random = Random(seed);
        let population = Population::new(&mut random).await;
        for round in 0..60 {
            let start = (!random.one_in(4)).then(|| pick(&mut random, &conditions));
            let (direction, by) = (random.of(&["next", "previous"]), random.of(&["session", "person"]));
            let (unit, steps) = (random.of(&["path", "event"]), random.of(&[1_usize, 2, 3, 5]));
            let limit = random.of(&[1_usize, 2, 3, 50]);
            let filter = random.one_in(3).then(|| pick(&mut random, &conditions));
            let body = json!({
                "start": start.as_ref().map(|start| &start.0), "direction": direction, "by": by, "unit": unit,
                "steps": steps, "limit": limit, "date_range": [FROM, TO],
                "filters": filter.iter().map(|one| &one.0).collect::<Vec<_>>(),
            });
            let fits = |event: &Event| filter.as_ref().is_none_or(|filter| filter.1(event));
            let matters =
                |event: &Event| step(event, unit).is_some() || start.as_ref().is_some_and(|start| start.1(event));
            let people = population.people(|event| {
                event.bot_class.is_empty() && (from..to).contains(&event.timestamp) && fits(event) && matters(event)
            });
            let (nobodys, all) = (people.get(&None).map_or(0, Vec::len), people.values().map(Vec::len).sum());
            let entities: Vec<Vec<&Event>> = if by == "person" {
                people.into_iter().filter(|(person, _)| person.is_some()).map(|(_, events)| events).collect()
            } else {
                let mut sessions = sessions(&population.events, from, to);
                for session in &mut sessions {
                    session.retain(|event| fits(event));
                }
                sessions
            };
            let back = direction == "previous";
            let ways: Vec<Vec<&str>> =
                entities.iter().filter_map(|events| way(events, start.as_ref(), unit, back)).collect();

            let answer = population.answer(Journeys::from_json(&body, asked()).unwrap()).await;
            let context = format!("seed {seed} round {round} {body}");
            let stopped = ways.iter().filter(|way| way.is_empty()).count();
            assert_eq!(answer["start"], json!({ "count": ways.len(), "ended": stopped }), "{context}");
            assert_eq!(answer["steps"], told(&ways, steps, limit), "{context}");
            if by == "person" {
                assert_eq!(answer["meta"]["cookieless_excluded"], percent(nobodys, all), "{context}");
            }
            longest = longest.max(ways.iter().map(Vec::len).max().unwrap_or(0));
            others += usize::from(answer["meta"]["truncated"] == true);
            ended += stopped;
        }
    }
    assert!(longest > 5 && others > 30 && ended > 100, "{longest} {others} {ended}");
}
