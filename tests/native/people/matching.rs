//! Pairs of triggers and results, by person, user and property, in plain loops.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use intake::time::Timestamp;
use query::matching::Match;
use serde_json::{Value, json};

use super::funnel::{percent, quantile};
use crate::history::{Event, Random};
use crate::population::{Population, asked, conditions, order_of, pick};
use crate::world::seeds;

const FROM: &str = "2026-10-31T07:00:00Z";
const TO: &str = "2026-11-03T22:00:00Z";

/// A trigger, and how much later what came.
struct Trigger<'a> {
    value: &'a str,
    result: Option<(i64, &'a str)>,
}

/// The numbers of some triggers.
fn told(triggers: &[&Trigger<'_>]) -> Value {
    let times: Vec<i64> = triggers.iter().filter_map(|trigger| trigger.result.map(|(time, _)| time)).collect();
    json!({
        "triggers": triggers.len(), "matched": times.len(), "match_rate": percent(times.len(), triggers.len()),
        "median_seconds": quantile(times.clone(), 0.5), "p90_seconds": quantile(times, 0.9),
    })
}

fn results(triggers: &[Trigger<'_>]) -> Value {
    let mut by: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (time, name) in triggers.iter().filter_map(|trigger| trigger.result) {
        by.entry(name).or_default().push(time);
    }
    let all: usize = by.values().map(Vec::len).sum();
    let mut by: Vec<(&str, Vec<i64>)> = by.into_iter().collect();
    by.sort_by_key(|(name, times)| (Reverse(times.len()), *name));
    let result = |(name, times): (&str, Vec<i64>)| {
        json!({
            "value": name, "matched": times.len(), "share": percent(times.len(), all),
            "median_seconds": quantile(times.clone(), 0.5), "p90_seconds": quantile(times, 0.9),
        })
    };
    by.into_iter().map(result).collect()
}

#[tokio::test]
async fn pairs_equal_plain_loops() {
    let (from, to) = (Timestamp::parse_iso(FROM).unwrap(), Timestamp::parse_iso(TO).unwrap());
    let conditions = conditions();
    let (mut matched, mut missed, mut served_twice) = (0, 0, 0);
    for seed in seeds(&[9, 123, 2026]) {
        let mut random = Random(seed);
        let population = Population::new(&mut random).await;
        for round in 0..60 {
            let (trigger, result) = (pick(&mut random, &conditions), pick(&mut random, &conditions));
            let on = random.of(&["person", "user_id", "prop:order"]);
            let (word, window) = random.of(&[("1s", 1000), ("20s", 20_000), ("45m", 2_700_000), ("1d", 86_400_000)]);
            let filter = random.one_in(3).then(|| pick(&mut random, &conditions));
            let body = json!({
                "trigger": trigger.0, "result": result.0, "on": on, "window": word, "breakdown": "source",
                "result_by": "event", "date_range": [FROM, TO], "filters": filter.iter().map(|one| &one.0).collect::<Vec<_>>(),
            });
            let starts = |event: &Event| event.timestamp < to && trigger.1(event);
            let counts = |event: &Event| {
                event.bot_class.is_empty()
                    && (from..to.plus(window)).contains(&event.timestamp)
                    && filter.as_ref().is_none_or(|filter| filter.1(event))
                    && (starts(event) || result.1(event))
            };
            let shared: BTreeMap<Option<String>, Vec<&Event>> = if on == "person" {
                population.people(counts)
            } else {
                let mut shared: BTreeMap<Option<String>, Vec<&Event>> = BTreeMap::new();
                for event in population.events.iter().filter(|event| counts(event)) {
                    let value = if on == "user_id" { event.user_id.clone() } else { order_of(event).to_owned() };
                    shared.entry(Some(value).filter(|value| !value.is_empty())).or_default().push(event);
                }
                for events in shared.values_mut() {
                    events.sort_by_key(|event| (event.timestamp, &event.event_id));
                }
                shared
            };
            let all: usize = shared.values().map(Vec::len).sum();
            let without = shared.get(&None).map_or(0, Vec::len);
            let mut triggers = Vec::new();
            for events in shared.iter().filter(|(value, _)| value.is_some()).map(|(_, events)| events) {
                let mut served = BTreeMap::new();
                for (at, event) in events.iter().enumerate().filter(|(_, event)| starts(event)) {
                    let next = (at + 1..events.len()).find(|next| result.1(events[*next]));
                    let after = |next: usize| events[next].timestamp.0 - event.timestamp.0;
                    let next = next.filter(|next| after(*next) <= window);
                    triggers.push(Trigger {
                        value: event.value("source"),
                        result: next.map(|next| (after(next), events[next].event)),
                    });
                    if let Some(next) = next {
                        *served.entry(next).or_insert(0) += 1;
                    }
                }
                served_twice += served.values().filter(|times| **times > 1).count();
            }
            matched += triggers.iter().filter(|trigger| trigger.result.is_some()).count();
            missed += triggers.iter().filter(|trigger| trigger.result.is_none()).count();
            let mut by: BTreeMap<&str, Vec<&Trigger<'_>>> = BTreeMap::new();
            for trigger in &triggers {
                by.entry(trigger.value).or_default().push(trigger);
            }
            let mut by: Vec<(&str, Vec<&Trigger<'_>>)> = by.into_iter().collect();
            by.sort_by_key(|(value, triggers)| (Reverse(triggers.len()), *value));
            let breakdown: Vec<Value> = by
                .iter()
                .map(|(value, triggers)| {
                    let mut row = told(triggers);
                    row["value"] = json!(value);
                    row
                })
                .collect();

            let mut answer = population.answer(Match::from_json(&body, asked()).unwrap()).await;
            let context = format!("seed {seed} round {round} {body}");
            assert_eq!(answer["breakdown"].take(), Value::Array(breakdown), "{context}");
            assert_eq!(answer["results"].take(), results(&triggers), "{context}");
            let share = if on == "person" { "cookieless_excluded" } else { "unshared_excluded" };
            assert_eq!(answer["meta"][share], percent(without, all), "{context}");
            let mut expected = told(&triggers.iter().collect::<Vec<_>>());
            for name in ["breakdown", "results"] {
                expected[name] = Value::Null;
            }
            expected["meta"] = answer["meta"].clone();
            assert_eq!(answer, expected, "{context}");
        }
    }
    assert!(matched > 500 && missed > 500 && served_twice > 50, "{matched} {missed} {served_twice}");
}
