//! The table choice: computed tables for clean days, events for the rest (`docs/rollups.md`). The numbers are the same
//! either way.

use super::dimension::{Column, Dimension, Interval};
use super::metric::{Base, Level};
use super::model::Query;
use intake::time::Day;
use schema::RollupDimension;
use statement::Range;
use statement::{Generation, Kind};

/// Maximum number of pieces between clean days. With more, all is read from the events, so that the statement stays
/// small.
const MAX_PIECES: usize = 40;

/// The computed tables that can answer a question, before the clean days are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The rows of the rollup, if it can answer.
    pub rollup: Option<Slice>,
    /// Whether the table `sessions` can answer.
    pub sessions: bool,
    /// The first whole UTC day of the period.
    pub first: Day,
    /// The day after its last whole one.
    pub end: Day,
}

/// Rows of the rollup: one dimension, at one grain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Value of the column `dimension`.
    pub dimension: &'static str,
    /// The events' column that `value` holds.
    pub value: Option<Column>,
    /// The events' column that `second` holds.
    pub second: Option<Column>,
    /// Whether to read rows of days, which hold the number of visitors. Rows of hours hold the set of visitors.
    pub days: bool,
}

/// The table choice for a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Days that the rollup answers.
    pub rollup: Option<(Slice, Clean)>,
    /// Days on which sessions start that the table of sessions answers.
    pub sessions: Option<Clean>,
}

/// Clean days, each with the generation to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clean(pub Vec<(Day, Generation)>);

impl Wanted {
    /// The computed tables that can answer a question; `None` if only the events can.
    pub fn of(query: &Query) -> Option<Self> {
        let (from, to) = (query.range.from, query.range.to);
        let first = if from == from.day().start() { from.day() } else { Day(from.day().0 + 1) };
        let end = to.day();
        // Today is never clean, and one day is read from the events just as fast.
        if query.include.bots || end.0 - first.0 < 2 {
            return None;
        }
        let rollup = query.has_events().then(|| slice(query)).flatten();
        let sessions = query.has_sessions() && query.filter.is_known_to(Level::Session) && !query.filter.has_done();
        (rollup.is_some() || sessions).then_some(Self { rollup, sessions, first, end })
    }

    /// The computed tables whose clean days must be looked up.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        [self.rollup.map(|_| Kind::Rollup), self.sessions.then_some(Kind::Sessions)].into_iter().flatten()
    }

    /// The table choice for these clean days.
    pub fn plan(&self, query: &Query, rollup: Vec<(Day, Generation)>, sessions: Vec<(Day, Generation)>) -> Plan {
        let usable = |days: Vec<(Day, Generation)>| {
            let clean = Clean(days);
            (!clean.0.is_empty() && clean.rest(query.range).len() <= MAX_PIECES).then_some(clean)
        };
        Plan {
            rollup: self.rollup.and_then(|slice| usable(rollup).map(|clean| (slice, clean))),
            sessions: self.sessions.then(|| usable(sessions)).flatten(),
        }
    }
}

/// The rows of the rollup that can answer a question, if any.
fn slice(query: &Query) -> Option<Slice> {
    let bases = || query.metrics.iter().flat_map(|metric| metric.bases()).filter(|base| base.level() == Level::Event);
    if query.goal.is_some() || bases().any(|base| !matches!(base, Base::Events | Base::Visitors | Base::Pageviews)) {
        return None;
    }
    let interval = query.interval();
    if interval == Some(Interval::Minute)
        || interval.is_some() && !query.zone.has_whole_hours(query.range.from, query.range.to)
    {
        return None;
    }
    let mut grouped = Vec::new();
    for dimension in &query.dimensions {
        match dimension {
            Dimension::Column(column) => grouped.push(*column),
            Dimension::Time(_) => {}
            Dimension::Property(_) => return None,
        }
    }
    let mut columns = grouped.clone();
    let filtered = query.filter.columns()?;
    for column in &filtered {
        if !columns.contains(column) {
            columns.push(*column);
        }
    }
    let (dimension, value, second) = match columns.as_slice() {
        [] => (RollupDimension::TOTAL.name, None, None),
        [one] => (name(*one)?, Some(*one), None),
        [Column::Source, Column::Medium] | [Column::Medium, Column::Source] => {
            (RollupDimension::SOURCE_MEDIUM.name, Some(Column::Source), Some(Column::Medium))
        }
        _ => return None,
    };
    let visitors = bases().any(|base| *base == Base::Visitors);
    // One row of a day is one row of the answer, so its number of visitors can be used.
    let one_to_one = interval == Some(Interval::Day) && filtered.iter().all(|column| grouped.contains(column));
    let whole_days = query.zone.is_utc() && interval != Some(Interval::Hour) || interval.is_none();
    let days = whole_days && (!visitors || one_to_one);
    // The rollup stores no sets of visitors for paths.
    (days || !visitors || dimension != "path").then_some(Slice { dimension, value, second, days })
}

/// A column's name in the rollup.
fn name(column: Column) -> Option<&'static str> {
    column.is_of_rollup().then(|| column.as_str())
}

impl Plan {
    /// Whether visitors must be passed as sets, because the same visitor can occur in two parts.
    pub fn counts_sets(&self, query: &Query) -> bool {
        self.rollup.as_ref().is_some_and(|(slice, clean)| {
            !slice.days || query.interval() != Some(Interval::Day) && !clean.rest(query.range).is_empty()
        })
    }

