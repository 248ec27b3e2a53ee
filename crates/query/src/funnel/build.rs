//! The SQL of funnels. An entity is a person or a session. Each entity's events are one array in order; step by step,
//! the SQL finds how far the entity got.
//!
//! ClickHouse needs longer to plan a deeper statement, so one SELECT computes all steps where possible.
//!
//! An event is represented by one number, its `place`: milliseconds since the period began, followed by the event's
//! number within its entity. Places have the order of (timestamp, `event_id`), are never 0, and contain the time. The
//! array `s1` (`s2`, …) has one element for each event: the place where the latest run of steps begins that this event
//! completes up to step 1 (2, …), or 0 if it completes none.

use super::{By, Funnel, Order};
use crate::filter::Filter;
use crate::people::{during, with_person};
use intake::time::Timestamp;
use statement::Binder;
use statement::session_events;
use statement::{Scope, Statement};

/// Maximum number of values of a breakdown.
pub(super) const MAX_VALUES: u32 = 100;
/// Bits of a place for the event's number within its entity. The time of five years needs 38 bits.
const NUMBER_BITS: u32 = 25;

/// Writes the statement that answers a funnel. Its rows: 1 for a value of the breakdown or 0 for all, the value, the
/// number of events that match a step, how many of them belong to no person; then for each step how many entities
/// reached it, and median and 90th percentile of the milliseconds since the previous step.
pub fn build(funnel: &Funnel, scope: &Scope<'_>) -> Statement {
    let mut bind = Binder::default();
    let entities = entities(funnel, scope, &mut bind);
    let runs = runs(funnel, &entities, &mut bind);
    let reached = reached(funnel, &runs);
    let steps = (1..=funnel.steps.len()).map(|step| {
        if step == 1 {
            return "countIf(level >= 1), NULL, NULL".to_owned();
        }
        let quantile = |part: &str| {
            format!(
                "quantileExactInclusiveIfOrNull({part})(toInt64({}) - toInt64({}), level >= {step})",
                time(&format!("e{step}")),
                time(&format!("e{}", step - 1))
            )
        };
        format!("countIf(level >= {step}), {}, {}", quantile("0.5"), quantile("0.9"))
    });
    let steps = steps.collect::<Vec<_>>().join(",\n");
    let sets = if funnel.frame.breakdown.is_some() { "(), (value)" } else { "()" };
    let limit = bind.value("UInt32", &(MAX_VALUES + 1).to_string());
    let is_value = if funnel.frame.breakdown.is_some() { "1 - grouping(value)" } else { "0" };
    let value = if funnel.frame.breakdown.is_some() { "value" } else { "''" };
    let sql = format!(
        "SELECT {is_value} AS is_value, {value} AS name, sum(events), sumIf(events, is_nobody),\n{steps}\n\
         FROM ({reached})\nGROUP BY GROUPING SETS ({sets})\n\
         HAVING is_value = 0 OR countIf(level >= 1) > 0\n\
         ORDER BY is_value, countIf(level >= 1) DESC, name\nLIMIT {limit}\nFORMAT JSONCompactEachRow"
    );
    bind.statement(sql)
}

/// The SQL expression of a place's time in milliseconds.
fn time(place: &str) -> String {
    format!("bitShiftRight({place}, {NUMBER_BITS})")
}

