//! The SQL of the question of `/v1/stats`, also used for sources and realtime. Identifiers come from the closed lists
//! of the model, every value is a bound parameter, and every statement is limited to one project and env.
//!
//! A statement has three layers. The inner parts aggregate events or sessions by the dimensions. The middle layer adds
//! the parts up. The outer layer computes the metrics, sorts and limits.

use super::dimension::{Column, Dimension, Interval};
use super::filter::Filter;
use super::metric::{Base, Level};
use super::model::{Direction, Key, Query};
use super::people::{Chosen, during, with_person};
use super::plan::{Clean, Plan, Slice};
use super::zone::Zone;
use intake::time::Day;
use statement::Binder;
use statement::Range;
use statement::session_rows;
use statement::{Scope, Statement};

/// Writes the statement that answers a question. Each row is a JSON array: the dimensions, the metrics and, if asked
/// for, the number of all rows. It asks for one row more than the limit, which shows whether there are more.
pub fn build(query: &Query, scope: &Scope<'_>, plan: &Plan) -> Statement {
    let mut bind = Binder::default();
    let sums = Sums::of(query, plan.counts_sets(query));
    let whole = [query.range];
    let mut parts = Vec::new();
    if query.has_events() {
        let rest = plan.rollup.as_ref().map(|(slice, clean)| {
            parts.push(rollup_part(query, scope, &sums, slice, clean, &mut bind));
            clean.rest(query.range)
        });
        let pieces = rest.as_deref().unwrap_or(&whole);
        if !pieces.is_empty() {
            parts.push(event_part(query, scope, &sums, pieces, &mut bind));
        }
    }
    if query.has_sessions() {
        let rest = plan.sessions.as_ref().map(|clean| {
            parts.push(stored_sessions(query, scope, &sums, clean, &mut bind));
            clean.rest(query.range)
        });
        let pieces = rest.as_deref().unwrap_or(&whole);
        if !pieces.is_empty() {
            parts.push(session_part(query, scope, &sums, pieces, &mut bind));
        }
    }
    let keys: Vec<String> = (0..query.dimensions.len()).map(|index| format!("d{index}")).collect();
    let middle = format!(
        "SELECT {}\nFROM ({}){}",
        keys.iter().cloned().chain(sums.totals()).collect::<Vec<_>>().join(", "),
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

/// The aggregates of all metrics.
struct Sums {
    /// Without duplicates.
    bases: Vec<Base>,
    /// Whether the layers pass visitors as sets, because the same visitor can occur in several parts.
    sets: bool,
}

impl Sums {
    fn of(query: &Query, sets: bool) -> Self {
        let mut bases: Vec<Base> = Vec::new();
        for base in query.metrics.iter().flat_map(|metric| metric.bases()) {
            if !bases.contains(base) {
                bases.push(*base);
            }
        }
        Self { bases, sets }
    }

    /// The aggregates of a part over this level; those of the other level are zero.
    fn columns(&self, level: Level, goal: &str) -> Vec<String> {
        let sum = |base: &Base| match (base.level() == level, *base, self.sets) {
            (true, Base::Visitors, true) => "uniqExactStateIf(visitor, visitor != 0)".to_owned(),
            (false, Base::Visitors, true) => "arrayReduce('uniqExactState', CAST([], 'Array(UInt128)'))".to_owned(),
            (true, base, _) => base.aggregate(goal),
            (false, base, _) => base.nothing().to_owned(),
        };
        self.bases.iter().map(|base| format!("{} AS {}", sum(base), base.column())).collect()
    }

    /// The aggregates over rows of the rollup.
    fn of_rollup(&self) -> Vec<String> {
        let sum = |base: &Base| match (*base, self.sets) {
            (Base::Events, _) => "sum(rollup.events)",
            (Base::Pageviews, _) => "sum(rollup.pageviews)",
            (Base::Visitors, true) => "uniqExactMergeState(rollup.visitors)",
            (Base::Visitors, false) => "sum(rollup.visitors_count)",
            (other, _) => other.nothing(),
        };
        self.bases.iter().map(|base| format!("{} AS {}", sum(base), base.column())).collect()
    }

    /// The aggregates over all parts.
    fn totals(&self) -> impl Iterator<Item = String> {
        self.bases.iter().map(|base| {
            let sets = self.sets && *base == Base::Visitors;
            let total = if sets { "uniqExactMerge(b_visitors)".to_owned() } else { base.total() };
            format!("{total} AS t{}", base.column().trim_start_matches('b'))
        })
    }
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

/// The SQL expressions of the dimensions over rows of a table.
fn dimensions(query: &Query, table: &str, time: &str, bind: &mut Binder) -> Vec<String> {
    let text = |dimension: &Dimension, bind: &mut Binder| match dimension {
        Dimension::Time(interval) => bucket(*interval, time, &query.zone, bind),
        dimension => dimension.text(table, bind),
    };
    query.dimensions.iter().enumerate().map(|(index, one)| format!("{} AS d{index}", text(one, bind))).collect()
}

fn event_part(query: &Query, scope: &Scope<'_>, sums: &Sums, pieces: &[Range], bind: &mut Binder) -> String {
    // Visitors who reached the goal at any time in the period, whether or not that event meets the filters.
    let goal = query.goal.as_ref().map(|goal| format!("visitor IN ({})", chosen(query, scope).visitors(goal, bind)));
    let mut columns = dimensions(query, "events", "events.timestamp", bind);
    columns.extend(sums.columns(Level::Event, goal.as_deref().unwrap_or("0")));
    let condition = condition(query, scope, pieces, &query.filter, bind);
    let keys: Vec<String> = (0..query.dimensions.len()).map(|index| format!("d{index}")).collect();
    if !sums.bases.contains(&Base::Users) {
        // `FINAL` counts each identity once, even before ClickHouse has merged its rows.
        return format!("SELECT {}\nFROM events FINAL\nWHERE {condition}{}", columns.join(", "), group_by(&keys));
    }
    let events = with_person(&format!("SELECT *, visitor FROM events FINAL WHERE {condition}"), scope, bind);
    format!("SELECT {}\nFROM ({events}) AS events{}", columns.join(", "), group_by(&keys))
}

/// Aggregates sessions. A condition on columns that only events have is met if one event of the session meets it.
fn session_part(query: &Query, scope: &Scope<'_>, sums: &Sums, pieces: &[Range], bind: &mut Binder) -> String {
    let mut columns = dimensions(query, "sessions", "sessions.started_at", bind);
    columns.extend(sums.columns(Level::Session, "0"));
    let conjuncts = match &query.filter {
        Filter::And(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let chosen = chosen(query, scope);
    let mut holds = Vec::new();
    let mut conditions = Vec::new();
    for conjunct in conjuncts {
        if conjunct.is_known_to(Level::Session) {
            conditions.push(chosen.fits(conjunct, "sessions", bind));
        } else {
            let name = format!("holds_{}", holds.len());
            holds.push((chosen.fits(conjunct, "events", bind), name.clone()));
            conditions.push(format!("sessions.{name}"));
        }
    }
    // Whether an event starts a session depends on the day before, and a session can last to the end of the next day
    // (`docs/concepts.md`, "Sessions").
    let around = |piece: &Range| Range {
        from: Day(piece.from.day().0 - 1).start(),
        to: Day(piece.to.plus(-1).day().0 + 2).start(),
    };
    let around: Vec<Range> = pieces.iter().map(around).collect();
    let events = chosen.within(&around, &Filter::And(Vec::new()), bind);
    conditions.insert(0, during("started_at", pieces, bind));
    let keys: Vec<String> = (0..query.dimensions.len()).map(|index| format!("d{index}")).collect();
    format!(
        "SELECT {}\nFROM ({}) AS sessions\nWHERE {}{}",
        columns.join(", "),
        session_rows(&format!("FROM events FINAL WHERE {events}"), &holds),
        conditions.join(" AND "),
        group_by(&keys)
    )
}

/// Aggregates from the rollup, for clean days.
fn rollup_part(
    query: &Query,
    scope: &Scope<'_>,
    sums: &Sums,
    slice: &Slice,
    clean: &Clean,
    bind: &mut Binder,
) -> String {
    let mut columns = dimensions(query, "rollup", "rollup.at", bind);
    columns.extend(sums.of_rollup());
    // Named as in `events`, so that dimensions and filters find them.
    let named = |column: Option<Column>, stored: &str| {
        column.map_or_else(String::new, |column| format!(", {stored} AS {}", column.as_str()))
    };
    let filter = match &query.filter {
        Filter::And(list) if list.is_empty() => String::new(),
        filter => format!("\nWHERE {}", filter.sql("rollup", bind, &|_, _| "SELECT 0".to_owned())),
    };
    let keys: Vec<String> = (0..query.dimensions.len()).map(|index| format!("d{index}")).collect();
    format!(
        "SELECT {}\nFROM (SELECT toDateTime64(day, 3, 'UTC') + toIntervalHour(hour) AS at, events, pageviews,\n\
         visitors_count, visitors{}{}\nFROM daily_rollup\nWHERE {} AND dimension = '{}' AND grain = '{}' AND {}) AS rollup{filter}{}",
        columns.join(", "),
        named(slice.value, "value"),
        named(slice.second, "second"),
        scope.sql(bind),
        slice.dimension,
        if slice.days { "day" } else { "hour" },
        on(clean, bind),
        group_by(&keys)
    )
}

/// Aggregates from the table `sessions`, for sessions that start on clean days.
fn stored_sessions(query: &Query, scope: &Scope<'_>, sums: &Sums, clean: &Clean, bind: &mut Binder) -> String {
    let mut columns = dimensions(query, "sessions", "sessions.started_at", bind);
    columns.extend(sums.columns(Level::Session, "0"));
    let filter = query.filter.sql("sessions", bind, &|_, _| "SELECT 0".to_owned());
    let keys: Vec<String> = (0..query.dimensions.len()).map(|index| format!("d{index}")).collect();
    format!(
        "SELECT {}\nFROM sessions\nWHERE {} AND {} AND {filter}{}",
        columns.join(", "),
        scope.sql(bind),
        on(clean, bind),
        group_by(&keys)
    )
}

/// The condition for rows of clean days, each in the generation to read.
fn on(clean: &Clean, bind: &mut Binder) -> String {
    format!(
        "(day, generation) IN (SELECT arrayJoin(arrayZip({}, {})))",
        bind.value("Array(Date)", &clean.days()),
        bind.value("Array(UInt64)", &clean.generations())
    )
}

/// The events of the question's period.
fn chosen<'a>(query: &Query, scope: &'a Scope<'a>) -> Chosen<'a> {
    Chosen { scope, range: query.range, bots: query.include.bots }
}

/// The condition for events of the scope that lie in one of the pieces and meet the filter.
pub(super) fn condition(
    query: &Query,
    scope: &Scope<'_>,
    pieces: &[Range],
    filter: &Filter,
    bind: &mut Binder,
) -> String {
    chosen(query, scope).within(pieces, filter, bind)
}

/// The step of the time axis that contains an instant: a local date for days, weeks and months, otherwise the step's
/// start in milliseconds.
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