    /// The tables that are read, for `meta.tables`.
    pub fn tables(&self, query: &Query) -> Vec<&'static str> {
        let mut tables = Vec::new();
        let mut rest = false;
        if query.has_events() {
            match &self.rollup {
                Some((_, clean)) => {
                    tables.push("daily_rollup");
                    rest |= !clean.rest(query.range).is_empty();
                }
                None => rest = true,
            }
        }
        if query.has_sessions() {
            match &self.sessions {
                Some(clean) => {
                    tables.push("sessions");
                    rest |= !clean.rest(query.range).is_empty();
                }
                None => rest = true,
            }
        }
        if rest {
            tables.push("events");
        }
        tables
    }
}

impl Clean {
    /// The pieces of a period that the clean days do not cover.
    pub fn rest(&self, range: Range) -> Vec<Range> {
        let mut pieces = Vec::new();
        let mut from = range.from;
        for (day, _) in &self.0 {
            let (start, end) = (day.start().min(range.to), Day(day.0 + 1).start());
            if start > from {
                pieces.push(Range { from, to: start });
            }
            from = from.max(end);
        }
        if from < range.to {
            pieces.push(Range { from, to: range.to });
        }
        pieces
    }

    /// The days as the value of an array parameter.
    pub(super) fn days(&self) -> String {
        let days: Vec<String> = self.0.iter().map(|(day, _)| format!("'{}'", day.to_iso())).collect();
        format!("[{}]", days.join(","))
    }

    /// The generations as the value of an array parameter.
    pub(super) fn generations(&self) -> String {
        let generations: Vec<String> = self.0.iter().map(|(_, generation)| generation.0.to_string()).collect();
        format!("[{}]", generations.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{World, from_json};
    use intake::time::{DAY_MS, Timestamp};
    use serde_json::{Value, json};

    const WORLD: World<'static> = World {
        now: Timestamp(1_795_255_200_000),
        timezone: "UTC",
        offset_at: crate::zone::host_offset,
        segments: crate::Segments::Closed,
    };

    fn wanted(body: &Value) -> Option<Wanted> {
        Wanted::of(&from_json(body, WORLD).unwrap())
    }

    #[test]
    fn a_slice_is_taken_where_it_holds_the_answer() {
        let slice =
            |body: Value| wanted(&body).and_then(|wanted| wanted.rollup).map(|slice| (slice.dimension, slice.days));
        assert_eq!(slice(json!({"metrics": ["events"]})), Some(("total", true)));
        assert_eq!(slice(json!({"metrics": ["visitors"], "dimensions": ["time:day"]})), Some(("total", true)));
        let berlin = json!({"metrics": ["visitors"], "dimensions": ["time:day"], "timezone": "Europe/Berlin"});
        assert_eq!(slice(berlin), Some(("total", false)));
        let kolkata = json!({"metrics": ["visitors"], "dimensions": ["time:day"], "timezone": "Asia/Kolkata"});
        assert_eq!(slice(kolkata), None);
        assert_eq!(
            slice(json!({"metrics": ["visitors"], "dimensions": ["medium", "source"]})),
            Some(("source_medium", false))
        );
        assert_eq!(slice(json!({"metrics": ["events"], "filters": [["is", "path", "/"]]})), Some(("path", true)));
        assert_eq!(slice(json!({"metrics": ["visitors"], "dimensions": ["path"]})), None);
        for raw in [
            json!({"metrics": ["users"]}),
            json!({"metrics": ["revenue"]}),
            json!({"dimensions": ["prop:plan"]}),
            json!({"dimensions": ["source", "country"]}),
            json!({"dimensions": ["title"]}),
            json!({"filters": [["gt", "revenue", 1]]}),
            json!({"filters": [["has_done", ["is", "event", "a"]]]}),
            json!({"include": {"bots": true}}),
            json!({"date_range": "today"}),
        ] {
            assert_eq!(slice(raw.clone()), None, "{raw}");
        }
    }

    #[test]
    fn sessions_are_taken_where_filters_are_about_sessions() {
        let sessions = |body: Value| wanted(&body).is_some_and(|wanted| wanted.sessions);
        assert!(sessions(json!({"metrics": ["bounce_rate"], "filters": [["is", "source", "google"]]})));
        assert!(!sessions(json!({"metrics": ["bounce_rate"], "filters": [["is", "path", "/"]]})));
        assert!(!sessions(json!({"metrics": ["events"]})));
    }

    #[test]
    fn the_rest_is_what_is_not_covered() {
        let at = |days: i64, hours: i64| Timestamp(days * DAY_MS + hours * 3_600_000);
        let clean = Clean([3, 4, 7].map(|day| (Day(day), Generation(1))).to_vec());
        let rest = clean.rest(Range { from: at(2, 6), to: at(8, 1) });
        let expected = [(at(2, 6), at(3, 0)), (at(5, 0), at(7, 0)), (at(8, 0), at(8, 1))];
        assert_eq!(rest, expected.map(|(from, to)| Range { from, to }));
        assert!(clean.rest(Range { from: at(3, 0), to: at(5, 0) }).is_empty());
    }
}
