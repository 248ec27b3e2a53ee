//! The question of `GET /v1/schema`: names of events and keys of properties in use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::catalogue::{Axis, axes};
use super::fault::Fault;
use super::given::Given;
use super::report::{Found, Report};
use super::row::iso;
use super::world::World;
use intake::time::DAY_MS;
use statement::{Binder, Range, Scope, Statement};

/// Parameters that are allowed.
pub const KNOWN: &[&str] = &["project"];

/// Length of the period, in days (`docs/concepts.md`, "Limits").
const DAYS: i64 = 90;
/// Maximum number of event names.
const EVENTS: &str = "200";
/// Maximum number of keys per event.
const KEYS: &str = "100";
/// Size of the sample for keys. Events with more than twice as many rows are sampled, the others are read completely.
const SAMPLE: &str = "10000";

/// A question for the names and keys in use.
#[derive(Debug)]
pub struct Schema {
    project: Option<String>,
    range: Range,
}

/// Names of events and keys of properties in use.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct InUse {
    /// Most frequent first, 200 at most.
    pub events: Vec<EventInUse>,
    /// What to group by, as in `GET /v1/metrics`.
    pub dimensions: Vec<Axis>,
    /// What the answer is based on.
    pub meta: InUseMeta,
}

/// An event that was sent.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct EventInUse {
    /// Its name.
    pub name: String,
    /// Number of events.
    pub count: u64,
    /// Time of the first one.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub first_seen: String,
    /// Time of the last one.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub last_seen: String,
    /// Most frequent first, 100 at most.
    pub properties: Vec<PropertyInUse>,
}

/// A property that was sent.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct PropertyInUse {
    /// Its key.
    pub key: String,
    /// The JSON types of its values: `string`, `number`, `boolean`, `array`, `object`, `null`.
    pub types: Vec<String>,
}

/// Period and effort.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct InUseMeta {
    /// First instant of the period.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub from: String,
    /// End of the period, excluded.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub to: String,
    /// How many rows the store read.
    pub rows_read: u64,
}

#[derive(Deserialize)]
struct Named(String, u64, String, String);

#[derive(Deserialize)]
struct Keyed(String, String, Vec<String>);

impl Report for Schema {
    type Answer = InUse;

    fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    fn statements(&mut self, scope: &Scope<'_>, _: &[Found]) -> Result<Vec<Statement>, String> {
        Ok(vec![self.events(scope), self.properties(scope)])
    }

    fn answer(&self, _: &Scope<'_>, found: &[Found], _elapsed_ms: i64) -> Result<InUse, String> {
        match found {
            [events, properties] => self.in_use(events, properties),
            _ => Err("expected two answers".to_owned()),
        }
    }
}

impl Schema {
    /// Parses a query string.
    ///
    /// # Errors
    /// The parameter that cannot be parsed, and what it allows.
    pub fn from_parameters(query: &str, world: World<'_>) -> Result<Self, Fault> {
        let given = Given::read(query, KNOWN)?;
        let project = given.text("project").filter(|name| !name.is_empty()).map(ToOwned::to_owned);
        // Timestamps can be up to a day in the future (`docs/concepts.md`, "Time").
        Ok(Self { project, range: Range { from: world.now.plus(-DAYS * DAY_MS), to: world.now.plus(DAY_MS) } })
    }

    /// Event names, most frequent first. Rows: name, count, first and last timestamp.
    fn events(&self, scope: &Scope<'_>) -> Statement {
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

    /// The most frequent property keys of each event. Rows: event, key, JSON types.
    fn properties(&self, scope: &Scope<'_>) -> Statement {
        let mut bind = Binder::default();
        let during = scope.during(self.range, &mut bind);
        let (events, keys) = (bind.value("UInt32", EVENTS), bind.value("UInt32", KEYS));
        let sample = bind.value("UInt64", SAMPLE);
        // Reads every n-th row, with an n for each event name, so that rare events are read completely.
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

    fn in_use(&self, events: &Found, properties: &Found) -> Result<InUse, String> {
        let mut keys: BTreeMap<String, Vec<PropertyInUse>> = BTreeMap::new();
        for Keyed(event, key, types) in lines(properties)? {
            keys.entry(event).or_default().push(PropertyInUse { key, types });
        }
        let names: Vec<Named> = lines(events)?;
        let names = names.into_iter().map(|Named(name, count, first_seen, last_seen)| {
            let properties = keys.remove(&name).unwrap_or_default();
            EventInUse { name, count, first_seen, last_seen, properties }
        });
        Ok(InUse {
            events: names.collect(),
            dimensions: axes(),
            meta: InUseMeta {
                from: self.range.from.to_iso(),
                to: self.range.to.to_iso(),
                rows_read: events.rows_read + properties.rows_read,
            },
        })
    }
}

fn lines<T: serde::de::DeserializeOwned>(found: &Found) -> Result<Vec<T>, String> {
    let text = str::from_utf8(&found.lines).map_err(|error| error.to_string())?;
    text.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect()
}
