//! From a question to SQL: the one function that writes it. Identifiers come from the closed lists of the
//! model; every value is a bound parameter; project and env are part of every statement.
//!
//! A statement has three layers. Parts count their own sums (events, sessions) by the dimensions; the middle
//! adds the parts up; the outer one makes metrics of the sums, orders and cuts.

use super::bind::Binder;
use super::dimension::{Dimension, Interval};
use super::filter::Filter;
use super::metric::{Base, Level};
use super::model::{Direction, Key, Query};
use super::range::Range;
use super::sql::{Scope, Statement, instant};
use super::zone::Zone;
use crate::rollup::session_rows;
use crate::time::Day;

/// The statement that answers a question: an array a row, the dimensions, the metrics, and the number of all
/// rows if that is wanted. One row more than the limit, so that a cut answer can be told.
pub fn build(query: &Query, scope: &Scope<'_>) -> Statement {
    let mut bind = Binder::default();
    let bases = bases(query);
    let mut parts = Vec::new();
    if query.has_events() {
        parts.push(event_part(query, scope, &bases, &mut bind));
    }
    if query.has_sessions() {
        parts.push(session_part(query, scope, &bases, &mut bind));
    }
    let keys: Vec<String> = (0..query.dimensions.len()).map(|index| format!("d{index}")).collect();
    let sums = bases.iter().map(|base| format!("{} AS t{}", base.total(), base.column().trim_start_matches('b')));
    let middle = format!(
        "SELECT {}\nFROM ({}){}",
        keys.iter().cloned().chain(sums).collect::<Vec<_>>().join(", "),
        parts.join("\nUNION ALL\n"),
        group_by(&keys)
    );
    let metrics = query.metrics.iter().enumerate().map(|(index, metric)| format!("{} AS m{index}", metric.sql()));
    let total = query.include.total_rows.then(|| "count() OVER () AS total_rows".to_owned());
    let limit = bind.value("UInt32", &query.limit.saturating_add(1).to_string());
    let offset = bind.value("UInt32", &query.offset.to_string());
    let sql = format!(
        "SELECT {}\nFROM ({middle})\nORDER BY {}\nLIMIT {limit} OFFSET {offset}\nFORMAT JSONCompactEachRow",
        keys.iter().cloned().chain(metrics).chain(total).collect::<Vec<_>>().join(", "),
        order_by(query),
    );
    bind.statement(sql)
}

/// What the metrics are made of, each once.
fn bases(query: &Query) -> Vec<Base> {
    let mut bases: Vec<Base> = Vec::new();
    for base in query.metrics.iter().flat_map(|metric| metric.bases()) {
        if !bases.contains(base) {
            bases.push(*base);
        }
    }
    bases
}

fn group_by(keys: &[String]) -> String {
    if keys.is_empty() { String::new() } else { format!("\nGROUP BY {}", keys.join(", ")) }
}

fn order_by(query: &Query) -> String {
    let column = |key: &Key| match key {
        Key::Metric(metric) => query.metrics.iter().position(|one| one == metric).map(|index| format!("m{index}")),
        Key::Dimension(dimension) => {
            query.dimensions.iter().position(|one| one == dimension).map(|index| format!("d{index}"))
        }
    };
    let parts: Vec<String> = query
        .order_by
        .iter()
        .filter_map(|(key, direction)| {
            let way = if *direction == Direction::Asc { "ASC" } else { "DESC" };
            column(key).map(|column| format!("{column} {way} NULLS LAST"))
        })
        .collect();
    if parts.is_empty() { "1".to_owned() } else { parts.join(", ") }
}

/// The columns of a part: its dimensions, its own sums, and nothing for the others'.
fn columns(query: &Query, bases: &[Base], level: Level, table: &str, goal: &str, bind: &mut Binder) -> Vec<String> {
    let time = if level == Level::Event { "events.timestamp" } else { "sessions.started_at" };
    let mut columns = Vec::new();
    for (index, dimension) in query.dimensions.iter().enumerate() {
        let text = match dimension {
            Dimension::Time(interval) => bucket(*interval, time, &query.zone, bind),
            dimension => dimension.text(table, bind),
        };
        columns.push(format!("{text} AS d{index}"));
    }
    for base in bases {
        let sum = if base.level() == level { base.aggregate(goal) } else { base.nothing().to_owned() };
        columns.push(format!("{sum} AS {}", base.column()));
    }
    columns
}