/// `SELECT events, is_nobody, run`: one row per entity. `run` is its events in order as (time, id, matching steps as
/// bits, value of the breakdown).
fn entities(funnel: &Funnel, scope: &Scope<'_>, bind: &mut Binder) -> String {
    let chosen = funnel.frame.chosen(scope);
    let fits: Vec<String> = funnel
        .steps
        .iter()
        .enumerate()
        .map(|(step, filter)| format!("bitShiftLeft(toUInt16({}), {step})", chosen.fits(filter, "events", bind)))
        .collect();
    let fits = fits.join(" + ");
    let value = funnel.frame.breakdown.as_ref().map(|dimension| dimension.text("events", bind));
    // Only the value at the first step is used.
    let value = value.map_or_else(String::new, |value| format!(", if(bitTest(fits, 0), {value}, '') AS value"));
    let item = if value.is_empty() { "(at, event_id, fits)" } else { "(at, event_id, fits, value)" };
    match funnel.by {
        By::Person => {
            let at = at(funnel.frame.range.from, bind);
            let condition = chosen.condition(&funnel.frame.filter, bind);
            // The person is looked up once for all events with the same ids, not once per event.
            let events = format!(
                "SELECT user_id, anonymous_id, count() AS events, groupBitOr(fits) AS taken,\n\
                 groupArrayIf({item}, user_id != '' OR anonymous_id != '') AS own\n\
                 FROM (SELECT {at}, event_id, user_id, anonymous_id, {fits} AS fits{value}\n\
                 FROM events FINAL\nWHERE {condition} AND fits != 0)\nGROUP BY user_id, anonymous_id"
            );
            format!(
                "SELECT sum(events) AS events, person = '' AS is_nobody, {}\n\
                 FROM ({})\nGROUP BY person",
                run("groupArrayArray(own)", "groupBitOr(taken)"),
                with_person(&events, scope, bind)
            )
        }
        By::Session => {
            let around = funnel.frame.around();
            let at = at(around.from, bind);
            let condition = chosen.within(&[around], &Filter::And(Vec::new()), bind);
            let counted = chosen.fits(&funnel.frame.filter, "events", bind);
            let events = session_events(
                &format!("FROM events FINAL WHERE {condition}"),
                &format!("{at}, if({counted}, {fits}, 0) AS fits{value}"),
            );
            format!(
                "SELECT count() AS events, 0 AS is_nobody, {}\n\
                 FROM ({events})\nWHERE fits != 0 AND {}\n\
                 GROUP BY visitor, session_id, started_at",
                run(&format!("groupArray({item})"), "groupBitOr(fits)"),
                during("started_at", &[funnel.frame.range], bind)
            )
        }
    }
}

/// The entity's events in order, reduced to those that matter: none if no event matches the first step, only the first
/// if no other step is matched. That is the case for most entities and saves work later.
fn run(events: &str, taken: &str) -> String {
    format!(
        "{taken} AS steps, arraySort({events}) AS all,\n\
         arraySlice(all, 1, multiIf(NOT bitTest(steps, 0), 0, steps = 1, 1, length(all))) AS run"
    )
}

/// Milliseconds since `from`, 1 at `from` itself.
fn at(from: Timestamp, bind: &mut Binder) -> String {
    let before = bind.value("Int64", &(from.0 - 1).to_string());
    format!("toUInt64(toUnixTimestamp64Milli(timestamp) - {before}) AS at")
}

