//! Parses the question of `/v1/stats`. Bodies, query parameters and tools all go through [`read`].

use serde_json::Value;

use crate::dimension::{Dimension, Interval};
use crate::fault::{Fault, Path};
use crate::filter::{Filter, sessions_only};
use crate::member::{
    Condition, Conditions, Cursor, Dimensions, MAX_PROJECT, MAX_ZONE, Member, Members, Metrics, Project, Whole, Within,
    ZONE, ZoneName, known, question,
};
use crate::metric::{Level, Metric};
use crate::model::{Direction, Key, MAX_LIMIT, Query};
use crate::nearest::unknown;
use crate::range::{Compare, Period};
use crate::world::World;
use crate::zone::Zone;
use intake::error::ErrorCode;
use intake::time::Timestamp;

/// Default maximum number of rows of an answer.
pub const DEFAULT_LIMIT: u32 = 1000;
/// Maximum number of steps of a time axis: about a week of minutes, or more than a year of hours.
const MAX_STEPS: i64 = 10_000;

question! {
    /// A question. Without members: the number of events of the last 30 days.
    pub struct StatsQuestion {
        /// Slug or id of the project: for account keys, and only for them.
        project: Project,
        /// What to measure; `events` by default.
        metrics: Metrics,
        /// What to group by, with one time axis at most.
        dimensions: Dimensions,
        date_range: Period,
        /// Time zone of the IANA database; by default the project's.
        timezone: ZoneName,
        /// Conditions that must all hold.
        filters: Conditions,
        /// What a conversion is, for `conversion_rate`: a condition on single events.
        goal: Condition,
        order_by: OrderBy,
        compare: Compare,
        include: Include,
        /// Maximum number of rows in the answer.
        #[cfg_attr(feature = "documented", schemars(extend("default" = DEFAULT_LIMIT)))]
        limit: Whole<MAX_LIMIT>,
        /// `next_cursor` of the previous page, with the same question.
        cursor: Cursor,
    }
}

question! {
    /// What to add to the answer.
    pub struct Include {
        /// Count bots as well.
        bots: bool,
        /// Add the number of rows without a limit.
        total_rows: bool,
        /// Add the metrics over all rows.
        totals: bool,
        /// Add a row for each step of the time axis that has no events.
        gap_fill: bool,
    }
}

impl Member for Include {
    fn read(value: &Value, path: &Path<'_>, world: World<'_>) -> Result<Self, Fault> {
        Self::of(&Within::open(value, Self::MEMBERS, path)?, world)
    }
}

/// `order_by` as it was sent. It can only be checked against the question's metrics and dimensions.
#[derive(Debug)]
pub struct OrderBy(pub(crate) Value);

impl Member for OrderBy {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        if value.is_array() {
            Ok(Self(value.clone()))
        } else {
            Err(path.fault("must be a list such as [[\"visitors\",\"desc\"]]"))
        }
    }
}

/// Parses a question from a JSON body.
///
/// # Errors
/// What is wrong, with its path and what is allowed. An unknown member is an error too: a misspelled filter must not
/// answer another question.
pub fn from_json(body: &Value, world: World<'_>) -> Result<Query, Fault> {
    let root = Path::new("");
    let members = body.as_object().ok_or_else(|| root.fault("must be a JSON object"))?;
    known(members, StatsQuestion::MEMBERS, &root)?;
    read(members, world)
}

/// Parses a question from its members.
///
/// # Errors
/// As [`from_json`].
pub fn read(members: &impl Members, world: World<'_>) -> Result<Query, Fault> {
    let asked = StatsQuestion::of(members, world)?;
    let metrics = asked.metrics.map_or_else(|| vec![Metric::Events], |metrics| metrics.0);
    let dimensions = asked.dimensions.map(|dimensions| dimensions.0).unwrap_or_default();
    let (zone, range, compare) = periods(members, world, 0)?;
    let order_by = order(asked.order_by.as_ref(), &members.member("order_by").1, &metrics, &dimensions)?;
    let query = Query {
        project: asked.project.map(|project| project.0).filter(|name| !name.is_empty()),
        metrics,
        dimensions,
        range,
        zone,
        filter: asked.filters.map_or_else(Filter::everything, |conditions| conditions.0),
        goal: asked.goal.map(|condition| condition.0),
        order_by,
        compare,
        include: asked.include.map(|include| include.wanted()).unwrap_or_default(),
        limit: asked.limit.map_or(DEFAULT_LIMIT, |limit| limit.0),
        offset: 0,
        cursor: asked.cursor.map(|Cursor(text, place)| (text, place)),
    };
    check(&query, members)?;
    Ok(query)
}

impl Include {
    fn wanted(&self) -> crate::model::Include {
        crate::model::Include {
            bots: self.bots.unwrap_or(false),
            total_rows: self.total_rows.unwrap_or(false),
            totals: self.totals.unwrap_or(false),
            gap_fill: self.gap_fill.unwrap_or(false),
        }
    }
}

