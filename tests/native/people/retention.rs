//! Retention by day, week and month in several zones, in plain loops.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{Datelike as _, Months, NaiveDate, TimeZone as _};
use chrono_tz::Tz;
use intake::time::Timestamp;
use query::retention::Retention;
use serde_json::{Value, json};

use super::funnel::percent;
use crate::history::{Event, Random};
use crate::population::{Population, asked, conditions, pick};
use crate::world::seeds;

fn date(zone: Tz, at: Timestamp) -> NaiveDate {
    zone.timestamp_millis_opt(at.0).unwrap().date_naive()
}

/// The first date of a step.
fn begin(interval: &str, date: NaiveDate) -> NaiveDate {
    match interval {
        "week" => date - chrono::Days::new(u64::from(date.weekday().num_days_from_monday())),
        "month" => date.with_day(1).unwrap(),
        _ => date,
    }
}

fn next(interval: &str, date: NaiveDate) -> NaiveDate {
    match interval {
        "week" => date + chrono::Days::new(7),
        "month" => date + Months::new(1),
        _ => date + chrono::Days::new(1),
    }
}

/// Whom the first event put where, and the first dates of the steps with a return.
struct Member {
    cohort: NaiveDate,
    value: String,
    returns: Vec<NaiveDate>,
}

fn rows(
    members: &[&Member],
    interval: &str,
    periods: usize,
    unbounded: bool,
    span: (NaiveDate, NaiveDate),
    today: NaiveDate,
) -> Value {
    let mut rows = Vec::new();
    let mut cohort = begin(interval, span.0);
    while cohort <= span.1 {
        let of: Vec<&&Member> = members.iter().filter(|member| member.cohort == cohort).collect();
        let mut step = cohort;
        let mut returned = Vec::new();
        for _ in 0..periods {
            let came =
                |member: &&&&Member| member.returns.iter().any(|at| if unbounded { *at >= step } else { *at == step });
            returned.push((step <= today).then(|| of.iter().filter(came).count()));
            step = next(interval, step);
        }
        let rates: Vec<Value> =
            returned.iter().map(|one| one.map_or(Value::Null, |one| percent(one, of.len()))).collect();
        rows.push(json!({ "cohort": cohort.to_string(), "size": of.len(), "returned": returned, "rates": rates }));
        cohort = next(interval, cohort);
    }
    Value::Array(rows)
}

#[tokio::test]
async fn retention_equals_plain_loops() {
    let conditions = conditions();
    let now = crate::world::now();
    let mut came_back = 0;
    for seed in seeds(&[5, 77, 2026]) {
        let mut random = Random(seed);
        let population = Population::new(&mut random).await;
        for round in 0..40 {
            if round == 20 {
                population.compute().await;
            }
            let interval = random.of(&["day", "week", "month"]);
            let name = random.of(&["UTC", "Asia/Tokyo", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]);
            let zone: Tz = name.parse().unwrap();
            let periods = random.of(&[1_usize, 2, 3, 5, 25]);
            let unbounded = random.one_in(3);
            let (from, to) = random.of(&[
                ("2026-10-31T00:00:00Z", "2026-11-05T00:00:00Z"),
                ("2026-10-31T17:30:00Z", "2026-11-02T06:10:00Z"),
                ("2026-09-01T00:00:00Z", "2026-11-20T15:00:00Z"),
            ]);
            let cohort = (!random.one_in(3)).then(|| pick(&mut random, &conditions));
            let back = (!random.one_in(3)).then(|| pick(&mut random, &conditions));
            let filter = random.one_in(4).then(|| pick(&mut random, &conditions));
            let mut body = json!({
                "interval": interval, "periods": periods, "unbounded": unbounded, "timezone": name,
                "date_range": [from, to], "breakdown": "source", "filters": filter.iter().map(|one| &one.0).collect::<Vec<_>>(),
            });
            body["cohort_by"] = cohort.as_ref().map_or(json!("first"), |one| one.0.clone());
            if let Some(back) = &back {
                body["return"] = back.0.clone();
            }
            let (from, to) = (Timestamp::parse_iso(from).unwrap(), Timestamp::parse_iso(to).unwrap());
            let span = (date(zone, from), date(zone, to.plus(-1)));
            let mut end = begin(interval, span.1);
            for _ in 0..periods {
                end = next(interval, end);
            }
            let until = |at: Timestamp| at < to || unbounded || date(zone, at) < end;
            let starts = |event: &Event| {
                (from..to).contains(&event.timestamp) && cohort.as_ref().is_none_or(|cohort| cohort.1(event))
            };
            let returns = |event: &Event| back.as_ref().is_none_or(|back| back.1(event));
            let people = population.people(|event| {
                event.bot_class.is_empty()
                    && event.timestamp >= from
                    && until(event.timestamp)
                    && filter.as_ref().is_none_or(|filter| filter.1(event))
                    && (starts(event) || returns(event))
            });
            let nobodys = people.get(&None).map_or(0, Vec::len);
            let all: usize = people.values().map(Vec::len).sum();
            let members: Vec<Member> = people
                .iter()
                .filter(|(person, _)| person.is_some())
                .filter_map(|(_, events)| {
                    let first = events.iter().position(|event| starts(event))?;
                    let back = events[first..].iter().filter(|event| returns(event));
                    Some(Member {
                        cohort: begin(interval, date(zone, events[first].timestamp)),
                        value: events[first].value("source").to_owned(),
                        returns: back.map(|event| begin(interval, date(zone, event.timestamp))).collect(),
                    })
                })
                .collect();
            came_back += members.iter().filter(|one| one.returns.iter().any(|at| *at > one.cohort)).count();
            let today = date(zone, now);
            let told = |members: &[&Member]| rows(members, interval, periods, unbounded, span, today);
            let mut values: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
            for member in &members {
                values.entry(&member.value).or_default().push(member);
            }
            let mut values: Vec<(&str, Vec<&Member>)> = values.into_iter().collect();
            values.sort_by_key(|(value, members)| (Reverse(members.len()), *value));
            let values: Vec<Value> =
                values.iter().map(|(value, members)| json!({ "value": value, "rows": told(members) })).collect();

            let answer = population.answer(Retention::from_json(&body, asked()).unwrap()).await;
            let context = format!("seed {seed} round {round} {body}");
            assert_eq!(answer["rows"], told(&members.iter().collect::<Vec<_>>()), "{context}");
            assert_eq!(answer["breakdown"], Value::Array(values), "{context}");
            assert_eq!(answer["meta"]["cookieless_excluded"], percent(nobodys, all), "{context}");
        }
    }
    assert!(came_back > 100, "hardly anybody came back");
}
