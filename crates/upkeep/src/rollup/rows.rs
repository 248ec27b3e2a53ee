//! The SELECTs that compute the rows of `daily_rollup` and `identities` from the events of the bound days.

use super::{Kind, Parameters, ProjectDay, TARGETS, parameter};
use intake::time::Day;
use schema::{Column, LINK, is_pageview, rollup_dimensions};

/// The rows of the rollup with the set of visitors. Paths have none: there are so many paths that their sets would be
/// as large as the events, and slower to read.
pub(super) const HAS_SET: &str = "grain = 'hour' AND dimension != 'path'";

/// `FROM` and `WHERE` for the events of the bound days and of the days that affect them, without duplicates. The time
/// bounds skip partitions without such events.
pub(super) fn events(kind: Kind) -> String {
    let days = match kind.reach() {
        0 => TARGETS.to_owned(),
        _ => format!(
            "SELECT DISTINCT around.1, around.2, around.3 + arrayJoin({}) FROM ({TARGETS} AS around)",
            kind.shifts()
        ),
    };
    format!(
        "FROM events FINAL\nWHERE (project_id, env, toDate(timestamp)) IN ({days})\n\
         AND timestamp >= {{from:DateTime64(3, 'UTC')}} AND timestamp < {{to:DateTime64(3, 'UTC')}}"
    )
}

/// The bound values of the time bounds of [`events`].
pub(super) fn bounds<'a>(kind: Kind, days: impl Iterator<Item = &'a ProjectDay>) -> Parameters {
    let (first, last) =
        days.fold((i32::MAX, i32::MIN), |(first, last), one| (first.min(one.day.0), last.max(one.day.0)));
    let instant = |day: i32| Day(day).start().to_store();
    vec![
        parameter("from", instant(first.saturating_sub(kind.reach()))),
        parameter("to", instant(last.saturating_add(kind.reach() + 1))),
    ]
}

/// `SELECT project_id, env, day, …` and the columns of `daily_rollup`.
pub(super) fn rollup() -> String {
    let text = |column: Option<Column>| column.map_or("''", Column::as_str);
    let dimensions: Vec<String> = rollup_dimensions()
        .iter()
        .map(|one| format!("('{}', {}, {})", one.name, text(one.value), text(one.second)))
        .collect();
    let by = |grain: &str, hour: &str| {
        format!(
            "SELECT project_id, env, day, d.1 AS dimension, '{grain}' AS grain, toUInt8({hour}) AS hour, d.2 AS value,\n\
             d.3 AS second, count() AS events, countIf({}) AS pageviews,\n\
             uniqExactIf(visitor, visitor != 0) AS visitors_count,\n\
             uniqExactStateIf(visitor, visitor != 0 AND {HAS_SET}) AS visitors\n\
             FROM (SELECT project_id, env, toDate(timestamp) AS day, toHour(timestamp) AS utc_hour, event, visitor,\n\
             [{}] AS dimensions\n{}\nAND bot_class = '')\n\
             ARRAY JOIN dimensions AS d\n\
             GROUP BY project_id, env, day, dimension, hour, value, second",
            is_pageview("event"),
            dimensions.join(", "),
            events(Kind::Rollup)
        )
    };
    format!("{}\nUNION ALL\n{}", by("hour", "utc_hour"), by("day", "0"))
}

/// `SELECT project_id, env, day, …` and the columns of `identities`. Includes `$identify` events of bots, because the
/// site sent them.
pub(super) fn identities() -> String {
    format!(
        "SELECT project_id, env, day, anonymous_id, user_id, first.1 AS timestamp, first.2 AS event_id\n\
         FROM (SELECT project_id, env, toDate(timestamp) AS day, anonymous_id, user_id,\n\
         min((timestamp, event_id)) AS first\n{}\n\
         AND {LINK}\n\
         GROUP BY project_id, env, day, anonymous_id, user_id)",
        events(Kind::Identities)
    )
}
