//! The SQL of match: orders the triggers and results of each shared value by time, and finds the first result after
//! each trigger.

use super::{Match, Shared};
use crate::dimension::Dimension;
use crate::people::{during, with_person};
use statement::Binder;
use statement::{Scope, Statement};

/// Maximum number of values of a breakdown.
pub(super) const MAX_VALUES: u32 = 100;

/// Writes the statement that answers the question. Its rows: 0 for all, 1 for a value of the breakdown or 2 for a value
/// of the results; the value, the number of triggers, how many of them have a result, and median and 90th percentile of
/// the milliseconds until it.
pub fn build(question: &Match, scope: &Scope<'_>) -> Statement {
    let mut bind = Binder::default();
    let events = events(question, scope, &mut bind);
    let window = bind.value("Int64", &question.window.to_string());
    let limit = bind.value("UInt32", &(MAX_VALUES + 1).to_string());
    // In descending order of time the window frame only grows, and the first result after a trigger is its minimum.
    let paired = format!(
        "SELECT value, is_trigger, at,\n\
         min(if(is_result, (at, event_id, result_value), (toInt64(9223372036854775807), '', ''))) OVER (PARTITION BY shared\n\
         ORDER BY at DESC, event_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS next,\n\
         next.1 >= at AND next.1 <= at + {window} AS has_result\n\
         FROM ({events})"
    );
    let quantile = |part: &str| {
        format!("if(countIf(has_result) = 0, NULL, quantileExactInclusiveIf({part})(next.1 - at, has_result))")
    };
    let (mut sets, mut kinds) = (vec!["()"], vec![]);
    if question.frame.breakdown.is_some() {
        sets.push("(value)");
        kinds.push("1 - grouping(value)");
    }
    if question.result_by.is_some() {
        sets.push("(result_value)");
        kinds.push("2 * (1 - grouping(result_value))");
    }
    let kind = if kinds.is_empty() { "0".to_owned() } else { kinds.join(" + ") };
    let name = match (question.frame.breakdown.is_some(), question.result_by.is_some()) {
        (true, true) => "if(kind = 2, result_value, value)",
        (true, false) => "value",
        (false, true) => "result_value",
        (false, false) => "''",
    };
    bind.statement(format!(
        "SELECT {kind} AS kind, {name} AS name, count() AS triggers, countIf(has_result) AS matched, {}, {}\n\
         FROM (SELECT value, at, next, has_result, next.3 AS result_value FROM ({paired}) WHERE is_trigger)\n\
         GROUP BY GROUPING SETS ({})\nHAVING kind != 2 OR matched > 0\n\
         ORDER BY kind, if(kind = 2, matched, triggers) DESC, name\nLIMIT {limit} BY kind\n\
         FORMAT JSONCompactEachRow",
        quantile("0.5"),
        quantile("0.9"),
        sets.join(", "),
    ))
}

/// Counts the events that are triggers or results, and how many of them have no value to share.
pub fn left_out(question: &Match, scope: &Scope<'_>) -> Statement {
    let mut bind = Binder::default();
    let (trigger, result) = conditions(question, scope, &mut bind);
    let condition = question.frame.chosen(scope).within(&[question.whole()], &question.frame.filter, &mut bind);
    let none = match &question.on {
        Shared::Person => "user_id = '' AND anonymous_id = ''".to_owned(),
        Shared::User => "user_id = ''".to_owned(),
        Shared::Property(property) => format!("{} = ''", property_text(property, &mut bind)),
    };
    bind.statement(format!(
        "SELECT count(), countIf({none})\nFROM events FINAL\nWHERE {condition} AND ({trigger} OR {result})\n\
         FORMAT JSONCompactEachRow"
    ))
}

/// The conditions of triggers and of results.
fn conditions(question: &Match, scope: &Scope<'_>, bind: &mut Binder) -> (String, String) {
    let chosen = question.frame.chosen(scope);
    let begins = during("events.timestamp", &[question.frame.range], bind);
    let trigger = format!("({begins} AND {})", chosen.fits(&question.trigger, "events", bind));
    (trigger, chosen.fits(&question.result, "events", bind))
}

/// The SQL expression of a property's text; empty if it is null.
fn property_text(property: &Dimension, bind: &mut Binder) -> String {
    let text = property.text("events", bind);
    format!("if({text} = 'null', '', {text})")
}

/// `SELECT shared, at, event_id, is_trigger, is_result, value, result_value`: the triggers of the period and all
/// results that can belong to them. `shared` is the value they share, `at` is in milliseconds, `result_value` is the
/// value of `result_by`.
fn events(question: &Match, scope: &Scope<'_>, bind: &mut Binder) -> String {
    let (trigger, result) = conditions(question, scope, bind);
    let condition = question.frame.chosen(scope).within(&[question.whole()], &question.frame.filter, bind);
    let text = |dimension: &Option<Dimension>, when: &str, bind: &mut Binder| {
        let text = dimension.as_ref().map(|dimension| dimension.text("events", bind));
        text.map_or_else(|| "''".to_owned(), |text| format!("if({when}, {text}, '')"))
    };
    let value = text(&question.frame.breakdown, "is_trigger", bind);
    let result_value = text(&question.result_by, "is_result", bind);
    let (shared, columns, has_one) = match &question.on {
        Shared::Person => ("person", "user_id, anonymous_id".to_owned(), "(user_id != '' OR anonymous_id != '')"),
        Shared::User => ("shared", "user_id AS shared".to_owned(), "shared != ''"),
        Shared::Property(property) => {
            ("shared", format!("{} AS shared", property_text(property, bind)), "shared != ''")
        }
    };
    let events = format!(
        "SELECT {columns}, toUnixTimestamp64Milli(events.timestamp) AS at, event_id, {trigger} AS is_trigger,\n\
         {result} AS is_result, {value} AS value, {result_value} AS result_value\nFROM events FINAL\n\
         WHERE {condition} AND {has_one} AND (is_trigger OR is_result)"
    );
    let events = if question.on == Shared::Person { with_person(&events, scope, bind) } else { events };
    format!("SELECT {shared} AS shared, at, event_id, is_trigger, is_result, value, result_value FROM ({events})")
}
