//! Builds the answer of a funnel from the store's rows.

use serde::Serialize;
use serde_json::Value;

use super::build::MAX_VALUES;
use super::{By, Funnel, Order};
use crate::frame::FrameMeta;
use crate::report::{Found, Percent, Seconds};
use crate::shape::{lines, percent, seconds};

/// How many reached each step.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct FunnelAnswer {
    /// One entry per step.
    pub steps: Vec<FunnelStep>,
    /// The same by value of the breakdown, if one was asked for; most people in the first step first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakdown: Option<Vec<FunnelValue>>,
    /// What was asked.
    pub meta: FunnelMeta,
}

/// The steps of one value of the breakdown.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct FunnelValue {
    /// The value.
    pub value: String,
    /// One entry per step.
    pub steps: Vec<FunnelStep>,
}

/// How many reached a step.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct FunnelStep {
    /// Number of the step, from 0.
    pub index: usize,
    /// How many reached it.
    pub count: u64,
    /// Their share of those who took the first step, in percent.
    pub rate_from_start: Percent,
    /// Their share of those who took the step before, in percent.
    pub rate_from_previous: Percent,
    /// How many took the step before and not this one.
    pub drop_off: u64,
    /// Median time since the step before.
    pub median_seconds: Seconds,
    /// 90th percentile of the time since the step before.
    pub p90_seconds: Seconds,
}

/// What was asked, and what the answer is based on.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct FunnelMeta {
    /// Period and effort.
    #[serde(flatten)]
    pub of: FrameMeta,
    /// The window.
    pub window_seconds: i64,
    /// The order of the steps.
    pub order: Order,
    /// Who takes the steps.
    pub by: By,
    /// Share of the events that belong to no person, because they have no id, in percent. Not for sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookieless_excluded: Option<Percent>,
}

/// Builds the answer.
///
/// # Errors
/// The store's rows have another shape than the statement asks for; the text is for the log.
pub(super) fn answer(funnel: &Funnel, found: &[Found], elapsed_ms: i64) -> Result<FunnelAnswer, String> {
    let mut all = None;
    let mut values = Vec::new();
    for line in lines(found.first())? {
        let cells = line?;
        let [is_value, value, events, nobodys, steps @ ..] = cells.as_slice() else {
            return Err("a row is too short".to_owned());
        };
        let steps = shaped(funnel, steps)?;
        if is_value.as_u64() == Some(1) {
            values.push(FunnelValue { value: value.as_str().unwrap_or_default().to_owned(), steps });
        } else {
            all = Some((steps, percent(nobodys, events)));
        }
    }
    // If no event matches, the store returns no row.
    let nothing = vec![Value::Null; funnel.steps.len() * 3];
    let (steps, excluded) = all.map_or_else(|| Ok((shaped(funnel, &nothing)?, None)), Ok::<_, String>)?;
    let truncated = values.len() > MAX_VALUES as usize;
    values.truncate(MAX_VALUES as usize);
    Ok(FunnelAnswer {
        steps,
        breakdown: funnel.frame.breakdown.is_some().then_some(values),
        meta: FunnelMeta {
            of: FrameMeta::of(&funnel.frame, found, elapsed_ms, truncated),
            window_seconds: funnel.window / 1000,
            order: funnel.order,
            by: funnel.by,
            cookieless_excluded: (funnel.by == By::Person).then_some(excluded),
        },
    })
}

/// Builds the steps from three cells each: a count and two durations in milliseconds.
fn shaped(funnel: &Funnel, cells: &[Value]) -> Result<Vec<FunnelStep>, String> {
    let cells: Vec<&[Value]> = cells.chunks_exact(3).collect();
    if cells.len() != funnel.steps.len() {
        return Err("a row has another number of steps".to_owned());
    }
    let count = |index: usize| cells.get(index).and_then(|step| step.first()).and_then(Value::as_u64).unwrap_or(0);
    let time = |step: &[Value], at: usize| step.get(at).and_then(seconds);
    let steps = cells.iter().enumerate().map(|(index, step)| {
        let previous = count(index.saturating_sub(1));
        FunnelStep {
            index,
            count: count(index),
            rate_from_start: percent(&count(index).into(), &count(0).into()),
            rate_from_previous: percent(&count(index).into(), &previous.into()),
            drop_off: previous.saturating_sub(count(index)),
            median_seconds: time(step, 1),
            p90_seconds: time(step, 2),
        }
    });
    Ok(steps.collect())
}
