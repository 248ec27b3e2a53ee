//! A question from JSON: the one reader, for bodies, query parameters and tools.

use serde_json::{Map, Value};

use super::dimension::{Dimension, Interval};
use super::fault::{Fault, Path};
use super::filter::{self, Filter};
use super::metric::{Level, Metric};
use super::model::{Direction, Include, Key, MAX_LIMIT, Query};
use super::range::{Compare, Period};
use super::segment::Segments;
use super::zone::Zone;
use intake::error::ErrorCode;
use intake::time::Timestamp;

/// Most columns to group by (contract, "Limits").
pub const MAX_DIMENSIONS: usize = 10;
/// Most metrics of one question.
pub const MAX_METRICS: usize = 20;
/// Rows of an answer unless told otherwise.
pub const DEFAULT_LIMIT: u32 = 1000;
/// Most characters of a cursor; one that holds the longest event id stays below it.
pub const MAX_CURSOR: usize = 1024;
/// Finest steps at most: two days of minutes, 90 days of hours.
const MAX_STEPS: i64 = 10_000;

/// Members of a question.
pub const MEMBERS: &[&str] = &[
    "project",
    "metrics",
    "dimensions",
    "date_range",
    "timezone",
    "filters",
    "goal",
    "order_by",
    "compare",
    "include",
    "limit",
    "cursor",
];
const INCLUDES: &[&str] = &["bots", "total_rows", "totals", "gap_fill"];

/// What the world brings to a question.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// When it is asked.
    pub now: Timestamp,
    /// The zone where none is asked for: the project's.
    pub timezone: &'a str,
    /// A zone's offset in minutes at an instant; `None` where there is no such zone.
    pub offset_at: fn(&str, Timestamp) -> Option<i32>,
    /// The project's saved segments.
    pub segments: Segments<'a>,
}

