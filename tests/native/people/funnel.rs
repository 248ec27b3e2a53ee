//! Funnels, strict and in any order, by person and by session, by brute force.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use intake::time::Timestamp;
use query::funnel::Funnel;
use serde_json::{Value, json};

use crate::history::{Event, Random};
use crate::plain;
use crate::population::{Condition, Population, asked, conditions, pick};
use crate::world::seeds;

const FROM: &str = "2026-10-31T07:00:00Z";
const TO: &str = "2026-11-03T22:00:00Z";

/// How far one came: the first event of the run, and when each step was done.
#[derive(Debug, Clone)]
struct Run {
    value: String,
    times: Vec<i64>,
}

/// The chains from every first step, each step by the first event after; of the longest the one that ends first, of
/// these the one that begins last.
fn strict(events: &[&Event], steps: &[Condition], window: i64) -> Option<Run> {
    let mut best: Option<Vec<usize>> = None;
    for start in (0..events.len()).filter(|at| steps[0].1(events[*at])) {
        let mut chain = vec![start];
        for step in &steps[1..] {
            let last = *chain.last().unwrap();
            let next = (last + 1..events.len()).find(|at| step.1(events[*at]));
            match next.filter(|at| events[*at].timestamp.0 - events[start].timestamp.0 <= window) {
                Some(next) => chain.push(next),
                None => break,
            }
        }
        let rank = |chain: &[usize]| (Reverse(chain.len()), chain[chain.len() - 1], Reverse(chain[0]));
        if best.as_ref().is_none_or(|best| rank(&chain) < rank(best)) {
            best = Some(chain);
        }
    }
    best.map(|chain| Run {
        value: events[chain[0]].value("source").to_owned(),
        times: chain.iter().map(|at| events[*at].timestamp.0).collect(),
    })
}

/// Finds an event for a step, where need be by giving the step that has it another one.
fn place(step: usize, events: &[&Event], steps: &[Condition], owner: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    for at in 0..events.len() {
        if seen[at] || !steps[step].1(events[at]) {
            continue;
        }
        seen[at] = true;
        if owner[at].is_none_or(|other| place(other, events, steps, owner, seen)) {
            owner[at] = Some(step);
            return true;
        }
    }
    false
}

/// How many steps, from the first on, can each have an event of their own.
fn level(events: &[&Event], steps: &[Condition]) -> usize {
    let mut owner: Vec<Option<usize>> = vec![None; events.len()];
    (0..steps.len()).take_while(|step| place(*step, events, steps, &mut owner, &mut vec![false; events.len()])).count()
}

/// Of all stretches within the window that hold the most steps, the one that ends first, of these the one that
/// begins last; a step is done once it and all before it are.
fn any(events: &[&Event], steps: &[Condition], window: i64) -> Option<Run> {
    let mut best: Option<(usize, usize, usize)> = None;
    for end in 0..events.len() {
        for begin in (0..=end).rev() {
            if events[end].timestamp.0 - events[begin].timestamp.0 > window {
                break;
            }
            let level = level(&events[begin..=end], steps);
            if level > 0 && best.is_none_or(|(most, ..)| level > most) {
                best = Some((level, begin, end));
            }
        }
    }
    best.map(|(most, begin, end)| {
        let done = |step: usize| (begin..=end).find(|at| level(&events[begin..=*at], steps) >= step).unwrap();
        Run {
            value: events[done(1)].value("source").to_owned(),
            times: (1..=most).map(|step| events[done(step)].timestamp.0).collect(),
        }
    })
}

/// The sessions as lists of their events.
pub fn sessions(events: &[Event], from: Timestamp, to: Timestamp) -> Vec<Vec<&Event>> {
    let mut runs: BTreeMap<(Option<String>, &str), Vec<&Event>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.bot_class.is_empty()) {
        let visitor = plain::visitor(event);
        if visitor.is_some() || !event.session_id.is_empty() {
            runs.entry((visitor, &event.session_id)).or_default().push(event);
        }
    }
    let mut sessions: Vec<Vec<&Event>> = Vec::new();
    for ((_, id), mut run) in runs {
        run.sort_by_key(|event| (event.timestamp, &event.event_id));
        let gap = if id.is_empty() { 30 * 60_000 } else { 24 * 3_600_000 };
        let mut last = None;
        for event in run {
            if last.is_none_or(|last| event.timestamp.0 - last >= gap) {
                sessions.push(Vec::new());
            }
            last = Some(event.timestamp.0);
            sessions.last_mut().unwrap().push(event);
        }
    }
    sessions.retain(|session| (from..to).contains(&session[0].timestamp));
    for session in &mut sessions {
        let last = session[0].day().0 + 1;
        session.retain(|event| event.day().0 <= last);
    }
    sessions
}

