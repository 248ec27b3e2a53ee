//! The SQL of retention: finds each person's cohort and the steps of the time axis with a return, then counts for each
//! cohort the returns by number of steps later.

use super::Retention;
use crate::dimension::Interval;
use crate::filter::Filter;
use crate::people::{during, with_person};
use statement::Binder;
use statement::{Scope, Statement};

/// Maximum number of values of a breakdown. Fewer if there are many cohorts and periods.
const MAX_VALUES: usize = 100;
/// Maximum number of cells of all values together.
const MAX_CELLS: usize = 100_000;

/// Special values in place of the number of steps: the cohort's size, all events that count, and those that belong to
/// no person.
pub(super) const SIZE: i64 = -1;
pub(super) const EVENTS: i64 = -2;
pub(super) const NOBODYS: i64 = -3;

/// Writes the statement that answers the question. Its rows: 1 for a value of the breakdown or 0 for all, the value,
/// the number of persons in a cohort, and a list of (number of the cohort, number of steps later or one of the special
/// values, count).
pub fn build(retention: &Retention, scope: &Scope<'_>) -> Statement {
    let mut bind = Binder::default();
    let people = people(retention, scope, &mut bind);
    let periods = bind.value("Int32", &retention.periods.to_string());
    let later = if retention.unbounded {
        // The last return counts for all earlier periods.
        format!("range(toUInt32(least({periods}, arrayMax(arrayConcat([toInt32(-1)], steps)) + 1)))")
    } else {
        format!("arrayFilter(step -> step < {periods}, steps)")
    };
    let value = retention.frame.breakdown.is_some();
    let (sets, is_value, shown) = if value {
        ("(cell.1, cell.2), (cell.1, cell.2, value)", "1 - grouping(value)", "value")
    } else {
        ("(cell.1, cell.2)", "0", "''")
    };
    let limit = bind.value("UInt32", &(values(retention) + 2).to_string());
    let sql = format!(
        "SELECT is_value, shown, sumIf(many, later = {SIZE}) AS members, groupArray((cohort, later, many))\n\
         FROM (SELECT {is_value} AS is_value, {shown} AS shown, cell.1 AS cohort, cell.2 AS later, sum(cell.3) AS many\n\
         FROM (SELECT value, arrayJoin(arrayConcat(\n\
         [(toInt64(0), toInt64({EVENTS}), events), (toInt64(0), toInt64({NOBODYS}), if(is_nobody, events, 0))],\n\
         arrayMap(step -> (toInt64(cohort), toInt64(step), toUInt64(1)),\n\
         if(is_member AND NOT is_nobody, arrayConcat([{SIZE}], {later}), [])))) AS cell\n\
         FROM ({people}))\nGROUP BY GROUPING SETS ({sets}))\n\
         WHERE NOT is_value OR later >= {SIZE}\n\
         GROUP BY is_value, shown\nORDER BY is_value, members DESC, shown\nLIMIT {limit}\n\
         FORMAT JSONCompactEachRow"
    );
    bind.statement(sql)
}

/// Maximum number of values of a breakdown for this question.
pub(super) fn values(retention: &Retention) -> usize {
    (MAX_CELLS / retention.cells().max(1)).clamp(1, MAX_VALUES)
}

/// `SELECT events, is_nobody, is_member, cohort, value, steps`: one row per person with the number of events. For
/// members of a cohort, `steps` says how many steps of the time axis later each return is.
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
    // If any event is a return, only its step matters, and the cohort event is a return in the cohort's own period.
    let (earliest, last) = if value.is_none() && retention.back == Filter::And(Vec::new()) {
        ("(step, step, '')", "step")
    } else {
        ("minIf(((timestamp, event_id), step, value), begins)", "maxIf((timestamp, event_id), returns)")
    };
    let value = value.unwrap_or_else(|| "''".to_owned());
    // The person is looked up once for all events of a step with the same ids.
    let events = format!(
        "SELECT user_id, anonymous_id, step, count() AS events, max(begins) AS has_begun, max(returns) AS has_return,\n\
         {earliest} AS earliest, {last} AS last\n\
         FROM (SELECT timestamp, event_id, user_id, anonymous_id, {begins} AS begins, {returns} AS returns, {step} AS step,\n\
         if(begins, {value}, '') AS value\nFROM events FINAL\nWHERE {condition} AND (begins OR returns))\n\
         GROUP BY user_id, anonymous_id, step"
    );
    // The last return of each step is enough to know whether any of them comes after the first event.
    format!(
        "SELECT events, is_nobody, is_member, first.2 AS cohort, first.3 AS value,\n\
         arrayDistinct(arrayMap(last -> last.1 - cohort, arrayFilter(last -> last.2 >= first.1, lasts))) AS steps\n\
         FROM (SELECT person = '' AS is_nobody, sum(events) AS events, max(has_begun) AS is_member,\n\
         minIf(earliest, has_begun) AS first, groupArrayIf((step, last), has_return) AS lasts\n\
         FROM ({})\nGROUP BY person)",
        with_person(&events, scope, bind)
    )
}
