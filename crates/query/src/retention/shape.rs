//! From the store's rows to an answer about retention.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::Retention;
use super::build::{EVENTS, NOBODYS, SIZE, values};
use crate::shape::{Found, lines, percent};

/// People by cohort and how many steps later, and what else is counted (`build.rs`).
type Counts = HashMap<(i64, i64), u64>;

/// Shapes the answer.
///
/// # Errors
/// The store's rows are none, for the log.
pub fn answer(retention: &Retention, found: &Found, elapsed_ms: i64) -> Result<String, String> {
    let mut all = Counts::new();
    let mut told = Vec::new();
    for line in lines(found)? {
        let cells = line?;
        let [is_value, value, _, cells] = cells.as_slice() else { return Err("a row is too short".to_owned()) };
        let counts = counts(cells).ok_or("a row holds no counts")?;
        if is_value.as_u64() == Some(1) {
            told.push(json!({ "value": value, "rows": rows(retention, &counts) }));
        } else {
            all = counts;
        }
    }
    let most = values(retention);
    let truncated = told.len() > most;
    told.truncate(most);
    let of_events = |which| Value::from(all.get(&(0, which)).copied().unwrap_or(0));
    let excluded = percent(&of_events(NOBODYS), &of_events(EVENTS));
    let mut answer = json!({
        "rows": rows(retention, &all),
        "meta": {
            "from": retention.frame.range.from.to_iso(), "to": retention.frame.range.to.to_iso(),
            "timezone": retention.frame.zone.name, "interval": retention.interval.as_str(),
            "periods": retention.periods, "unbounded": retention.unbounded, "cookieless_excluded": excluded,
            "rows_read": found.rows_read, "elapsed_ms": elapsed_ms, "truncated": truncated,
        },
    });
    if retention.frame.breakdown.is_some() {
        answer["breakdown"] = told.into();
    }
    Ok(answer.to_string())
}

fn counts(cells: &Value) -> Option<Counts> {
    let count = |cell: &Value| match cell.as_array().map(Vec::as_slice) {
        Some([cohort, later, people]) => Some(((cohort.as_i64()?, later.as_i64()?), people.as_u64()?)),
        _ => None,
    };
    cells.as_array()?.iter().map(count).collect()
}

/// A row for every cohort of the period. What begins after now is not known yet.
fn rows(retention: &Retention, counts: &Counts) -> Vec<Value> {
    let today = retention.number(retention.frame.zone.day(retention.now));
    let row = |day| {
        let cohort = retention.number(day);
        let count = |later: i64| counts.get(&(cohort, later)).copied().unwrap_or(0);
        let size = count(SIZE);
        let known = |later: i64| (cohort + later <= today).then(|| count(later));
        let returned: Vec<Option<u64>> = (0..i64::from(retention.periods)).map(known).collect();
        let rate = |people: &Option<u64>| people.map_or(Value::Null, |people| percent(&people.into(), &size.into()));
        let rates: Vec<Value> = returned.iter().map(rate).collect();
        json!({ "cohort": day.to_iso(), "size": size, "returned": returned, "rates": rates })
    };
    retention.cohorts().map(row).collect()
}