/// Where the members of a question stand.
pub trait Members {
    /// A member's value, and its place.
    fn member(&self, name: &str) -> (Option<&Value>, Path<'static>);

    /// The period, and its place.
    ///
    /// # Errors
    /// It is none.
    fn period(&self) -> Result<(Period, Path<'static>), Fault> {
        let (value, path) = self.member("date_range");
        let period = value.map_or(Ok(Period::Days(30)), |value| Period::read(value, &path))?;
        Ok((period, path))
    }
}

impl Members for Map<String, Value> {
    fn member(&self, name: &str) -> (Option<&Value>, Path<'static>) {
        (self.get(name).filter(|value| !value.is_null()), Path::new("").member(name))
    }
}

/// Reads a question from a JSON body.
///
/// # Errors
/// What is wrong, with its path and what is allowed. A member that is unknown is an error too: a misspelt
/// filter must not answer another question.
pub fn from_json(body: &Value, world: World<'_>) -> Result<Query, Fault> {
    let root = Path::new("");
    let members = body.as_object().ok_or_else(|| root.fault("must be a JSON object"))?;
    known(members, MEMBERS, &root)?;
    read(members, world)
}

/// Every member is one of these.
pub(super) fn known(members: &Map<String, Value>, allowed: &[&str], path: &Path<'_>) -> Result<(), Fault> {
    match members.keys().find(|name| !allowed.contains(&name.as_str())) {
        Some(name) => Err(path.member(name).fault(format!("is not known; allowed are {}", allowed.join(", ")))),
        None => Ok(()),
    }
}

/// Reads a question from its members.
///
/// # Errors
/// As [`from_json`].
pub fn read(members: &impl Members, world: World<'_>) -> Result<Query, Fault> {
    let (value, path) = members.member("metrics");
    let metrics = match value {
        None => vec![Metric::Events],
        Some(value) => list(value, &path, MAX_METRICS, metric)?,
    };
    if metrics.is_empty() {
        return Err(path.fault("must name each metric once, and one at least"));
    }
    let (value, path) = members.member("dimensions");
    let dimensions = match value {
        None => Vec::new(),
        Some(value) => list(value, &path, MAX_DIMENSIONS, dimension)?,
    };
    if dimensions.iter().filter(|one| matches!(one, Dimension::Time(_))).count() > 1 {
        return Err(path.fault("must have one time axis at most"));
    }

    let (zone, range, compare) = periods(members, world, 0)?;
    let (value, path) = members.member("filters");
    let filter = value.map_or(Ok(Filter::And(Vec::new())), |value| filter::read_all(value, &path, world.segments))?;
    let (value, path) = members.member("goal");
    let goal = value.map(|value| filter::read_event(value, &path, world.segments)).transpose()?;
    let (value, path) = members.member("include");
    let include = value.map_or(Ok(Include::default()), |value| include(value, &path))?;
    let (value, path) = members.member("limit");
    let limit = match value {
        None => DEFAULT_LIMIT,
        Some(value) => whole(value, MAX_LIMIT, &path)?,
    };
    let project = project(members)?;
    let (value, path) = members.member("order_by");
    let order_by = order(value, &path, &metrics, &dimensions)?;
    let (value, path) = members.member("cursor");
    let cursor = match value {
        None => None,
        Some(Value::String(text)) if text.len() <= MAX_CURSOR => Some((text.clone(), path.fault("").path)),
        Some(_) => return Err(path.fault("must be a next_cursor of an answer")),
    };
    let query = Query {
        project,
        metrics,
        dimensions,
        range,
        zone,
        filter,
        goal,
        order_by,
        compare,
        include,
        limit,
        offset: 0,
        cursor,
    };
    check(&query, members)?;
    Ok(query)
}

/// A dimension in a sentence; a caller's own words are not repeated.
fn named(dimension: &Dimension) -> String {
    if matches!(dimension, Dimension::Property(_)) { "properties".to_owned() } else { dimension.key() }
}

/// What each part allows and the whole does not.
fn check(query: &Query, members: &impl Members) -> Result<(), Fault> {
    let dimensions = members.member("dimensions").1;
    let filters = members.member("filters").1;
    for (index, dimension) in query.dimensions.iter().enumerate() {
        if query.has_sessions() && !dimension.is_known_to(Level::Session) {
            let message = format!(
                "sessions have no {}: ask for it without sessions, bounce_rate, session_duration and views_per_session",
                named(dimension)
            );
            return Err(dimensions.index(index).fault(message).code(ErrorCode::InvalidGroupBy));
        }
        if query.has_events() && !dimension.is_known_to(Level::Event) {
            let message = format!("events have no {}: ask for it with metrics of sessions alone", named(dimension));
            return Err(dimensions.index(index).fault(message).code(ErrorCode::InvalidGroupBy));
        }
    }
    if query.has_events() && !query.filter.is_known_to(Level::Event) {
        return Err(filters.fault("entry_path and exit_path are of sessions: ask for metrics of sessions alone"));
    }
    if query.metrics.contains(&Metric::ConversionRate) && query.goal.is_none() {
        return Err(members
            .member("goal")
            .1
            .fault("is missing: conversion_rate needs one, e.g. [\"is\",\"event\",[\"signup\"]]"));
    }
    if let Some(interval) = query.interval() {
        let width = match interval {
            Interval::Minute => 60_000,
            Interval::Hour => 3_600_000,
            Interval::Day | Interval::Week | Interval::Month => intake::time::DAY_MS,
        };
        if (query.range.to.0 - query.range.from.0) / width > MAX_STEPS {
            let message = format!("the period has more than {MAX_STEPS} steps of this width; take a wider one");
            return Err(dimensions.fault(message));
        }
    }
    Ok(())
}

/// Slug or id of the project, where one is named.
pub(super) fn project(members: &impl Members) -> Result<Option<String>, Fault> {
    let (value, path) = members.member("project");
    match value {
        None => Ok(None),
        Some(Value::String(name)) if name.is_empty() => Ok(None),
        Some(Value::String(name)) if name.chars().count() <= 128 => Ok(Some(name.clone())),
        Some(_) => Err(path.fault("must be a project's slug or id")),
    }
}

/// The zone, the period and the one it is compared with. The zone is known for `ahead` milliseconds more after the
/// period, as far as time has come.
pub(super) fn periods(
    members: &impl Members,
    world: World<'_>,
    ahead: i64,
) -> Result<(Zone, statement::Range, Option<statement::Range>), Fault> {
    let (period, path) = members.period()?;
    let (value, compare_path) = members.member("compare");
    let compare = value.map(|value| Compare::read(value, &compare_path)).transpose()?;
    let (value, zone_path) = members.member("timezone");
    let name = match value {
        None => world.timezone,
        Some(Value::String(name)) if name.len() <= 64 => name,
        Some(_) => return Err(zone_path.fault(ZONE)),
    };
    let mut around = period.around(world.now);
    if let Some(Compare::With(other)) = &compare {
        let other = other.around(world.now);
        around.from = around.from.min(other.from);
        around.to = around.to.max(other.to);
    }
    let come = world.now.plus(intake::time::DAY_MS);
    around.to = around.to.max(Timestamp(around.to.0.saturating_add(ahead)).min(come));
    let zone = if name == "UTC" {
        Zone::utc()
    } else {
        Zone::learn(name, around.from, around.to, world.offset_at).ok_or_else(|| zone_path.fault(ZONE))?
    };
    let range = period.resolve(world.now, &zone, &path)?;
    let compare = compare.map(|compare| compare.resolve(range, world.now, &zone, &compare_path)).transpose()?;
    Ok((zone, range, compare))
}

const ZONE: &str = "must be a time zone of the IANA database, e.g. Europe/Berlin, America/New_York, UTC";

/// A list of things, each once. A single one may stand without brackets.
fn list<T: PartialEq>(
    value: &Value,
    path: &Path<'_>,
    max: usize,
    read: fn(&Value, &Path<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let one = std::slice::from_ref(value);
    let items = value.as_array().map_or(one, Vec::as_slice);
    if items.len() > max {
        return Err(path.fault(format!("must hold {max} at most")));
    }
    let mut found = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let at = path.index(index);
        let item = read(item, &at)?;
        if found.contains(&item) {
            return Err(at.fault("must name each once"));
        }
        found.push(item);
    }
    Ok(found)
}

fn metric(value: &Value, path: &Path<'_>) -> Result<Metric, Fault> {
    value.as_str().and_then(Metric::parse).ok_or_else(|| {
        let names: Vec<&str> = Metric::ALL.iter().map(|metric| metric.as_str()).collect();
        path.fault(format!("must be of {}", names.join(", ")))
    })
}

fn dimension(value: &Value, path: &Path<'_>) -> Result<Dimension, Fault> {
    let read = value.as_str().ok_or_else(super::dimension::allowed).and_then(Dimension::parse);
    read.map_err(|allowed| path.fault(allowed).code(ErrorCode::InvalidGroupBy))
}

fn include(value: &Value, path: &Path<'_>) -> Result<Include, Fault> {
    let members = value.as_object().ok_or_else(|| path.fault("must be an object of true and false"))?;
    known(members, INCLUDES, path)?;
    let flag = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(wanted)) => Ok(*wanted),
        Some(_) => Err(path.member(name).fault("must be true or false")),
    };
    Ok(Include {
        bots: flag("bots")?,
        total_rows: flag("total_rows")?,
        totals: flag("totals")?,
        gap_fill: flag("gap_fill")?,
    })
}

