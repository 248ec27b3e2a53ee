//! From the store's rows to a funnel's answer.

use serde_json::{Value, json};

use super::build::MAX_VALUES;
use super::{By, Funnel, Order};
use crate::shape::{Found, lines, percent, seconds};

/// Shapes the answer.
///
/// # Errors
/// The store's rows are none, for the log.
pub fn answer(funnel: &Funnel, found: &Found, elapsed_ms: i64) -> Result<String, String> {
    let mut all = None;
    let mut values = Vec::new();
    for line in lines(found)? {
        let cells = line?;
        let [is_value, value, events, nobodys, steps @ ..] = cells.as_slice() else {
            return Err("a row is too short".to_owned());
        };
        let steps = shaped(funnel, steps)?;
        if is_value.as_u64() == Some(1) {
            values.push(json!({ "value": value, "steps": steps }));
        } else {
            all = Some((steps, percent(nobodys, events)));
        }
    }
    // Nothing at all has no row.
    let nothing = vec![Value::Null; funnel.steps.len() * 3];
    let (steps, excluded) = all.map_or_else(|| Ok((shaped(funnel, &nothing)?, Value::Null)), Ok::<_, String>)?;
    let truncated = values.len() > MAX_VALUES as usize;
    values.truncate(MAX_VALUES as usize);
    let mut meta = json!({
        "from": funnel.frame.range.from.to_iso(), "to": funnel.frame.range.to.to_iso(),
        "timezone": funnel.frame.zone.name, "window_seconds": funnel.window / 1000,
        "order": if funnel.order == Order::Strict { "strict" } else { "any" },
        "by": if funnel.by == By::Person { "person" } else { "session" },
        "rows_read": found.rows_read, "elapsed_ms": elapsed_ms, "truncated": truncated,
    });
    if funnel.by == By::Person {
        meta["cookieless_excluded"] = excluded;
    }
    let mut answer = json!({ "steps": steps, "meta": meta });
    if funnel.frame.breakdown.is_some() {
        answer["breakdown"] = values.into();
    }
    Ok(answer.to_string())
}

/// Three cells a step: how many, and two lengths of time in milliseconds.
fn shaped(funnel: &Funnel, cells: &[Value]) -> Result<Vec<Value>, String> {
    let cells: Vec<&[Value]> = cells.chunks_exact(3).collect();
    if cells.len() != funnel.steps.len() {
        return Err("a row has another number of steps".to_owned());
    }
    let count = |index: usize| cells.get(index).and_then(|step| step.first()).and_then(Value::as_u64).unwrap_or(0);
    let seconds = |step: &[Value], at: usize| step.get(at).map_or(Value::Null, seconds);
    let steps = cells.iter().enumerate().map(|(index, step)| {
        let previous = count(index.saturating_sub(1));
        json!({
            "index": index,
            "count": count(index),
            "rate_from_start": percent(&count(index).into(), &count(0).into()),
            "rate_from_previous": percent(&count(index).into(), &previous.into()),
            "drop_off": previous.saturating_sub(count(index)),
            "median_seconds": seconds(step, 1),
            "p90_seconds": seconds(step, 2),
        })
    });
    Ok(steps.collect())
}
