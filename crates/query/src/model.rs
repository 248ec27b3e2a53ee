//! The parsed question of `/v1/stats`, the same for REST and MCP. Columns and metrics are members of closed lists, so
//! no identifier in SQL comes from a caller.

use super::dimension::{Dimension, Interval};
use super::filter::Filter;
use super::metric::Metric;
use super::zone::Zone;
use statement::Range;

/// Maximum number of rows of one answer (`docs/concepts.md`, "Limits").
pub const MAX_LIMIT: u32 = 10_000;

/// A valid question about one project.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Slug or id of the project. Only account keys name one; other keys belong to one project.
    pub project: Option<String>,
    /// 1 to 20 metrics, without duplicates.
    pub metrics: Vec<Metric>,
    /// Up to ten dimensions to group by, at most one of them a time axis.
    pub dimensions: Vec<Dimension>,
    /// The period.
    pub range: Range,
    /// Time zone for hour and day boundaries.
    pub zone: Zone,
    /// Which events or sessions count. An empty `And` means all.
    pub filter: Filter,
    /// The condition that makes an event a conversion.
    pub goal: Option<Filter>,
    /// Sort keys, in order. Never empty; together they form a total order.
    pub order_by: Vec<(Key, Direction)>,
    /// The period to compare with.
    pub compare: Option<Range>,
    /// What to add to the answer.
    pub include: Include,
    /// Maximum number of rows in the answer, 1 to 10,000.
    pub limit: u32,
    /// Number of rows to skip.
    pub offset: u32,
    /// The cursor, not checked yet, and its path for errors.
    pub cursor: Option<(String, String)>,
}

/// What to add to the rows.
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the question")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Include {
    /// Count bots as well.
    pub bots: bool,
    /// The number of rows without a limit.
    pub total_rows: bool,
    /// The metrics over all rows.
    pub totals: bool,
    /// A row for each step of the time axis, even if it has no events.
    pub gap_fill: bool,
}

/// A sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// One of the metrics.
    Metric(Metric),
    /// One of the dimensions.
    Dimension(Dimension),
}

/// Sort direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

impl Query {
    /// The time axis, if the question has one.
    pub fn interval(&self) -> Option<Interval> {
        self.dimensions.iter().find_map(|dimension| match dimension {
            Dimension::Time(interval) => Some(*interval),
            Dimension::Column(_) | Dimension::Property(_) => None,
        })
    }

    /// The same question about the period to compare with. It asks for all rows, so that every row of this period can
    /// be matched.
    pub fn before(&self) -> Option<Self> {
        let range = self.compare?;
        Some(Self { range, compare: None, limit: MAX_LIMIT, offset: 0, ..self.clone() })
    }

    /// The same question about all rows together.
    #[must_use]
    pub fn totals(&self) -> Self {
        Self { dimensions: Vec::new(), order_by: Vec::new(), limit: 1, offset: 0, ..self.clone() }
    }

    /// Whether the answer needs the totals, as themselves or as the base of `percentage`.
    pub fn needs_totals(&self) -> bool {
        self.include.totals || self.metrics.contains(&Metric::Percentage)
    }

    /// Whether any metric is computed over sessions.
    pub fn has_sessions(&self) -> bool {
        self.metrics.iter().any(|metric| metric.is_of_sessions())
    }

    /// Whether any metric is computed over events.
    pub fn has_events(&self) -> bool {
        use super::metric::Level;
        self.metrics.iter().flat_map(|metric| metric.bases()).any(|base| base.level() == Level::Event)
    }
}
