//! From a question to SQL: the one function that writes it. Identifiers come from the closed lists of the
//! model; every value is a bound parameter; project and env are part of every statement.
//!
//! A statement has three layers. Parts count their own sums (events, sessions) by the dimensions; the middle
//! adds the parts up; the outer one makes metrics of the sums, orders and cuts.

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

/// The statement that answers a question: an array a row, the dimensions, the metrics, and the number of all
/// rows if that is wanted. One row more than the limit, so that a cut answer can be told.
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

/// What the metrics are made of.
struct Sums {
    /// Each once.
    bases: Vec<Base>,
    /// Visitors travel between the layers as sets: the same one may stand in several parts.
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

    /// The sums of a part that counts this level, and nothing for the others'.
    fn columns(&self, level: Level, goal: &str) -> Vec<String> {
        let sum = |base: &Base| match (base.level() == level, *base, self.sets) {
            (true, Base::Visitors, true) => "uniqExactStateIf(visitor, visitor != 0)".to_owned(),
            (false, Base::Visitors, true) => "arrayReduce('uniqExactState', CAST([], 'Array(UInt128)'))".to_owned(),
            (true, base, _) => base.aggregate(goal),
            (false, base, _) => base.nothing().to_owned(),
        };
        self.bases.iter().map(|base| format!("{} AS {}", sum(base), base.column())).collect()
    }

    /// The sums of the rollup's rows.
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

    /// All parts together.
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

/// The dimensions over rows of a table.
fn dimensions(query: &Query, table: &str, time: &str, bind: &mut Binder) -> Vec<String> {
    let text = |dimension: &Dimension, bind: &mut Binder| match dimension {
        Dimension::Time(interval) => bucket(*interval, time, &query.zone, bind),
        dimension => dimension.text(table, bind),
    };
    query.dimensions.iter().enumerate().map(|(index, one)| format!("{} AS d{index}", text(one, bind))).collect()
}

fn event_part(query: &Query, scope: &Scope<'_>, sums: &Sums, pieces: &[Range], bind: &mut Binder) -> String {
    // Whoever reached it anywhere in the period, whatever the filters say of the row.
    let goal = query.goal.as_ref().map(|goal| format!("visitor IN ({})", chosen(query, scope).visitors(goal, bind)));
    let mut columns = dimensions(query, "events", "events.timestamp", bind);
    columns.extend(sums.columns(Level::Event, goal.as_deref().unwrap_or("0")));
    let condition = condition(query, scope, pieces, &query.filter, bind);
    let keys: Vec<String> = (0..query.dimensions.len()).map(|index| format!("d{index}")).collect();
    if !sums.bases.contains(&Base::Users) {
        // `FINAL` makes each identity count once whatever has been merged yet.
        return format!("SELECT {}\nFROM events FINAL\nWHERE {condition}{}", columns.join(", "), group_by(&keys));
    }
    let events = with_person(&format!("SELECT *, visitor FROM events FINAL WHERE {condition}"), scope, bind);
    format!("SELECT {}\nFROM ({events}) AS events{}", columns.join(", "), group_by(&keys))
}

/// Conditions on events can be about what a session holds: then one such event in it is enough.
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
    // A session is told by the events of the day before its start, and counts those of the day after.
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

/// What the rollup counted on clean days.
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
    // Under the names that the columns have in `events`.
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

/// The sessions that start on clean days.
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

/// The rows of clean days, each of its own generation.
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

/// Events of the scope and of pieces of the period that fit.
pub(super) fn condition(
    query: &Query,
    scope: &Scope<'_>,
    pieces: &[Range],
    filter: &Filter,
    bind: &mut Binder,
) -> String {
    chosen(query, scope).within(pieces, filter, bind)
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
