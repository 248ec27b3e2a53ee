//! The rows of rollup and identities, computed from the events of the days bound to the statement.

use super::{Kind, Parameters, ProjectDay, TARGETS, parameter};
use intake::time::Day;

/// What a row of the rollup is about: the dimension's name, and the expressions of `value` and `second`.
///
/// The names are those of the column `dimension` (`migrations/clickhouse/0002_rollups.sql`).
pub(super) const DIMENSIONS: &[(&str, &str, &str)] = &[
    ("total", "''", "''"),
    ("event", "event", "''"),
    ("source", "source", "''"),
    ("medium", "medium", "''"),
    ("channel", "channel", "''"),
    ("campaign", "campaign", "''"),
    ("source_medium", "source", "medium"),
    ("referrer_host", "referrer_host", "''"),
    ("country", "country", "''"),
    ("device_type", "device_type", "''"),
    ("browser", "browser", "''"),
    ("os", "os", "''"),
    ("language", "language", "''"),
    ("host", "host", "''"),
    ("path", "path", "''"),
];

/// Which rows of the rollup hold the set of their visitors. Paths do not: there are so many of them that their sets
/// are as large as the events, and slower to read.
pub(super) const HAS_SET: &str = "grain = 'hour' AND dimension != 'path'";

/// Columns of `daily_rollup` after project, env, day and generation.
pub(super) const ROLLUP_COLUMNS: &str =
    "dimension, grain, hour, value, second, events, pageviews, visitors_count, visitors";
/// Columns of `identities` after project, env, day and generation.
pub(super) const IDENTITY_COLUMNS: &str = "anonymous_id, user_id, timestamp, event_id";

/// `FROM` and `WHERE` for the events of the bound days and of those that bear on them, each identity once.
/// The bounds of time spare the partitions that hold none of them.
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

/// The bounds of time that [`events`] refers to.
pub(super) fn bounds<'a>(kind: Kind, days: impl Iterator<Item = &'a ProjectDay>) -> Parameters {
    let (first, last) =
        days.fold((i32::MAX, i32::MIN), |(first, last), one| (first.min(one.day.0), last.max(one.day.0)));
    let instant = |day: i32| Day(day).start().to_store();
    vec![
        parameter("from", instant(first.saturating_sub(kind.reach()))),
        parameter("to", instant(last.saturating_add(kind.reach() + 1))),
    ]
}

/// `SELECT project_id, env, day, …ROLLUP_COLUMNS`.
pub(super) fn rollup() -> String {
    let dimensions: Vec<String> =
        DIMENSIONS.iter().map(|(name, value, second)| format!("('{name}', {value}, {second})")).collect();
    let by = |grain: &str, hour: &str| {
        format!(
            "SELECT project_id, env, day, d.1 AS dimension, '{grain}' AS grain, toUInt8({hour}) AS hour, d.2 AS value,\n\
             d.3 AS second, count() AS events, countIf(event = 'pageview') AS pageviews,\n\
             uniqExactIf(visitor, visitor != 0) AS visitors_count,\n\
             uniqExactStateIf(visitor, visitor != 0 AND {HAS_SET}) AS visitors\n\
             FROM (SELECT project_id, env, toDate(timestamp) AS day, toHour(timestamp) AS utc_hour, event, visitor,\n\
             [{}] AS dimensions\n{}\nAND bot_class = '')\n\
             ARRAY JOIN dimensions AS d\n\
             GROUP BY project_id, env, day, dimension, hour, value, second",
            dimensions.join(", "),
            events(Kind::Rollup)
        )
    };
    format!("{}\nUNION ALL\n{}", by("hour", "utc_hour"), by("day", "0"))
}

/// `SELECT project_id, env, day, …IDENTITY_COLUMNS`. Whoever sent it, bot or not: it is something that the site
/// says.
pub(super) fn identities() -> String {
    format!(
        "SELECT project_id, env, day, anonymous_id, user_id, first.1 AS timestamp, first.2 AS event_id\n\
         FROM (SELECT project_id, env, toDate(timestamp) AS day, anonymous_id, user_id,\n\
         min((timestamp, event_id)) AS first\n{}\n\
         AND event = '$identify' AND anonymous_id != '' AND user_id != ''\n\
         GROUP BY project_id, env, day, anonymous_id, user_id)",
        events(Kind::Identities)
    )
}
