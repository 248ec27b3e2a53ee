//! What a project sends: the question of `GET /v1/schema`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::catalogue::{Axis, axes};
use super::fault::Fault;
use super::given::Given;
use super::row::iso;
use super::shape::Found;
use intake::time::{DAY_MS, Timestamp};
use statement::Binder;
use statement::Range;
use statement::{Scope, Statement};

/// Days that are looked at.
const DAYS: i64 = 90;
/// Most names of events.
const EVENTS: &str = "200";
/// Most keys of an event.
const KEYS: &str = "100";
/// Of an event with more rows than twice this, about so many are looked into for keys.
const SAMPLE: &str = "10000";

/// Whose schema.
#[derive(Debug)]
pub struct Schema {
    project: Option<String>,
    range: Range,
}

#[derive(Serialize)]
struct Answer {
    events: Vec<Event>,
    dimensions: Vec<Axis>,
    meta: Meta,
}

#[derive(Serialize)]
struct Event {
    name: String,
    count: u64,
    first_seen: String,
    last_seen: String,
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Property {
    key: String,
    types: Vec<String>,
}

#[derive(Serialize)]
struct Meta {
    from: String,
    to: String,
    rows_read: u64,
}

#[derive(Deserialize)]
struct Named(String, u64, String, String);

#[derive(Deserialize)]
struct Keyed(String, String, Vec<String>);

impl Schema {
    /// Reads a query string.
    ///
    /// # Errors
    /// The parameter at fault and what it takes.
    pub fn from_parameters(query: &str, now: Timestamp) -> Result<Self, Fault> {
        let given = Given::read(query, &["project"])?;
        let project = given.text("project").filter(|name| !name.is_empty()).map(ToOwned::to_owned);
        // Clocks of devices may be ahead by a day.
        Ok(Self { project, range: Range { from: now.plus(-DAYS * DAY_MS), to: now.plus(DAY_MS) } })
    }

    /// The project that an account key names.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// The names, most frequent first: name, number, first and last instant.
    pub fn events(&self, scope: &Scope<'_>) -> Statement {
        let mut bind = Binder::default();
        let during = scope.during(self.range, &mut bind);
        let limit = bind.value("UInt32", EVENTS);
        let sql = format!(
            "SELECT toString(event) AS name, count() AS n, {}, {}\n\
             FROM events FINAL WHERE {during}\n\
             GROUP BY name ORDER BY n DESC, name LIMIT {limit}\nFORMAT JSONCompactEachRow",
            iso("min(timestamp)"),
            iso("max(timestamp)")
        );
        bind.statement(sql)
    }

    /// Keys of properties: event, key, JSON types; the most frequent ones of each event.
    pub fn properties(&self, scope: &Scope<'_>) -> Statement {
        let mut bind = Binder::default();
        let during = scope.during(self.range, &mut bind);
        let (events, keys) = (bind.value("UInt32", EVENTS), bind.value("UInt32", KEYS));
        let sample = bind.value("UInt64", SAMPLE);
        // Every so-manieth row of frequent events; each event has a width of its own, so that rare ones are
        // looked at whole.
        let sql = format!(
            "WITH (SELECT mapFromArrays(groupArray(name), groupArray(greatest(1, intDiv(n, {sample}))))\n\
             FROM (SELECT toString(event) AS name, count() AS n FROM events FINAL WHERE {during}\n\
             GROUP BY name ORDER BY n DESC, name LIMIT {events})) AS widths\n\
             SELECT name, key, arraySort(groupUniqArray(multiIf(type IN ('Int64', 'UInt64', 'Double'), 'number', \
             type = 'Bool', 'boolean', lower(type)))) AS types\n\
             FROM (SELECT name, key, toString(JSONType(properties, key)) AS type\n\
             FROM (SELECT toString(event) AS name, properties, arrayJoin(arrayDistinct(JSONExtractKeys(properties))) AS key\n\
             FROM events FINAL WHERE {during} AND properties != '' AND widths[toString(event)] > 0\n\
             AND sipHash64(event_id) % greatest(widths[toString(event)], 1) = 0))\n\
             GROUP BY name, key ORDER BY name, count() DESC, key LIMIT {keys} BY name\nFORMAT JSONCompactEachRow",
        );
        bind.statement(sql)
    }

    /// Shapes the answer.
    ///
    /// # Errors
    /// The store's rows are none, for the log.
    pub fn answer(&self, events: &Found, properties: &Found) -> Result<String, String> {
        let mut keys: BTreeMap<String, Vec<Property>> = BTreeMap::new();
        for Keyed(event, key, types) in lines(properties)? {
            keys.entry(event).or_default().push(Property { key, types });
        }
        let events_named: Vec<Named> = lines(events)?;
        let events_told = events_named.into_iter().map(|Named(name, count, first_seen, last_seen)| {
            let properties = keys.remove(&name).unwrap_or_default();
            Event { name, count, first_seen, last_seen, properties }
        });
        let answer = Answer {
            events: events_told.collect(),
            dimensions: axes(),
            meta: Meta {
                from: self.range.from.to_iso(),
                to: self.range.to.to_iso(),
                rows_read: events.rows_read + properties.rows_read,
            },
        };
        serde_json::to_string(&answer).map_err(|error| error.to_string())
    }
}

fn lines<T: serde::de::DeserializeOwned>(found: &Found) -> Result<Vec<T>, String> {
    let text = str::from_utf8(&found.lines).map_err(|error| error.to_string())?;
    text.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect()
}
