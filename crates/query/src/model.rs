//! The question as a value, the same for REST and MCP. Identifiers exist only as members of closed lists.

use super::dimension::{Dimension, Interval};
use super::filter::Filter;
use super::metric::Metric;
use super::zone::Zone;
use statement::Range;

/// Most rows of one answer (contract, "Limits").
pub const MAX_LIMIT: u32 = 10_000;

/// A question about one project that can be answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Slug or id of the project, which account keys name and others may not.
    pub project: Option<String>,
    /// What is measured, 1 to 20, each once.
    pub metrics: Vec<Metric>,
    /// Grouped by these, at most ten, one time axis among them.
    pub dimensions: Vec<Dimension>,
    /// The period.
    pub range: Range,
    /// In whose days and hours time is told.
    pub zone: Zone,
    /// What counts; an empty `And` is everything.
    pub filter: Filter,
    /// What a conversion is.
    pub goal: Option<Filter>,
    /// First by this, then by that; never empty, and total over the rows.
    pub order_by: Vec<(Key, Direction)>,
    /// The period to compare with.
    pub compare: Option<Range>,
    /// What else is wanted.
    pub include: Include,
    /// Most rows in the answer, 1..10,000.
    pub limit: u32,
    /// Rows to leave out before them.
    pub offset: u32,
    /// Where to go on, not yet looked into, and its place in the question.
    pub cursor: Option<(String, String)>,
}

/// What is wanted besides the rows.
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the question")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Include {
    /// Count what bots do as well.
    pub bots: bool,
    /// The number of rows without a limit.
    pub total_rows: bool,
    /// The metrics over all rows.
    pub totals: bool,
    /// A row for each step of the time axis, also where nothing was.
    pub gap_fill: bool,
}

/// What rows are ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// One of the metrics.
    Metric(Metric),
    /// One of the dimensions.
    Dimension(Dimension),
}

/// Which way.
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

    /// The same question about the period it is compared with: every row of it, so that those of this period
    /// find theirs.
    pub fn before(&self) -> Option<Self> {
        let range = self.compare?;
        Some(Self { range, compare: None, limit: MAX_LIMIT, offset: 0, ..self.clone() })
    }

    /// The same question about all rows together.
    #[must_use]
    pub fn totals(&self) -> Self {
        Self { dimensions: Vec::new(), order_by: Vec::new(), limit: 1, offset: 0, ..self.clone() }
    }

    /// Whether the answer needs the totals: as such, or to take shares of.
    pub fn needs_totals(&self) -> bool {
        self.include.totals || self.metrics.contains(&Metric::Percentage)
    }

    /// Whether it is about sessions, in part at least.
    pub fn has_sessions(&self) -> bool {
        self.metrics.iter().any(|metric| metric.is_of_sessions())
    }

    /// Whether it is about events, in part at least.
    pub fn has_events(&self) -> bool {
        use super::metric::Level;
        self.metrics.iter().flat_map(|metric| metric.bases()).any(|base| base.level() == Level::Event)
    }
}