/// A dimension as error messages name it.
fn named(dimension: &Dimension) -> String {
    if matches!(dimension, Dimension::Property(_)) { "properties".to_owned() } else { dimension.key() }
}

/// Checks that the members fit each other.
fn check(query: &Query, members: &impl Members) -> Result<(), Fault> {
    let dimensions = members.member("dimensions").1;
    let filters = members.member("filters").1;
    for (index, dimension) in query.dimensions.iter().enumerate() {
        if query.has_sessions() && !dimension.is_known_to(Level::Session) {
            let message = format!(
                "sessions have no {}; leave out the metrics of sessions ({})",
                named(dimension),
                Metric::names_of_sessions()
            );
            return Err(dimensions.index(index).fault(message).code(ErrorCode::InvalidGroupBy));
        }
        if query.has_events() && !dimension.is_known_to(Level::Event) {
            let message = format!(
                "events have no {}; use only metrics of sessions ({})",
                named(dimension),
                Metric::names_of_sessions()
            );
            return Err(dimensions.index(index).fault(message).code(ErrorCode::InvalidGroupBy));
        }
    }
    if query.has_events() && !query.filter.is_known_to(Level::Event) {
        let message = format!("{}; or use only metrics of sessions ({})", sessions_only(), Metric::names_of_sessions());
        return Err(filters.fault(message));
    }
    if query.metrics.contains(&Metric::ConversionRate) && query.goal.is_none() {
        return Err(members
            .member("goal")
            .1
            .fault("is missing; conversion_rate needs a condition such as [\"is\",\"event\",[\"signup\"]]"));
    }
    if let Some(interval) = query.interval() {
        let width = match interval {
            Interval::Minute => 60_000,
            Interval::Hour => 3_600_000,
            Interval::Day | Interval::Week | Interval::Month => intake::time::DAY_MS,
        };
        if (query.range.to.0 - query.range.from.0) / width > MAX_STEPS {
            let message = format!(
                "the period has more than {MAX_STEPS} steps of this width; use a wider step or a shorter period"
            );
            return Err(dimensions.fault(message));
        }
    }
    Ok(())
}

/// Parses the project's slug or id, if the question names one.
pub(super) fn project(members: &impl Members) -> Result<Option<String>, Fault> {
    let (value, path) = members.member("project");
    match value {
        None => Ok(None),
        Some(Value::String(name)) if name.is_empty() => Ok(None),
        Some(Value::String(name)) if name.chars().count() <= MAX_PROJECT => Ok(Some(name.clone())),
        Some(_) => Err(path.fault("must be a project's slug or id, a string of at most 128 characters")),
    }
}

/// The time zone, the period, and the period to compare with. The zone's offsets are looked up for `ahead` more
/// milliseconds after the period, but not beyond tomorrow.
pub(super) fn periods(
    members: &impl Members,
    world: World<'_>,
    ahead: i64,
) -> Result<(Zone, statement::Range, Option<statement::Range>), Fault> {
    let (period, path) = members.period()?;
    let (value, compare_path) = members.member("compare");
    let compare = value.map(|value| Compare::parse(value, &compare_path)).transpose()?;
    let (value, zone_path) = members.member("timezone");
    let name = match value {
        None => world.timezone,
        Some(Value::String(name)) if name.len() <= MAX_ZONE => name,
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

/// The sort keys as asked, followed by the time axis, the first metric and all dimensions. Together they form a total
/// order; otherwise pages could overlap.
fn order(
    asked: Option<&OrderBy>,
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
    let items = asked.and_then(|OrderBy(items)| items.as_array()).map(Vec::as_slice).unwrap_or_default();
    for (index, item) in items.iter().enumerate() {
        let at = path.index(index);
        let pair = item.as_array().map(Vec::as_slice).unwrap_or_default();
        let [Value::String(name), Value::String(direction)] = pair else {
            return Err(at.fault("must be a pair such as [\"visitors\",\"desc\"]"));
        };
        let metric = Metric::parse(name).filter(|metric| metrics.contains(metric)).map(Key::Metric);
        let dimension = || Dimension::parse(name).ok().filter(|one| dimensions.contains(one)).map(Key::Dimension);
        let key = metric.or_else(dimension).ok_or_else(|| {
            let keys = metrics.iter().map(|metric| metric.as_str().to_owned());
            let keys: Vec<String> = keys.chain(dimensions.iter().map(Dimension::name)).collect();
            at.index(0).fault(unknown(&name.as_str().into(), keys.iter().map(String::as_str)))
        })?;
        add(
            key,
            match direction.as_str() {
                "asc" => Direction::Asc,
                "desc" => Direction::Desc,
                _ => return Err(at.index(1).fault(unknown(&direction.as_str().into(), ["asc", "desc"].into_iter()))),
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