fn event_part(query: &Query, scope: &Scope<'_>, bases: &[Base], bind: &mut Binder) -> String {
    // Whoever reached it anywhere in the period, whatever the filters say of the row.
    let goal = query.goal.as_ref().map(|goal| format!("visitor IN ({})", visitors(query, scope, goal, bind)));
    let columns = columns(query, bases, Level::Event, "events", goal.as_deref().unwrap_or("0"), bind);
    let condition = condition(query, scope, &query.filter, "events", bind);
    let keys: Vec<String> = (0..query.dimensions.len()).map(|index| format!("d{index}")).collect();
    if !bases.contains(&Base::Users) {
        // `FINAL` makes each identity count once whatever has been merged yet.
        return format!("SELECT {}\nFROM events FINAL\nWHERE {condition}{}", columns.join(", "), group_by(&keys));
    }
    format!(
        "SELECT {}\nFROM (SELECT *, visitor,\n\
         multiIf(user_id != '', concat('u', user_id), anonymous_id = '', '', stitched.user != '',\n\
         concat('u', stitched.user), concat('a', anonymous_id)) AS person\n\
         FROM (SELECT *, visitor FROM events FINAL WHERE {condition}) AS events\n\
         LEFT ANY JOIN ({}) AS stitched ON events.anonymous_id = stitched.device) AS events{}",
        columns.join(", "),
        stitched(scope, bind),
        group_by(&keys)
    )
}

/// Whom each device belongs to: whoever it was identified as first, at any time (`docs/durability.md`).
fn stitched(scope: &Scope<'_>, bind: &mut Binder) -> String {
    format!(
        "SELECT anonymous_id AS device, argMin(user_id, (timestamp, event_id)) AS user\n\
         FROM events FINAL\nWHERE {} AND event = '$identify' AND anonymous_id != '' AND user_id != ''\n\
         GROUP BY device",
        scope.sql(bind)
    )
}

/// Conditions on events can be about what a session holds: then one such event in it is enough.
fn session_part(query: &Query, scope: &Scope<'_>, bases: &[Base], bind: &mut Binder) -> String {
    let columns = columns(query, bases, Level::Session, "sessions", "0", bind);
    let conjuncts = match &query.filter {
        Filter::And(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut holds = Vec::new();
    let mut conditions = Vec::new();
    for conjunct in conjuncts {
        let visitors_of = |event: &Filter, bind: &mut Binder| visitors(query, scope, event, bind);
        if conjunct.is_known_to(Level::Session) {
            conditions.push(conjunct.sql("sessions", bind, &visitors_of));
        } else {
            let name = format!("holds_{}", holds.len());
            holds.push((conjunct.sql("events", bind, &visitors_of), name.clone()));
            conditions.push(format!("sessions.{name}"));
        }
    }
    // A session is told by the events of the day before its start, and counts those of the day after.
    let first = Day(query.range.from.day().0 - 1).start();
    let end = Day(query.range.to.plus(-1).day().0 + 2).start();
    let mut events = scope.during(Range { from: first, to: end }, bind);
    if !query.include.bots {
        events.push_str(" AND bot_class = ''");
    }
    conditions.insert(0, format!("started_at < {}", instant(query.range.to, bind)));
    conditions.insert(0, format!("started_at >= {}", instant(query.range.from, bind)));
    let keys: Vec<String> = (0..query.dimensions.len()).map(|index| format!("d{index}")).collect();
    format!(
        "SELECT {}\nFROM ({}) AS sessions\nWHERE {}{}",
        columns.join(", "),
        session_rows(&format!("FROM events FINAL WHERE {events}"), &holds),
        conditions.join(" AND "),
        group_by(&keys)
    )
}

/// The visitors who have an event in the period that fits.
fn visitors(query: &Query, scope: &Scope<'_>, event: &Filter, bind: &mut Binder) -> String {
    let condition = condition(query, scope, event, "events", bind);
    format!("SELECT visitor FROM events FINAL WHERE {condition} AND visitor != 0")
}

/// Events of the scope and period that fit.
fn condition(query: &Query, scope: &Scope<'_>, filter: &Filter, table: &str, bind: &mut Binder) -> String {
    let mut condition = scope.during(query.range, bind);
    // A bot is data, and left out unless asked for.
    if !query.include.bots {
        condition.push_str(" AND bot_class = ''");
    }
    if *filter != Filter::And(Vec::new()) {
        let visitors_of = |event: &Filter, bind: &mut Binder| visitors(query, scope, event, bind);
        condition.push_str(" AND ");
        condition.push_str(&filter.sql(table, bind, &visitors_of));
    }
    condition
}

/// The step of the time axis that an instant lies in: its local date, or the instant of its beginning in
/// milliseconds.
fn bucket(interval: Interval, time: &str, zone: &Zone, bind: &mut Binder) -> String {
    let offset = zone.sql(time, bind);
    let local = format!("(toUnixTimestamp64Milli({time}) + {offset})");
    let date = || format!("toDate(fromUnixTimestamp64Milli({local}, 'UTC'))");
    match interval {
        Interval::Minute => format!("intDiv({local}, 60000) * 60000 - {offset}"),
        Interval::Hour => format!("intDiv({local}, 3600000) * 3600000 - {offset}"),
        Interval::Day => format!("toString({})", date()),
        Interval::Week => format!("toString(toMonday({}))", date()),
        Interval::Month => format!("toString(toStartOfMonth({}))", date()),
    }
}
