//! Retention's SQL: each person's cohort and the steps of the time axis with a return, then how many of each cohort
//! have one how many steps later.

use super::Retention;
use crate::dimension::Interval;
use crate::filter::Filter;
use crate::people::{during, with_person};
use statement::Binder;
use statement::{Scope, Statement};

/// Most values of a breakdown; fewer where cohorts and periods are many.
const MAX_VALUES: usize = 100;
/// Most cells of all values together.
const MAX_CELLS: usize = 100_000;

/// Stands in the place of how many steps later: the cohort's size, all events that count, and those of them that are
/// nobody's.
pub(super) const SIZE: i64 = -1;
pub(super) const EVENTS: i64 = -2;
pub(super) const NOBODYS: i64 = -3;

/// The statement that answers the question. Its rows: whether it is a value of the breakdown (1) or all (0), the
/// value, how many people are in a cohort, and a list of (the cohort's number, how many steps later or one of the
/// numbers above, how many).
pub fn build(retention: &Retention, scope: &Scope<'_>) -> Statement {
    let mut bind = Binder::default();
    let people = people(retention, scope, &mut bind);
    let periods = bind.value("Int32", &retention.periods.to_string());
    let later = if retention.unbounded {
        // The last return stands for all before it.
        format!("range(toUInt32(least({periods}, arrayMax(arrayConcat([toInt32(-1)], steps)) + 1)))")
    } else {
        format!("arrayFilter(step -> step < {periods}, steps)")
    };
    let value = retention.frame.breakdown.is_some();
    let (sets, is_value, told) = if value {
        ("(cell.1, cell.2), (cell.1, cell.2, value)", "1 - grouping(value)", "value")
    } else {
        ("(cell.1, cell.2)", "0", "''")
    };
    let limit = bind.value("UInt32", &(values(retention) + 2).to_string());
    let sql = format!(
        "SELECT is_value, told, sumIf(many, later = {SIZE}) AS members, groupArray((cohort, later, many))\n\
         FROM (SELECT {is_value} AS is_value, {told} AS told, cell.1 AS cohort, cell.2 AS later, sum(cell.3) AS many\n\
         FROM (SELECT value, arrayJoin(arrayConcat(\n\
         [(toInt64(0), toInt64({EVENTS}), events), (toInt64(0), toInt64({NOBODYS}), if(is_nobody, events, 0))],\n\
         arrayMap(step -> (toInt64(cohort), toInt64(step), toUInt64(1)),\n\
         if(is_member AND NOT is_nobody, arrayConcat([{SIZE}], {later}), [])))) AS cell\n\
         FROM ({people}))\nGROUP BY GROUPING SETS ({sets}))\n\
         WHERE NOT is_value OR later >= {SIZE}\n\
         GROUP BY is_value, told\nORDER BY is_value, members DESC, told\nLIMIT {limit}\n\
         FORMAT JSONCompactEachRow"
    );
    bind.statement(sql)
}

/// How many values of a breakdown are told.
pub(super) fn values(retention: &Retention) -> usize {
    (MAX_CELLS / retention.cells().max(1)).clamp(1, MAX_VALUES)
}

/// `SELECT events, is_nobody, is_member, cohort, value, steps`: everyone with the number of their events; of who is
/// in a cohort, how many steps of the time axis later returns are.
fn people(retention: &Retention, scope: &Scope<'_>, bind: &mut Binder) -> String {
    let chosen = retention.frame.chosen(scope);
    let begins = during("events.timestamp", &[retention.frame.range], bind);
    let begins = format!("({begins} AND {})", chosen.fits(&retention.cohort, "events", bind));
    let returns = chosen.fits(&retention.back, "events", bind);
    let condition = chosen.within(&[retention.whole()], &retention.frame.filter, bind);
    let offset = retention.frame.zone.sql("events.timestamp", bind);
    let date =
        format!("toDate32(fromUnixTimestamp64Milli(toUnixTimestamp64Milli(events.timestamp) + {offset}, 'UTC'))");
    let step = match retention.interval {
        Interval::Week => format!("intDiv(toInt32({date}) + 3, 7)"),
        Interval::Month => format!("toInt32(toYear({date}) * 12 + toMonth({date}) - 1)"),
        _ => format!("toInt32({date})"),
    };
    let value = retention.frame.breakdown.as_ref().map(|dimension| dimension.text("events", bind));
    // Where any event is a return nothing but its step matters: of the cohort's own one the cohort event is one.
    let (earliest, last) = if value.is_none() && retention.back == Filter::And(Vec::new()) {
        ("(step, step, '')", "step")
    } else {
        ("minIf(((timestamp, event_id), step, value), begins)", "maxIf((timestamp, event_id), returns)")
    };
    let value = value.unwrap_or_else(|| "''".to_owned());
    // Whose events they are is looked up once for all events of a step under the same ids.
    let events = format!(
        "SELECT user_id, anonymous_id, step, count() AS events, max(begins) AS has_begun, max(returns) AS has_return,\n\
         {earliest} AS earliest, {last} AS last\n\
         FROM (SELECT timestamp, event_id, user_id, anonymous_id, {begins} AS begins, {returns} AS returns, {step} AS step,\n\
         if(begins, {value}, '') AS value\nFROM events FINAL\nWHERE {condition} AND (begins OR returns))\n\
         GROUP BY user_id, anonymous_id, step"
    );
    // The last return of each step is enough to know whether one of them does not come before the first event.
    format!(
        "SELECT events, is_nobody, is_member, first.2 AS cohort, first.3 AS value,\n\
         arrayDistinct(arrayMap(last -> last.1 - cohort, arrayFilter(last -> last.2 >= first.1, lasts))) AS steps\n\
         FROM (SELECT person = '' AS is_nobody, sum(events) AS events, max(has_begun) AS is_member,\n\
         minIf(earliest, has_begun) AS first, groupArrayIf((step, last), has_return) AS lasts\n\
         FROM ({})\nGROUP BY person)",
        with_person(&events, scope, bind)
    )
}
