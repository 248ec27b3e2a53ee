//! From the store's rows to an answer: names, gaps, comparisons, shares.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::cursor;
use super::dimension::{Dimension, Interval};
use super::metric::Metric;
use super::model::Query;
use super::steps::{instant_name, steps};
use statement::Range;
use statement::Scope;

/// What the store found for one statement.
#[derive(Debug, Default, Clone)]
pub struct Found {
    /// Arrays, one a line.
    pub lines: Vec<u8>,
    /// Rows the store read for it.
    pub rows_read: u64,
}

/// All that a question needs: its own rows, those of the period it is compared with, the totals of both.
#[derive(Debug, Default)]
pub struct Answers {
    /// The question's.
    pub rows: Found,
    /// Of the other period, as many as there may be.
    pub compared: Option<Found>,
    /// Without dimensions.
    pub totals: Option<Found>,
    /// Without dimensions, of the other period.
    pub compared_totals: Option<Found>,
    /// The tables that the rows came from.
    pub tables: Vec<&'static str>,
}

#[derive(Serialize)]
struct Answer {
    metrics: Vec<&'static str>,
    dimensions: Vec<String>,
    rows: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_rows: Option<u64>,
    next_cursor: Option<String>,
    meta: Value,
}

/// One row: its dimensions as told to people, and its metrics.
struct Row {
    key: Vec<Value>,
    values: Vec<Value>,
}

/// Shapes an answer.
///
/// # Errors
/// The store's rows are none, for the log.
pub fn answer(query: &Query, scope: &Scope<'_>, answers: &Answers, elapsed_ms: i64) -> Result<String, String> {
    let (mut rows, total_rows) = read(query, &answers.rows)?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let truncated = rows.len() > limit;
    rows.truncate(limit);
    let compared = answers.compared.as_ref().map(|found| read(query, found)).transpose()?.map(|(rows, _)| rows);
    let single = |found: &Option<Found>| -> Result<Option<Vec<Value>>, String> {
        let rows = found.as_ref().map(|found| read_plain(query, found)).transpose()?;
        Ok(rows.and_then(|rows| rows.into_iter().next()))
    };
    let totals = single(&answers.totals)?;
    let compared_totals = single(&answers.compared_totals)?;
    let visitors = |totals: &Option<Vec<Value>>| share_base(query, totals.as_deref());

    // What a page cuts off is no gap.
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
    let found =
        [Some(&answers.rows), answers.compared.as_ref(), answers.totals.as_ref(), answers.compared_totals.as_ref()];
    let rows_read: u64 = found.into_iter().flatten().map(|found| found.rows_read).sum();
    let answer = Answer {
        metrics: query.metrics.iter().map(|metric| metric.as_str()).collect(),
        dimensions: query.dimensions.iter().map(Dimension::key).collect(),
        rows: shaped,
        totals,
        total_rows: query.include.total_rows.then_some(total_rows),
        next_cursor: truncated.then(|| cursor::next(query, scope)),
        meta: meta(query, &answers.tables, truncated, rows_read, elapsed_ms),
    };
    serde_json::to_string(&answer).map_err(|error| error.to_string())
}

fn meta(query: &Query, tables: &[&str], truncated: bool, rows_read: u64, elapsed_ms: i64) -> Value {
    let mut meta = json!({
        "from": query.range.from.to_iso(), "to": query.range.to.to_iso(), "timezone": query.zone.name,
        "tables": tables, "rows_read": rows_read, "elapsed_ms": elapsed_ms, "truncated": truncated,
    });
    if let Some(Range { from, to }) = query.compare {
        meta["compare"] = json!({ "from": from.to_iso(), "to": to.to_iso() });
    }
    let days = query.range.to.plus(-1).day().0 - query.range.from.day().0;
    let distinct = |metric: &Metric| metric.bases().contains(&super::Base::Visitors);
    if days > 0 && query.metrics.iter().any(distinct) {
        meta["notes"] = json!(["visitors without an anonymous_id count anew each UTC day"]);
    }
    meta
}

/// The share of a whole in percent; nothing of nothing.
pub(super) fn percent(part: &Value, whole: &Value) -> Value {
    let share = part.as_f64().zip(whole.as_f64()).filter(|(_, whole)| *whole > 0.0);
    share.map_or(Value::Null, |(part, whole)| json!((10_000.0 * part / whole).round() / 100.0))
}

/// Milliseconds of the store as seconds of an answer.
pub(super) fn seconds(milliseconds: &Value) -> Value {
    milliseconds.as_f64().map_or(Value::Null, |milliseconds| json!(milliseconds.round() / 1000.0))
}

/// The arrays of an answer.
pub(super) fn lines(found: &Found) -> Result<impl Iterator<Item = Result<Vec<Value>, String>>, String> {
    let text = str::from_utf8(&found.lines).map_err(|error| error.to_string())?;
    Ok(text.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string())))
}

fn read(query: &Query, found: &Found) -> Result<(Vec<Row>, u64), String> {
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
    lines(found)?
        .map(|line| {
            line.map(|mut cells| {
                cells.truncate(query.metrics.len());
                cells
            })
        })
        .collect()
}

/// Minutes and hours come as instants; everything else as it is told.
fn named(dimension: &Dimension, cell: Value, query: &Query) -> Value {
    match (dimension, cell.as_i64()) {
        (Dimension::Time(Interval::Minute | Interval::Hour), Some(at)) => {
            instant_name(intake::time::Timestamp(at), &query.zone).into()
        }
        _ => cell,
    }
}

/// Puts a row of zeros at every step of the time axis where a group has none.
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
    // Rows are bounded like all others.
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
    // Stable: within a step the order is the asked one, filled rows last.
    let descending =
        matches!(query.order_by.first(), Some((super::Key::Dimension(Dimension::Time(_)), super::Direction::Desc)));
    rows.sort_by(|a, b| if descending { order(b).cmp(&order(a)) } else { order(a).cmp(&order(b)) });
}

/// Rows after gaps were filled at most; beyond it gaps stay.
const MAX_FILLED: usize = 20_000;

/// The metrics of nothing.
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

/// The visitors that shares are taken of.
fn share_base(query: &Query, totals: Option<&[Value]>) -> Option<f64> {
    let place = query.metrics.iter().position(|metric| *metric == Metric::Percentage)?;
    totals?.get(place)?.as_f64()
}

/// Makes shares of the visitors that stand where `percentage` was asked.
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

/// Metrics into an object, with the other period's and the change in percent beside them.
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

/// The rows of the other period: found by their dimensions, those on the time axis by their place on it.
struct Before {
    rows: BTreeMap<String, Vec<Value>>,
    steps: Vec<String>,
    other_steps: Vec<String>,
}

impl Before {
    fn of(query: &Query, rows: Vec<Row>) -> Self {
        let axis = |range| query.interval().map_or_else(Vec::new, |interval| steps(interval, range, &query.zone));
        Self {
            rows: rows.into_iter().map(|row| (Value::Array(row.key).to_string(), row.values)).collect(),
            steps: axis(query.range),
            other_steps: query.compare.map_or_else(Vec::new, axis),
        }
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