/// `SELECT events, is_nobody, places, fits, values, s1, s2, …`, and with steps in any order also `l1`, `l2`, ….
fn runs(funnel: &Funnel, entities: &str, bind: &mut Binder) -> String {
    let window = bind.value("Int64", &funnel.window.to_string());
    let values = if funnel.frame.breakdown.is_some() { "run.4 AS values" } else { "[] AS values" };
    let events = format!(
        "SELECT events, is_nobody, run.3 AS fits, {values},\n\
         arrayMap((at, number) -> bitShiftLeft(at, {NUMBER_BITS}) + number, run.1, arrayEnumerate(run)) AS places\n\
         FROM ({entities})"
    );
    let within = |begin: &str| {
        format!("if({begin} != 0 AND toInt64({}) - toInt64({}) <= {window}, {begin}, 0)", time("place"), time(begin))
    };
    match funnel.order {
        Order::Strict => {
            // A later start is never worse, and starts never decrease, so the latest start is the last one.
            let begins = (1..=funnel.steps.len()).map(|step| {
                if step == 1 {
                    return "arrayMap((place, fit) -> if(bitTest(fit, 0), place, 0), places, fits) AS s1".to_owned();
                }
                format!(
                    "arrayMap((place, fit, begin) -> if(bitTest(fit, {}), {}, 0), places, fits, {}) AS s{step}",
                    step - 1,
                    within("begin"),
                    before(&format!("arrayFill(begin -> begin != 0, s{})", step - 1))
                )
            });
            format!("SELECT *, {}\nFROM ({events})", begins.collect::<Vec<_>>().join(",\n"))
        }
        Order::Any => {
            let sets = funnel.sets();
            (1..=funnel.steps.len()).fold(events, |inner, step| {
                // The sets whose last step this is. Sets without it belong to the previous level.
                let top = 1_u16 << (step - 1);
                let mut arrays: Vec<String> =
                    sets.iter().filter(|set| **set >= top && **set < top << 1).map(|set| latest(*set)).collect();
                if step > 1 {
                    arrays.push(format!("l{}", step - 1));
                }
                let names: Vec<String> = (0..arrays.len()).map(|index| format!("x{index}")).collect();
                let least = if arrays.len() == 1 {
                    arrays.concat()
                } else {
                    format!("arrayMap(({}) -> least({}), {})", names.join(", "), names.join(", "), arrays.join(", "))
                };
                format!(
                    "SELECT *, {least} AS l{step},\n\
                     arrayMap((place, begin) -> {}, places, l{step}) AS s{step}\nFROM ({inner})",
                    within("begin")
                )
            })
        }
    }
}

/// Each element's predecessor, 0 for the first.
fn before(array: &str) -> String {
    format!("arrayShiftRight({array}, 1, toUInt64(0))")
}

/// For each event, the place where the latest stretch begins that ends here and has one event for each step of the set;
/// 0 if there are too few events.
fn latest(set: u16) -> String {
    let fill = |array: &str| format!("arrayFill(begin -> begin != 0, {array})");
    let own = format!("arrayMap((place, fit) -> if(bitAnd(fit, {set}) != 0, place, 0), places, fits)");
    (1..set.count_ones()).fold(fill(&own), |inner, _| {
        // At a matching event the stretch begins where the stretch with one event less began before it. At other
        // events nothing changes. While there are too few events both are 0.
        fill(&format!("arrayMap((fit, begin) -> if(bitAnd(fit, {set}) != 0, begin, 0), fits, {})", before(&inner)))
    })
}

/// `SELECT events, is_nobody, value, level, e1, e2, …`: the number of steps that each entity completed, and when it
/// completed each step in the run that is reported.
fn reached(funnel: &Funnel, runs: &str) -> String {
    let count = funnel.steps.len();
    let ends: Vec<String> =
        (1..=count).map(|step| format!("arrayFirst(begin -> begin != 0, s{step}) AS f{step}")).collect();
    let levels: Vec<String> = (1..=count).rev().map(|step| format!("f{step} != 0, {step}")).collect();
    let begins: Vec<String> = (1..=count).rev().map(|step| format!("f{step} != 0, f{step}")).collect();
    let reached = format!(
        "SELECT *, {}, multiIf({}, 0) AS level, multiIf({}, toUInt64(0)) AS begin\nFROM ({runs})",
        ends.join(", "),
        levels.join(", "),
        begins.join(", "),
    );
    let done = (1..=count).map(|step| {
        let done = match (funnel.order, step) {
            (Order::Strict, 1) => "begin".to_owned(),
            (Order::Strict, _) => format!(
                "arrayFirst((place, fit) -> place > e{} AND bitTest(fit, {}), places, fits)",
                step - 1,
                step - 1
            ),
            (Order::Any, _) => format!("arrayFirst((place, latest) -> latest >= begin, places, l{step})"),
        };
        format!("if(level >= {step}, {done}, 0) AS e{step}")
    });
    let done = done.collect::<Vec<_>>().join(",\n");
    let value = if funnel.frame.breakdown.is_some() {
        format!("values[bitAnd(e1, {})]", (1_u64 << NUMBER_BITS) - 1)
    } else {
        "''".to_owned()
    };
    format!("SELECT events, is_nobody, level, {done},\n{value} AS value\nFROM ({reached})")
}
