//! Builds the answer of journeys from the store's rows.

use serde::Serialize;
use serde_json::Value;

use super::{Direction, Journeys, Unit};
use crate::frame::FrameMeta;
use crate::people::By;
use crate::report::{Found, Percent};
use crate::shape::{lines, percent};

/// A node of a step: a name, or `None` for all names beyond the limit.
type Node = Option<String>;

/// How many went from one node to another, or ended at it.
struct Link {
    step: u64,
    source: Node,
    /// Where they went; `None` if they ended.
    target: Option<Node>,
    count: u64,
}

/// A node of a step, how many reached it, and how many ended there.
struct Total {
    node: Node,
    count: u64,
    ended: u64,
}

/// Where people went, step by step.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct JourneysAnswer {
    /// The start.
    pub start: Start,
    /// One entry per step.
    pub steps: Vec<JourneysStep>,
    /// What was asked.
    pub meta: JourneysMeta,
}

/// The start of the journeys.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct Start {
    /// How many began.
    pub count: u64,
    /// How many of them went no further.
    pub ended: u64,
}

/// One step.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct JourneysStep {
    /// Number of the step, from 1.
    pub step: u64,
    /// The names that were reached, most frequent first.
    pub nodes: Vec<Named>,
    /// All names beyond the limit; `null` if there are none.
    pub other: Option<Came>,
    /// Links from the previous step to this one; empty for the first step.
    pub links: Vec<Between>,
}

/// A name, and how many reached it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct Named {
    /// The path or event.
    pub name: String,
    /// How many reached it.
    #[serde(flatten)]
    pub came: Came,
}

/// How many reached a node.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct Came {
    /// How many reached it.
    pub count: u64,
    /// Their share of those who began, in percent.
    pub share: Percent,
    /// How many of them went no further; `null` at the last step, because nothing after it was read.
    pub ended: Option<u64>,
}

/// How many went from one node to another.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct Between {
    /// The node of the step before; `null` for the names beyond the limit.
    pub source: Node,
    /// The node of this step; `null` for the names beyond the limit.
    pub target: Node,
    /// How many.
    pub count: u64,
    /// Their share of those who were at the source, in percent.
    pub share: Percent,
}

/// What was asked, and what the answer is based on.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct JourneysMeta {
    /// Period and effort.
    #[serde(flatten)]
    pub of: FrameMeta,
    /// The direction.
    pub direction: Direction,
    /// What a step is.
    pub unit: Unit,
    /// Whose journeys.
    pub by: By,
    /// Share of the events that belong to no person, because they have no id, in percent. Not for sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookieless_excluded: Option<Percent>,
}

/// Builds the answer from the links and, for persons, the number of events that belong to no person.
///
/// # Errors
/// The store's rows have another shape than the statements ask for; the text is for the log.
pub(super) fn answer(journeys: &Journeys, found: &[Found], elapsed_ms: i64) -> Result<JourneysAnswer, String> {
    let links = lines(found.first())?.map(|line| link(&line?)).collect::<Result<Vec<_>, _>>()?;
    let of = |step: u64| links.iter().filter(move |link| link.step == step);
    let sum = |step: u64, fits: &dyn Fn(&Link) -> bool| of(step).filter(|link| fits(link)).map(|link| link.count).sum();
    let began: u64 = sum(1, &|_| true);
    let ended: u64 = sum(1, &|link| link.target.is_none());
    let mut truncated = false;
    let mut steps = Vec::new();
    for step in 1..=u64::from(journeys.steps) {
        let mut totals: Vec<Total> = Vec::new();
        for Link { target, count, .. } in of(step) {
            let Some(node) = target else { continue };
            match totals.iter_mut().find(|total| total.node == *node) {
                Some(total) => total.count += count,
                None => totals.push(Total { node: node.clone(), count: *count, ended: 0 }),
            }
        }
        for total in &mut totals {
            total.ended = sum(step + 1, &|link| link.target.is_none() && link.source == total.node);
        }
        totals.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.node.cmp(&b.node)));
        let came = |total: &Total| Came {
            count: total.count,
            share: percent(&total.count.into(), &began.into()),
            // Steps after the last one are not read.
            ended: (step < u64::from(journeys.steps)).then_some(total.ended),
        };
        let named = |total: &Total| Some(Named { name: total.node.clone()?, came: came(total) });
        let other = totals.iter().find(|total| total.node.is_none()).map(came);
        truncated |= other.is_some();
        let mut between = Vec::new();
        for Link { source, target, count, .. } in of(step).filter(|_| step > 1) {
            let Some(target) = target else { continue };
            let came: u64 = sum(step, &|link| link.source == *source);
            let share = percent(&(*count).into(), &came.into());
            between.push(Between { source: source.clone(), target: target.clone(), count: *count, share });
        }
        steps.push(JourneysStep { step, nodes: totals.iter().filter_map(named).collect(), other, links: between });
    }
    let left_out = found.get(1).map(|found| lines(Some(found))?.next().transpose()).transpose()?.flatten();
    let excluded = match left_out.as_deref() {
        Some([events, nobodys]) => percent(nobodys, events),
        _ => None,
    };
    Ok(JourneysAnswer {
        start: Start { count: began, ended },
        steps,
        meta: JourneysMeta {
            of: FrameMeta::of(&journeys.frame, found, elapsed_ms, truncated),
            direction: journeys.direction,
            unit: journeys.unit,
            by: journeys.by,
            cookieless_excluded: (journeys.by == By::Person).then_some(excluded),
        },
    })
}

fn link(cells: &[Value]) -> Result<Link, String> {
    let [step, other_source, source, ends, other_target, target, count] = cells else {
        return Err("a row has another number of columns".to_owned());
    };
    let is = |flag: &Value| flag.as_u64() == Some(1);
    let node = |other: &Value, name: &Value| (!is(other)).then(|| name.as_str().unwrap_or_default().to_owned());
    Ok(Link {
        step: step.as_u64().ok_or("a step is not a number")?,
        source: node(other_source, source),
        target: (!is(ends)).then(|| node(other_target, target)),
        count: count.as_u64().ok_or("a count is not a number")?,
    })
}
