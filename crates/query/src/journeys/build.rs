//! The SQL of journeys: orders the events of each entity (person or session), takes the steps from its first start, and
//! counts how many took each link. ClickHouse merges names beyond the limit, so that an answer stays small.
//!
//! A step is a string: `n` and its name. The start is `s` if it is not a step itself.

use super::{Direction, Journeys, Unit};
use crate::filter::Filter;
use crate::people::{By, during, with_person};
use schema::{is_activity, is_pageview};
use statement::Binder;
use statement::session_events;
use statement::{Scope, Statement};

/// Writes the statement that answers the question. Its rows: the number of a step, whether the source is beyond the
/// limit, the source's name, whether the journey ends there, whether the target is beyond the limit, the target's name,
/// and the number of entities. Each entity is counted once per step, up to the step where its journey ends. The source
/// of step 1 is the start, without a name.
pub fn build(journeys: &Journeys, scope: &Scope<'_>) -> Statement {
    let mut bind = Binder::default();
    let ways = ways(journeys, scope, &mut bind);
    let steps = bind.value("UInt32", &journeys.steps.to_string());
    let limit = bind.value("UInt32", &journeys.limit.to_string());
    // Every entity at a node goes on or ends there, so the links from a node add up to the links to it. Therefore a
    // node has the same rank as source and as target.
    bind.statement(format!(
        "SELECT step, source_rank > {limit} AS other_source, if(other_source, '', substring(source, 2)) AS source_name,\n\
         ends, NOT ends AND target_rank > {limit} AS other_target,\n\
         if(other_target, '', substring(target, 2)) AS target_name, sum(entities) AS number\n\
         FROM (SELECT *, dense_rank() OVER (PARTITION BY step ORDER BY source_total DESC, source) AS source_rank,\n\
         dense_rank() OVER (PARTITION BY step, ends ORDER BY target_total DESC, target) AS target_rank\n\
         FROM (SELECT *, sum(entities) OVER (PARTITION BY step, source) AS source_total,\n\
         sum(entities) OVER (PARTITION BY step, ends, target) AS target_total\n\
         FROM (SELECT link.1 AS step, link.2 AS source, link.3 AS target, link.4 AS ends, count() AS entities\n\
         FROM (SELECT arrayJoin(arrayMap(step -> (step, arrayElement(arrayConcat([''], way), step), arrayElement(way, step),\n\
         step > length(way)), range(toUInt32(1), toUInt32(least(length(way) + 1, {steps}) + 1)))) AS link\n\
         FROM (SELECT arraySlice(way, 1, {steps}) AS way FROM ({ways})))\n\
         GROUP BY step, source, target, ends)))\n\
         GROUP BY step, other_source, source_name, ends, other_target, target_name\n\
         ORDER BY step, number DESC, other_source, source_name, other_target, target_name\n\
         FORMAT JSONCompactEachRow"
    ))
}

/// Counts the events that are starts or steps, and how many of them belong to no person.
pub fn left_out(journeys: &Journeys, scope: &Scope<'_>) -> Statement {
    let mut bind = Binder::default();
    let chosen = journeys.frame.chosen(scope);
    let condition = chosen.condition(&journeys.frame.filter, &mut bind);
    let (is_start, is_step) = conditions(journeys, scope, &mut bind);
    bind.statement(format!(
        "SELECT count(), countIf(user_id = '' AND anonymous_id = '')\nFROM events FINAL\n\
         WHERE {condition} AND ({is_start} OR {is_step})\nFORMAT JSONCompactEachRow"
    ))
}

/// The conditions of starts and of steps.
fn conditions(journeys: &Journeys, scope: &Scope<'_>, bind: &mut Binder) -> (String, String) {
    let chosen = journeys.frame.chosen(scope);
    let start = journeys.start.as_ref().map(|start| chosen.fits(start, "events", bind));
    let is_step = match journeys.unit {
        Unit::Path => is_pageview("events.event"),
        Unit::Event => is_activity("events.event"),
    };
    (start.unwrap_or_else(|| "0".to_owned()), is_step)
}

/// `SELECT way`: for each entity with a start, the steps from there on. Consecutive repeats count as one.
fn ways(journeys: &Journeys, scope: &Scope<'_>, bind: &mut Binder) -> String {
    let runs = runs(journeys, scope, bind);
    let (from_start, among) = match (&journeys.start, journeys.direction) {
        (Some(_), Direction::Next) => ("arraySlice(steps, start)", "WHERE start != 0"),
        (Some(_), Direction::Previous) => ("arrayReverse(arraySlice(steps, 1, start))", "WHERE start != 0"),
        // Without a start, journeys begin at the first (or last) event.
        (None, Direction::Next) => ("arrayConcat(['s'], steps)", ""),
        (None, Direction::Previous) => ("arrayConcat(['s'], arrayReverse(steps))", ""),
    };
    // A start that is not a step is kept at the beginning only.
    format!(
        "SELECT arrayPopFront(arrayCompact(arrayFilter((step, place) -> place = 1 OR step != 's', way,\n\
         arrayEnumerate(way)))) AS way\n\
         FROM (SELECT {from_start} AS way\n\
         FROM (SELECT arrayFirstIndex(begins -> begins, run.3) AS start, run.4 AS steps FROM ({runs}))\n{among})"
    )
}

/// `SELECT run`: for each entity, its starts and steps in order as (time, id, whether it is a start, the step).
fn runs(journeys: &Journeys, scope: &Scope<'_>, bind: &mut Binder) -> String {
    let chosen = journeys.frame.chosen(scope);
    let (is_start, is_step) = conditions(journeys, scope, bind);
    let name = match journeys.unit {
        Unit::Path => "path",
        Unit::Event => "event",
    };
    let step = format!("if({is_step}, concat('n', toString(events.{name})), 's') AS step");
    let run = "arraySort(groupArray((timestamp, event_id, begins, step))) AS run";
    match journeys.by {
        By::Person => {
            let condition = chosen.condition(&journeys.frame.filter, bind);
            let events = format!(
                "SELECT timestamp, event_id, user_id, anonymous_id, {is_start} AS begins, {step}\nFROM events FINAL\n\
                 WHERE {condition} AND (user_id != '' OR anonymous_id != '') AND (begins OR step != 's')"
            );
            format!("SELECT {run}\nFROM ({})\nGROUP BY person", with_person(&events, scope, bind))
        }
        By::Session => {
            let condition = chosen.within(&[journeys.frame.around()], &Filter::And(Vec::new()), bind);
            let counts = chosen.fits(&journeys.frame.filter, "events", bind);
            let columns = format!("{is_start} AS begins, {step}, {counts} AS counts");
            format!(
                "SELECT {run}\nFROM ({})\nWHERE counts AND (begins OR step != 's') AND {}\n\
                 GROUP BY visitor, session_id, started_at",
                session_events(&format!("FROM events FINAL WHERE {condition}"), &columns),
                during("started_at", &[journeys.frame.range], bind)
            )
        }
    }
}
