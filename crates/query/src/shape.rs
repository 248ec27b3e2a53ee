//! Builds the answer of `/v1/stats` from the store's rows: names values, fills gaps, compares periods, computes shares.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::cursor;
use super::dimension::{Dimension, Interval};
use super::metric::Metric;
use super::model::Query;
use super::report::{Found, Percent, Seconds};
use super::steps::{instant_name, steps};
use statement::Range;
use statement::Scope;

/// The rows of a question, of the period it is compared with, and the totals of both.
#[derive(Debug, Default)]
pub(crate) struct Parts<'a> {
    /// The question's own rows.
    pub(crate) rows: Option<&'a Found>,
    /// Rows of the other period.
    pub(crate) compared: Option<&'a Found>,
    /// The one row without dimensions.
    pub(crate) totals: Option<&'a Found>,
    /// The one row without dimensions, of the other period.
    pub(crate) compared_totals: Option<&'a Found>,
}

/// Rows of metrics by dimensions.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct StatsAnswer {
    /// The metrics of the rows.
    #[cfg_attr(feature = "documented", schemars(with = "Vec<Metric>"))]
    pub metrics: Vec<&'static str>,
    /// The dimensions of the rows. The time axis is called `time`.
    pub dimensions: Vec<String>,
    /// One row per combination of the dimensions' values.
    #[cfg_attr(feature = "documented", schemars(with = "Vec<crate::documented::StatsRow>"))]
    pub rows: Vec<Value>,
    /// The metrics over all rows, if asked for.
    #[cfg_attr(feature = "documented", schemars(with = "Option<crate::documented::StatsRow>"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totals: Option<Value>,
    /// The number of rows without a limit, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_rows: Option<u64>,
    /// `cursor` of the next page; `null` on the last page.
    pub next_cursor: Option<String>,
    /// What was asked, and what the answer is based on.
    pub meta: StatsMeta,
}

/// Period, time zone and effort.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct StatsMeta {
    /// First instant of the period.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub from: String,
    /// End of the period, excluded.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub to: String,
    /// Time zone of the question.
    pub timezone: String,
    /// The tables that were read.
    pub tables: Vec<&'static str>,
    /// How many rows the store read.
    pub rows_read: u64,
    /// Time it took.
    pub elapsed_ms: i64,
    /// Whether there are more rows.
    pub truncated: bool,
    /// The period compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare: Option<Span>,
    /// What to know about the numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<&'static str>,
}

/// A period.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct Span {
    /// First instant.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub from: String,
    /// End, excluded.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub to: String,
}

/// One row: the values of its dimensions as shown, and its metrics.
struct Row {
    key: Vec<Value>,
    values: Vec<Value>,
}

/// Builds the answer of `/v1/stats`.
///
/// # Errors
/// The store's rows have another shape than the statements ask for; the text is for the log.
pub(crate) fn answer(
    query: &Query,
    scope: &Scope<'_>,
    parts: &Parts<'_>,
    tables: Vec<&'static str>,
    elapsed_ms: i64,
) -> Result<StatsAnswer, String> {
    let (mut rows, total_rows) = read(query, parts.rows)?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let truncated = rows.len() > limit;
    rows.truncate(limit);
    let compared = parts.compared.map(|found| read(query, Some(found))).transpose()?.map(|(rows, _)| rows);
    let single = |found: Option<&Found>| -> Result<Option<Vec<Value>>, String> {
        let rows = found.map(|found| read_plain(query, found)).transpose()?;
        Ok(rows.and_then(|rows| rows.into_iter().next()))
    };
    let totals = single(parts.totals)?;
    let compared_totals = single(parts.compared_totals)?;
    let visitors = |totals: &Option<Vec<Value>>| share_base(query, totals.as_deref());

    // Rows of other pages are not gaps, so an answer with more pages is not filled.
    if query.include.gap_fill && !truncated && query.offset == 0 {
        fill(query, &mut rows);
    }
    let before = compared.map(|rows| Before::of(query, rows));
    let (base, base_before) = (visitors(&totals), visitors(&compared_totals));
    let mut shaped = Vec::with_capacity(rows.len());
    for row in rows {
        let previous = before.as_ref().map(|before| before.find(query, &row.key));
        let mut object = Map::new();
        for (dimension, value) in query.dimensions.iter().zip(&row.key) {
            object.insert(dimension.key(), value.clone());
        }
        let values = shares(query, row.values, base);
        let previous = previous.map(|values| shares(query, values, base_before));
        put(query, &mut object, values, previous.as_deref());
        shaped.push(Value::Object(object));
    }
    let totals = totals.filter(|_| query.include.totals).map(|values| {
        let mut object = Map::new();
        let before = query.compare.map(|_| shares(query, compared_totals.unwrap_or_else(|| zeros(query)), base_before));
        put(query, &mut object, shares(query, values, base), before.as_deref());
        Value::Object(object)
    });
    let found = [parts.rows, parts.compared, parts.totals, parts.compared_totals];
    Ok(StatsAnswer {
        metrics: query.metrics.iter().map(|metric| metric.as_str()).collect(),
        dimensions: query.dimensions.iter().map(Dimension::key).collect(),
        rows: shaped,
        totals,
        total_rows: query.include.total_rows.then_some(total_rows),
        next_cursor: truncated.then(|| cursor::next(query, scope)),
        meta: StatsMeta {
            from: query.range.from.to_iso(),
            to: query.range.to.to_iso(),
            timezone: query.zone.name.clone(),
            tables,
            rows_read: found.into_iter().flatten().map(|found| found.rows_read).sum(),
            elapsed_ms,
            truncated,
            compare: query.compare.map(|Range { from, to }| Span { from: from.to_iso(), to: to.to_iso() }),
            notes: notes(query),
        },
    })
}

