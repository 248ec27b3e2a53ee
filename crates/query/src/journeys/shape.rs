//! From the store's rows to an answer about journeys.

use serde_json::{Value, json};

use super::Journeys;
use crate::people::By;
use crate::shape::{Found, lines, percent};

/// A node of a step: a name, or all that are beyond the limit.
type Node = Option<String>;

/// Entities that went from one node to another, or ended at it.
struct Link {
    step: u64,
    source: Node,
    /// Where they went; `None` where they ended.
    target: Option<Node>,
    count: u64,
}

/// A step's node, how many came to it, and how many of them no further.
struct Total {
    node: Node,
    count: u64,
    ended: u64,
}

/// Shapes the answer.
///
/// # Errors
/// The store's rows are none, for the log.
pub fn answer(journeys: &Journeys, found: &Found, left_out: Option<&Found>, elapsed_ms: i64) -> Result<String, String> {
    let links = lines(found)?.map(|line| link(&line?)).collect::<Result<Vec<_>, _>>()?;
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
        let told = |total: &Total| {
            let share = percent(&total.count.into(), &began.into());
            // Who goes on from the last step nobody has looked for.
            let ended = (step < u64::from(journeys.steps)).then_some(total.ended);
            json!({ "count": total.count, "share": share, "ended": ended })
        };
        let nodes: Vec<Value> = totals
            .iter()
            .filter_map(|total| {
                let mut node = told(total);
                node["name"] = total.node.as_deref()?.into();
                Some(node)
            })
            .collect();
        let other = totals.iter().find(|total| total.node.is_none()).map(told);
        truncated |= other.is_some();
        let mut between = Vec::new();
        for Link { source, target, count, .. } in of(step).filter(|_| step > 1) {
            let Some(target) = target else { continue };
            let came: u64 = sum(step, &|link| link.source == *source);
            let share = percent(&(*count).into(), &came.into());
            between.push(json!({ "source": source, "target": target, "count": count, "share": share }));
        }
        steps.push(json!({ "step": step, "nodes": nodes, "other": other, "links": between }));
    }
    let mut meta = journeys.told();
    meta["rows_read"] = (found.rows_read + left_out.map_or(0, |left_out| left_out.rows_read)).into();
    meta["elapsed_ms"] = elapsed_ms.into();
    meta["truncated"] = truncated.into();
    if journeys.by == By::Person {
        let counted = left_out.map(lines).transpose()?.and_then(|mut lines| lines.next()).transpose()?;
        meta["cookieless_excluded"] = match counted.as_deref() {
            Some([events, nobodys]) => percent(nobodys, events),
            _ => Value::Null,
        };
    }
    Ok(json!({ "start": { "count": began, "ended": ended }, "steps": steps, "meta": meta }).to_string())
}

fn link(cells: &[Value]) -> Result<Link, String> {
    let [step, other_source, source, ends, other_target, target, count] = cells else {
        return Err("a row has another number of columns".to_owned());
    };
    let is = |flag: &Value| flag.as_u64() == Some(1);
    let node = |other: &Value, name: &Value| (!is(other)).then(|| name.as_str().unwrap_or_default().to_owned());
    Ok(Link {
        step: step.as_u64().ok_or("a step is no number")?,
        source: node(other_source, source),
        target: (!is(ends)).then(|| node(other_target, target)),
        count: count.as_u64().ok_or("a count is no number")?,
    })
}