pub fn quantile(mut times: Vec<i64>, part: f64) -> Value {
    if times.is_empty() {
        return Value::Null;
    }
    times.sort_unstable();
    let at = part * (times.len() - 1) as f64;
    let (low, high) = (times[at.floor() as usize] as f64, times[at.ceil() as usize] as f64);
    let value = low + (high - low) * at.fract();
    json!(value.round() / 1000.0)
}

pub fn percent(part: usize, whole: usize) -> Value {
    if whole == 0 { Value::Null } else { json!((10_000.0 * part as f64 / whole as f64).round() / 100.0) }
}

fn told(runs: &[&Run], steps: usize) -> Value {
    let count = |index: usize| runs.iter().filter(|run| run.times.len() > index).count();
    let steps = (0..steps).map(|index| {
        let before = count(index.saturating_sub(1));
        let reached = runs.iter().filter(|run| index > 0 && run.times.len() > index);
        let times: Vec<i64> = reached.map(|run| run.times[index] - run.times[index - 1]).collect();
        json!({
            "index": index, "count": count(index), "drop_off": before - count(index),
            "rate_from_start": percent(count(index), count(0)), "rate_from_previous": percent(count(index), before),
            "median_seconds": quantile(times.clone(), 0.5), "p90_seconds": quantile(times, 0.9),
        })
    });
    Value::Array(steps.collect())
}

fn by_value(runs: &[Run], steps: usize) -> Value {
    let mut values: BTreeMap<&str, Vec<&Run>> = BTreeMap::new();
    for run in runs {
        values.entry(&run.value).or_default().push(run);
    }
    let mut values: Vec<(&str, Vec<&Run>)> = values.into_iter().collect();
    values.sort_by_key(|(value, runs)| (Reverse(runs.len()), *value));
    values.into_iter().map(|(value, runs)| json!({ "value": value, "steps": told(&runs, steps) })).collect()
}

#[tokio::test]
async fn funnels_equal_brute_force() {
    let (from, to) = (Timestamp::parse_iso(FROM).unwrap(), Timestamp::parse_iso(TO).unwrap());
    let conditions = conditions();
    let mut deepest = 0;
    for seed in seeds(&[3, 44, 2026]) {
        let mut random = Random(seed);
        let population = Population::new(&mut random).await;
        let inside = |event: &Event| (from..to).contains(&event.timestamp) && event.bot_class.is_empty();
        for round in 0..60 {
            if round == 30 {
                population.compute().await;
            }
            let number = usize::try_from(2 + random.below(4)).unwrap();
            let steps: Vec<Condition> = (0..number).map(|_| pick(&mut random, &conditions)).collect();
            let (word, window) = random.of(&[
                ("1m", 60_000),
                ("5m", 300_000),
                ("45m", 2_700_000),
                ("3h", 10_800_000),
                ("1d", 86_400_000),
                ("90d", 90 * 86_400_000),
            ]);
            let (order, by) = (random.of(&["strict", "any"]), random.of(&["person", "session"]));
            let filter = random.one_in(3).then(|| pick(&mut random, &conditions));
            let body = json!({
                "steps": steps.iter().map(|step| &step.0).collect::<Vec<_>>(), "window": word, "order": order, "by": by,
                "breakdown": "source", "date_range": [FROM, TO], "filters": filter.iter().map(|one| &one.0).collect::<Vec<_>>(),
            });
            let fits = |event: &Event| {
                filter.as_ref().is_none_or(|filter| filter.1(event)) && steps.iter().any(|step| step.1(event))
            };
            let people = population.people(|event| inside(event) && fits(event));
            let left_out = people.get(&None).map_or(0, Vec::len);
            let all: usize = people.values().map(Vec::len).sum();
            let entities: Vec<Vec<&Event>> = if by == "person" {
                people.into_iter().filter(|(person, _)| person.is_some()).map(|(_, events)| events).collect()
            } else {
                let mut sessions = sessions(&population.events, from, to);
                for session in &mut sessions {
                    session.retain(|event| fits(event));
                }
                sessions
            };
            let run = |events: &Vec<&Event>| {
                if order == "strict" { strict(events, &steps, window) } else { any(events, &steps, window) }
            };
            let runs: Vec<Run> = entities.iter().filter_map(run).collect();
            deepest = deepest.max(runs.iter().map(|run| run.times.len()).max().unwrap_or(0));

            let answer = population.answer(Funnel::from_json(&body, asked()).unwrap()).await;
            let context = format!("seed {seed} round {round} {body}");
            assert_eq!(answer["steps"], told(&runs.iter().collect::<Vec<_>>(), number), "{context}");
            assert_eq!(answer["breakdown"], by_value(&runs, number), "{context}");
            if by == "person" {
                assert_eq!(answer["meta"]["cookieless_excluded"], percent(left_out, all), "{context}");
            }
        }
    }
    assert_eq!(deepest, 5, "no funnel was ever gone through to its end");
}
