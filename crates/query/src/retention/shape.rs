//! Builds the answer of retention from the store's rows.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use super::Retention;
use super::build::{EVENTS, NOBODYS, SIZE, values};
use crate::frame::FrameMeta;
use crate::report::{Found, Percent};
use crate::shape::{lines, percent};
use intake::time::Day;

/// Number of persons by cohort and number of periods later. Negative numbers are the special values of `build.rs`.
type Counts = HashMap<(i64, i64), u64>;

/// How many persons of each cohort came back.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct RetentionAnswer {
    /// One row per cohort, in order.
    pub rows: Vec<Cohort>,
    /// The same by value of the breakdown, if one was asked for; most people first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakdown: Option<Vec<RetentionValue>>,
    /// What was asked.
    pub meta: RetentionMeta,
}

/// The cohorts of one value of the breakdown.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct RetentionValue {
    /// The value.
    pub value: String,
    /// One row per cohort.
    pub rows: Vec<Cohort>,
}

/// The persons of one day, week or month.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct Cohort {
    /// The date the cohort begins on.
    pub cohort: String,
    /// How many persons.
    pub size: u64,
    /// How many came back in each period; `null` for a period in the future.
    pub returned: Vec<Option<u64>>,
    /// The same in percent of the size.
    pub rates: Vec<Percent>,
}

/// What was asked, and what the answer is based on.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct RetentionMeta {
    /// Period and effort.
    #[serde(flatten)]
    pub of: FrameMeta,
    /// Width of cohorts and periods.
    pub interval: &'static str,
    /// Number of periods.
    pub periods: u32,
    /// Whether a return counts for all earlier periods.
    pub unbounded: bool,
    /// Share of the events that belong to no person, because they have no id, in percent.
    pub cookieless_excluded: Percent,
}

/// Builds the answer.
///
/// # Errors
/// The store's rows have another shape than the statement asks for; the text is for the log.
pub(super) fn answer(retention: &Retention, found: &[Found], elapsed_ms: i64) -> Result<RetentionAnswer, String> {
    let mut all = Counts::new();
    let mut values_found = Vec::new();
    for line in lines(found.first())? {
        let cells = line?;
        let [is_value, value, _, cells] = cells.as_slice() else { return Err("a row is too short".to_owned()) };
        let counts = counts(cells).ok_or("a row holds no counts")?;
        if is_value.as_u64() == Some(1) {
            let value = value.as_str().unwrap_or_default().to_owned();
            values_found.push(RetentionValue { value, rows: rows(retention, &counts) });
        } else {
            all = counts;
        }
    }
    let most = values(retention);
    let truncated = values_found.len() > most;
    values_found.truncate(most);
    let of_events = |which| Value::from(all.get(&(0, which)).copied().unwrap_or(0));
    Ok(RetentionAnswer {
        rows: rows(retention, &all),
        breakdown: retention.frame.breakdown.is_some().then_some(values_found),
        meta: RetentionMeta {
            of: FrameMeta::of(&retention.frame, found, elapsed_ms, truncated),
            interval: retention.interval.as_str(),
            periods: retention.periods,
            unbounded: retention.unbounded,
            cookieless_excluded: percent(&of_events(NOBODYS), &of_events(EVENTS)),
        },
    })
}

fn counts(cells: &Value) -> Option<Counts> {
    let count = |cell: &Value| match cell.as_array().map(Vec::as_slice) {
        Some([cohort, later, people]) => Some(((cohort.as_i64()?, later.as_i64()?), people.as_u64()?)),
        _ => None,
    };
    cells.as_array()?.iter().map(count).collect()
}

/// Builds a row for every cohort of the period. Periods that begin in the future are `null`.
fn rows(retention: &Retention, counts: &Counts) -> Vec<Cohort> {
    let today = retention.number(retention.frame.zone.day(retention.now));
    let row = |day: Day| {
        let cohort = retention.number(day);
        let count = |later: i64| counts.get(&(cohort, later)).copied().unwrap_or(0);
        let size = count(SIZE);
        let known = |later: i64| (cohort + later <= today).then(|| count(later));
        let returned: Vec<Option<u64>> = (0..i64::from(retention.periods)).map(known).collect();
        let rates = returned.iter().map(|people| percent(&(*people)?.into(), &size.into())).collect();
        Cohort { cohort: day.to_iso(), size, returned, rates }
    };
    retention.cohorts().map(row).collect()
}