/// A whole number from 1 to `max`.
pub(super) fn whole(value: &Value, max: u32, path: &Path<'_>) -> Result<u32, Fault> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|n| (1..=max).contains(n));
    number.ok_or_else(|| path.fault(format!("must be a whole number from 1 to {max}")))
}

/// As asked; then, or without being asked, time first, the first metric, and all dimensions: the order of rows
/// must be whole, or pages would overlap.
fn order(
    value: Option<&Value>,
    path: &Path<'_>,
    metrics: &[Metric],
    dimensions: &[Dimension],
) -> Result<Vec<(Key, Direction)>, Fault> {
    let mut order: Vec<(Key, Direction)> = Vec::new();
    let mut add = |key: Key, direction: Direction| {
        if !order.iter().any(|(known, _)| *known == key) {
            order.push((key, direction));
        }
    };
    let items = match value {
        None => &[][..],
        Some(value) => {
            value.as_array().ok_or_else(|| path.fault("must be a list such as [[\"visitors\",\"desc\"]]"))?
        }
    };
    for (index, item) in items.iter().enumerate() {
        let at = path.index(index);
        let pair = item.as_array().map(Vec::as_slice).unwrap_or_default();
        let [Value::String(name), Value::String(direction)] = pair else {
            return Err(at.fault("must be a pair such as [\"visitors\",\"desc\"]"));
        };
        let metric = Metric::parse(name).filter(|metric| metrics.contains(metric)).map(Key::Metric);
        let dimension = || Dimension::parse(name).ok().filter(|one| dimensions.contains(one)).map(Key::Dimension);
        let key = metric
            .or_else(dimension)
            .ok_or_else(|| at.index(0).fault("must be one of the question's metrics or dimensions"))?;
        add(
            key,
            match direction.as_str() {
                "asc" => Direction::Asc,
                "desc" => Direction::Desc,
                _ => return Err(at.index(1).fault("must be asc or desc")),
            },
        );
    }
    for time in dimensions.iter().filter(|one| matches!(one, Dimension::Time(_))) {
        add(Key::Dimension(time.clone()), Direction::Asc);
    }
    if let Some(metric) = metrics.first() {
        add(Key::Metric(*metric), Direction::Desc);
    }
    for dimension in dimensions {
        add(Key::Dimension(dimension.clone()), Direction::Asc);
    }
    Ok(order)
}
