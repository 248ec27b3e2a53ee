//! The columns of the computed tables, and what is derived from [`Column`].

use crate::Column;

/// Name and ClickHouse type of a column.
pub type Field = (&'static str, &'static str);

/// The first columns of every computed table.
const KEY: [Field; 4] =
    [("project_id", "UUID"), ("env", "Enum8('live' = 1, 'test' = 2)"), ("day", "Date"), ("generation", "UInt64")];

/// The columns of `sessions` that are computed from all its events. Those of its entry follow.
const SESSION: [Field; 9] = [
    ("visitor", "UInt128"),
    ("session_id", "String"),
    ("started_at", "DateTime64(3, 'UTC')"),
    ("ended_at", "DateTime64(3, 'UTC')"),
    ("events", "UInt32"),
    ("pageviews", "UInt32"),
    ("is_bounce", "Bool"),
    ("entry_path", Column::EntryPath.kind()),
    ("exit_path", Column::ExitPath.kind()),
];

/// The columns of `daily_rollup` after project, env, day and generation. The type of `dimension` lists
/// [`rollup_dimensions`].
pub const DAILY_ROLLUP: &[Field] = &[
    ("dimension", "Enum8"),
    ("grain", "Enum8('day' = 1, 'hour' = 2)"),
    ("hour", "UInt8"),
    ("value", "String"),
    ("second", "LowCardinality(String)"),
    ("events", "UInt64"),
    ("pageviews", "UInt64"),
    ("visitors_count", "UInt64"),
    ("visitors", "AggregateFunction(uniqExact, UInt128)"),
];

/// The columns of `identities` after project, env, day and generation.
pub const IDENTITIES: &[Field] = &[
    ("anonymous_id", Column::AnonymousId.kind()),
    ("user_id", Column::UserId.kind()),
    ("timestamp", Column::Timestamp.kind()),
    ("event_id", Column::EventId.kind()),
];

/// The columns of `dead_letters`.
pub const DEAD_LETTERS: &[Field] = &[
    ("id", "String"),
    ("project_id", "UUID"),
    ("env", "Enum8('live' = 1, 'test' = 2)"),
    ("at", "DateTime64(3, 'UTC')"),
    ("code", "LowCardinality(String)"),
    ("reason", "String"),
    ("line", "String"),
];

/// The columns of `sessions` after project, env, day and generation.
pub fn sessions() -> Vec<Field> {
    let entry = Column::OF_ENTRY.iter().map(|column| (column.as_str(), column.kind()));
    SESSION.into_iter().chain(entry).collect()
}

/// All columns of a computed table. `fields`: those after project, env, day and generation.
pub fn computed(fields: &[Field]) -> Vec<Field> {
    KEY.into_iter().chain(fields.iter().copied()).collect()
}

/// A dimension of `daily_rollup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollupDimension {
    /// Value of the column `dimension`.
    pub name: &'static str,
    /// The column whose value is in `value`. `None`: one row for all events.
    pub value: Option<Column>,
    /// The column whose value is in `second`.
    pub second: Option<Column>,
}

impl RollupDimension {
    /// All events together.
    pub const TOTAL: Self = Self { name: "total", value: None, second: None };
    /// Pairs of source and medium.
    pub const SOURCE_MEDIUM: Self =
        Self { name: "source_medium", value: Some(Column::Source), second: Some(Column::Medium) };
}

/// All dimensions of `daily_rollup`.
pub fn rollup_dimensions() -> Vec<RollupDimension> {
    let single = |column: &Column| RollupDimension { name: column.as_str(), value: Some(*column), second: None };
    let columns = Column::OF_ROLLUP.iter().map(single);
    [RollupDimension::TOTAL, RollupDimension::SOURCE_MEDIUM].into_iter().chain(columns).collect()
}