fn notes(query: &Query) -> Vec<&'static str> {
    let days = query.range.to.plus(-1).day().0 - query.range.from.day().0;
    let distinct = |metric: &Metric| metric.bases().contains(&super::Base::Visitors);
    let counts_again = days > 0 && query.metrics.iter().any(distinct);
    counts_again.then_some("visitors without an anonymous_id count again each UTC day").into_iter().collect()
}

/// A share in percent, with two decimals; `None` if the whole is zero.
pub(super) fn percent(part: &Value, whole: &Value) -> Percent {
    let share = part.as_f64().zip(whole.as_f64()).filter(|(_, whole)| *whole > 0.0);
    share.map(|(part, whole)| (10_000.0 * part / whole).round() / 100.0)
}

/// Converts milliseconds of the store to seconds.
pub(super) fn seconds(milliseconds: &Value) -> Seconds {
    milliseconds.as_f64().map(|milliseconds| milliseconds.round() / 1000.0)
}

/// The rows of a statement, each a JSON array.
pub(super) fn lines(found: Option<&Found>) -> Result<impl Iterator<Item = Result<Vec<Value>, String>>, String> {
    let lines = found.map(|found| found.lines.as_slice()).unwrap_or_default();
    let text = str::from_utf8(lines).map_err(|error| error.to_string())?;
    Ok(text.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string())))
}

fn read(query: &Query, found: Option<&Found>) -> Result<(Vec<Row>, u64), String> {
    let (dimensions, metrics) = (query.dimensions.len(), query.metrics.len());
    let mut rows = Vec::new();
    let mut total = 0;
    for line in lines(found)? {
        let mut cells = line?;
        if cells.len() < dimensions + metrics {
            return Err("a row is too short".to_owned());
        }
        let rest = cells.split_off(dimensions + metrics);
        total = rest.first().and_then(Value::as_u64).unwrap_or(total);
        let values = cells.split_off(dimensions);
        let key = query.dimensions.iter().zip(cells).map(|(dimension, cell)| named(dimension, cell, query)).collect();
        rows.push(Row { key, values });
    }
    Ok((rows, total))
}

fn read_plain(query: &Query, found: &Found) -> Result<Vec<Vec<Value>>, String> {
    lines(Some(found))?
        .map(|line| {
            line.map(|mut cells| {
                cells.truncate(query.metrics.len());
                cells
            })
        })
        .collect()
}

/// The value as the answer shows it: minutes and hours with the time zone's offset, anything else unchanged.
fn named(dimension: &Dimension, cell: Value, query: &Query) -> Value {
    match (dimension, cell.as_i64()) {
        (Dimension::Time(Interval::Minute | Interval::Hour), Some(at)) => {
            instant_name(intake::time::Timestamp(at), &query.zone).into()
        }
        _ => cell,
    }
}

