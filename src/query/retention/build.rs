//! Retention's SQL: each person's cohort and the steps of the time axis with a return, then how many of each cohort
//! have one how many steps later.

use super::Retention;
use crate::query::bind::Binder;
use crate::query::dimension::Interval;
use crate::query::filter::Filter;
use crate::query::people::{Chosen, during, with_person};
use crate::query::sql::{Scope, Statement};

/// Most values of a breakdown; fewer where cohorts and periods are many.
const MAX_VALUES: usize = 100;
/// Most cells of all values together.
const MAX_CELLS: usize = 100_000;

/// The statement that answers the question. Its rows: whether it is a value of the breakdown (1) or all (0), the
/// value, how many people are in a cohort, and a list of (the cohort's number, how many steps later or -1 for the
/// cohort's size, how many people).
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
        ("(cohort, later), (cohort, later, value)", "1 - grouping(value)", "value")
    } else {
        ("(cohort, later)", "0", "''")
    };
    let limit = bind.value("UInt32", &(values(retention) + 2).to_string());
    let sql = format!(
        "SELECT is_value, told, sumIf(people, later = -1) AS members, groupArray((toInt64(cohort), toInt64(later), toUInt64(people)))\n\
         FROM (SELECT {is_value} AS is_value, {told} AS told, cohort, later, count() AS people\n\
         FROM (SELECT cohort, value, arrayJoin(arrayConcat([toInt32(-1)], arrayMap(step -> toInt32(step), {later}))) AS later\n\
         FROM ({people}))\nGROUP BY GROUPING SETS ({sets}))\n\
         GROUP BY is_value, told\nORDER BY is_value, members DESC, told\nLIMIT {limit}\n\
         FORMAT JSONCompactEachRow"
    );
    bind.statement(sql)
}

/// How many values of a breakdown are told.
pub(super) fn values(retention: &Retention) -> usize {
    (MAX_CELLS / retention.cells().max(1)).clamp(1, MAX_VALUES)
}

/// Counts the events that count for cohorts or returns, and those of them that are nobody's.
pub fn left_out(retention: &Retention, scope: &Scope<'_>) -> Statement {
    let mut bind = Binder::default();
    let (chosen, cohort, back) = conditions(retention, scope, &mut bind);
    let condition = chosen.within(&[retention.whole()], &retention.frame.filter, &mut bind);
    let sql = format!(
        "SELECT count(), countIf(user_id = '' AND anonymous_id = '')\nFROM events FINAL\n\
         WHERE {condition} AND ({cohort} OR {back})\nFORMAT JSONCompactEachRow"
    );
    bind.statement(sql)
}

/// What puts into a cohort, and what is a return.
fn conditions<'a>(retention: &Retention, scope: &'a Scope<'a>, bind: &mut Binder) -> (Chosen<'a>, String, String) {
    let chosen = retention.frame.chosen(scope);
    let begins = during("events.timestamp", &[retention.frame.range], bind);
    let fits = |filter: &Filter, bind: &mut Binder| chosen.fits(filter, "events", bind);
    let cohort = format!("({begins} AND {})", fits(&retention.cohort, bind));
    let back = fits(&retention.back, bind);
    (chosen, cohort, back)
}

/// `SELECT cohort, value, steps`: everyone in a cohort, and how many steps of the time axis later returns are.
fn people(retention: &Retention, scope: &Scope<'_>, bind: &mut Binder) -> String {
    let (chosen, cohort, back) = conditions(retention, scope, bind);
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
    let value = value.unwrap_or_else(|| "''".to_owned());
    let events = format!(
        "SELECT timestamp, event_id, user_id, anonymous_id, {cohort} AS begins, {back} AS returns, {step} AS step,\n\
         if(begins, {value}, '') AS value\nFROM events FINAL\n\
         WHERE {condition} AND (user_id != '' OR anonymous_id != '') AND (begins OR returns)"
    );
    // The last return of each step is enough to know whether one of them does not come before the first event.
    format!(
        "SELECT first.3 AS cohort, first.4 AS value,\n\
         arrayMap(last -> last.1 - cohort, arrayFilter(last -> (last.2, last.3) >= (first.1, first.2), lasts)) AS steps\n\
         FROM (SELECT person, min(began) AS first, groupArrayIf((step, last.1, last.2), has_return) AS lasts,\n\
         max(has_begun) AS is_member\n\
         FROM (SELECT person, step, max(begins) AS has_begun, max(returns) AS has_return,\n\
         minIf((timestamp, event_id, step, value), begins) AS earliest,\n\
         if(has_begun, earliest, (toDateTime64('2299-12-31 00:00:00', 3, 'UTC'), '', step, '')) AS began,\n\
         maxIf((timestamp, event_id), returns) AS last\n\
         FROM ({})\nGROUP BY person, step)\nGROUP BY person)\nWHERE is_member",
        with_person(&events, scope, bind)
    )
}
