//! A project with a random history, conditions on its events, and whose each event is.

use std::collections::BTreeMap;

use intake::time::{Day, Timestamp};
use query::{Answer as _, Found, Report, World as Asked};
use serde_json::{Value, json};
use statement::Statement;
use upkeep::rollup::Kind;

use crate::history::{Event, Random, events};
use crate::plain;
use crate::world::{World, now};

/// A condition, as a question has it and as a function.
pub type Condition = (Value, fn(&Event) -> bool);

/// Conditions that overlap in many ways.
pub fn conditions() -> Vec<Condition> {
    vec![
        (json!(["is", "event", ["pageview"]]), |event| event.event == "pageview"),
        (json!(["is", "event", ["click"]]), |event| event.event == "click"),
        (json!(["is", "event", ["$identify"]]), |event| event.event == "$identify"),
        (json!(["is", "event", ["pageview", "click"]]), |event| event.event != "$identify"),
        (json!(["is", "source", ["google"]]), |event| event.value("source") == "google"),
        (json!(["exists", "path"]), |event| !event.value("path").is_empty()),
        (json!(["and", []]), |_| true),
        (json!(["and", [["is", "event", ["click"]], ["not", ["is", "source", ["google"]]]]]), |event| {
            event.event == "click" && event.value("source") != "google"
        }),
    ]
}

pub fn pick(random: &mut Random, conditions: &[Condition]) -> Condition {
    conditions[usize::try_from(random.below(conditions.len() as u64)).unwrap()].clone()
}

/// Properties with and without an order, in several forms, which one event has in all its copies or not.
fn properties(event: &Event) -> &'static str {
    let number: usize = event.event_id.split('-').next_back().unwrap().parse().unwrap();
    [
        "",
        r#"{"order":null}"#,
        r#"{"other":"7"}"#,
        r#"{"order":"7"}"#,
        r#"{"other":1,"order":7}"#,
        r#"{"order":true}"#,
        r#"{"order":""}"#,
        r#"{"order":"b c'"}"#,
    ][number % 8]
}

/// The value of the property `order` as a question sees it.
pub fn order_of(event: &Event) -> &'static str {
    match properties(event) {
        r#"{"order":"7"}"# | r#"{"other":1,"order":7}"# => "7",
        r#"{"order":true}"# => "true",
        r#"{"order":"b c'"}"# => "b c'",
        _ => "",
    }
}

pub struct Population {
    pub world: World,
    /// Each identity once, in no order.
    pub events: Vec<Event>,
}

impl Population {
    pub async fn new(random: &mut Random) -> Self {
        let world = World::new();
        let mut rows = events(random);
        for row in &mut rows {
            let properties = properties(row).to_owned();
            row.values.push(("properties", properties));
        }
        for portion in rows.chunks(rows.len() / 3 + 1) {
            world.insert(&portion.iter().map(Event::to_row).collect::<Vec<_>>()).await;
            // Some days are computed, and some of these written to again.
            let mut days: Vec<Day> = world.due(Kind::Identities).await.into_iter().map(|due| due.day.day).collect();
            random.shuffle(&mut days);
            days.truncate(3);
            world.compute(Kind::Identities, &days).await;
        }
        // Other projects' rows and the other data set's are never counted.
        World::new().insert(&rows.iter().map(Event::to_row).collect::<Vec<_>>()).await;
        let other = rows.iter().map(|row| {
            let mut row = row.to_row();
            row["env"] = json!("test");
            row
        });
        world.insert(&other.collect::<Vec<_>>()).await;
        Self { world, events: plain::once(&rows) }
    }

    /// Computes who was identified as whom on all days: from now on nothing is read from the events for that.
    pub async fn compute(&self) {
        let some = self.world.clean_days(Kind::Identities).await.len();
        self.world.compute_due(Kind::Identities).await;
        let all = self.world.clean_days(Kind::Identities).await.len();
        assert!(0 < some && some < all, "{some} of {all} days were clean: both ways are to be tried");
    }

    /// The events of each person in order, those of nobody under `None`.
    pub fn people(&self, counts: impl Fn(&Event) -> bool) -> BTreeMap<Option<String>, Vec<&Event>> {
        let users = plain::identities(&self.events);
        let mut people: BTreeMap<Option<String>, Vec<&Event>> = BTreeMap::new();
        for event in self.events.iter().filter(|event| counts(event)) {
            people.entry(person(event, &users)).or_default().push(event);
        }
        for events in people.values_mut() {
            events.sort_by_key(|event| (event.timestamp, &event.event_id));
        }
        people
    }

    /// The answer to a question, by the life that every report has.
    pub async fn answer(&self, mut report: impl Report) -> Value {
        let scope = self.world.scope();
        let mut looked_up = Vec::new();
        for lookup in report.lookups(&scope).unwrap() {
            looked_up.push(self.ask(lookup).await);
        }
        let mut found = Vec::new();
        for statement in report.statements(&scope, &looked_up).unwrap() {
            found.push(self.ask(statement).await);
        }
        report.answer(&scope, &found, 1).unwrap().to_value().unwrap()
    }

    pub async fn ask(&self, statement: Statement) -> Found {
        let Statement { sql, parameters } = statement;
        let found = self.world.store.select(sql.clone(), &parameters).await;
        found.unwrap_or_else(|error| panic!("{error:?}\n{sql}\n{parameters:?}")).into()
    }
}

/// Whose an event is; `users` says who each device was first identified as.
pub fn person(event: &Event, users: &BTreeMap<String, String>) -> Option<String> {
    if !event.user_id.is_empty() {
        Some(format!("user {}", event.user_id))
    } else if event.anonymous_id.is_empty() {
        None
    } else {
        let device = &event.anonymous_id;
        Some(users.get(device).map_or_else(|| format!("device {device}"), |user| format!("user {user}")))
    }
}

pub fn asked() -> Asked<'static> {
    Asked { now: now(), timezone: "UTC", offset_at: offset, segments: query::Segments::Closed }
}

fn offset(name: &str, at: Timestamp) -> Option<i32> {
    use chrono::{Offset as _, TimeZone as _};
    let zone: chrono_tz::Tz = name.parse().ok()?;
    Some(zone.timestamp_millis_opt(at.0).single()?.offset().fix().local_minus_utc() / 60)
}