/// Adds a row of zeros for every step of the time axis that a group has no row for.
fn fill(query: &Query, rows: &mut Vec<Row>) {
    let Some(place) = query.dimensions.iter().position(|one| matches!(one, Dimension::Time(_))) else { return };
    let Some(interval) = query.interval() else { return };
    let steps = steps(interval, query.range, &query.zone);
    let rank: HashMap<&str, usize> = steps.iter().enumerate().map(|(index, name)| (name.as_str(), index)).collect();
    // Groups in the order of their first row.
    let mut groups: Vec<Vec<Value>> = Vec::new();
    let mut known: HashMap<String, Vec<bool>> = HashMap::new();
    for row in rows.iter() {
        let mut group = row.key.clone();
        let step = group.remove(place);
        let filled = known.entry(Value::Array(group.clone()).to_string()).or_insert_with(|| {
            groups.push(group);
            vec![false; steps.len()]
        });
        if let Some(slot) = step.as_str().and_then(|step| rank.get(step)).and_then(|index| filled.get_mut(*index)) {
            *slot = true;
        }
    }
    if query.dimensions.len() == 1 && groups.is_empty() {
        groups.push(Vec::new());
    }
    // Filled rows are limited too.
    if groups.len().saturating_mul(steps.len()) > MAX_FILLED {
        return;
    }
    let zeros = zeros(query);
    for group in groups {
        let filled = known.get(&Value::Array(group.clone()).to_string());
        for (index, step) in steps.iter().enumerate() {
            if filled.and_then(|filled| filled.get(index)).copied().unwrap_or(false) {
                continue;
            }
            let mut key = group.clone();
            key.insert(place, step.as_str().into());
            rows.push(Row { key, values: zeros.clone() });
        }
    }
    let order = |row: &Row| row.key.get(place).and_then(Value::as_str).and_then(|step| rank.get(step)).copied();
    // The sort is stable: within a step, rows keep their order, and filled rows come last.
    let descending =
        matches!(query.order_by.first(), Some((super::Key::Dimension(Dimension::Time(_)), super::Direction::Desc)));
    rows.sort_by(|a, b| if descending { order(b).cmp(&order(a)) } else { order(a).cmp(&order(b)) });
}

/// Maximum number of rows after filling gaps. If it would be exceeded, gaps are not filled.
const MAX_FILLED: usize = 20_000;

/// The metrics of no events.
fn zeros(query: &Query) -> Vec<Value> {
    query.metrics.iter().map(|metric| zero(*metric)).collect()
}

fn zero(metric: Metric) -> Value {
    match metric.unit() {
        "count" => 0.into(),
        "amount by currency" => json!({}),
        _ if metric == Metric::Percentage => 0.into(),
        _ => Value::Null,
    }
}

/// The number of visitors that shares refer to.
fn share_base(query: &Query, totals: Option<&[Value]>) -> Option<f64> {
    let place = query.metrics.iter().position(|metric| *metric == Metric::Percentage)?;
    totals?.get(place)?.as_f64()
}

/// Replaces the number of visitors by their share, where `percentage` was asked for.
fn shares(query: &Query, mut values: Vec<Value>, base: Option<f64>) -> Vec<Value> {
    for (metric, value) in query.metrics.iter().zip(&mut values) {
        if *metric == Metric::Percentage {
            let share =
                value.as_f64().zip(base).filter(|(_, base)| *base > 0.0).map(|(part, base)| 100.0 * part / base);
            *value = share.map_or(Value::Null, |share| json!((share * 100.0).round() / 100.0));
        }
    }
    values
}

/// Writes the metrics into an object, with the other period's values and the change in percent.
fn put(query: &Query, object: &mut Map<String, Value>, values: Vec<Value>, before: Option<&[Value]>) {
    let mut compared = Map::new();
    for (index, (metric, value)) in query.metrics.iter().zip(values).enumerate() {
        if let Some(before) = before {
            let zero = zero(*metric);
            let previous = before.get(index).unwrap_or(&zero);
            let change = match (value.as_f64(), previous.as_f64()) {
                (Some(now), Some(then)) if then != 0.0 => json!(((now - then) / then * 10_000.0).round() / 100.0),
                _ => Value::Null,
            };
            compared.insert(metric.as_str().to_owned(), json!({ "previous": previous, "change": change }));
        }
        object.insert(metric.as_str().to_owned(), value);
    }
    if before.is_some() {
        object.insert("compare".to_owned(), Value::Object(compared));
    }
}

/// The rows of the period to compare with. They are matched by their dimensions, and on the time axis by position.
struct Before {
    rows: BTreeMap<String, Vec<Value>>,
    steps: Vec<String>,
    other_steps: Vec<String>,
}

impl Before {
    fn of(query: &Query, rows: Vec<Row>) -> Self {
        let axis = |range| query.interval().map_or_else(Vec::new, |interval| steps(interval, range, &query.zone));
        let mut found = BTreeMap::new();
        found.extend(rows.into_iter().map(|row| (Value::Array(row.key).to_string(), row.values)));
        Self { rows: found, steps: axis(query.range), other_steps: query.compare.map_or_else(Vec::new, axis) }
    }

    fn find(&self, query: &Query, key: &[Value]) -> Vec<Value> {
        let key: Vec<Value> = query
            .dimensions
            .iter()
            .zip(key)
            .map(|(dimension, value)| match dimension {
                Dimension::Time(_) => {
                    let place = self.steps.iter().position(|step| Some(step.as_str()) == value.as_str());
                    place.and_then(|place| self.other_steps.get(place)).map_or(Value::Null, |step| step.as_str().into())
                }
                _ => value.clone(),
            })
            .collect();
        self.rows.get(&Value::Array(key).to_string()).cloned().unwrap_or_else(|| zeros(query))
    }
}
