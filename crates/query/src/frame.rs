//! The parts that funnel, retention, journeys and match share: period, time zone, filters, bots, one breakdown.

use serde::Serialize;
use serde_json::{Map, Value};

use super::dimension::Dimension;
use super::fault::{Fault, Path};
use super::filter::{Filter, sessions_only};
use super::member::{Breakdown, Conditions, IncludeBots, Members as _, known};
use super::metric::Level;
use super::people::Chosen;
use super::read::{periods, project};
use super::report::Found;
use super::world::World;
use super::zone::Zone;
use intake::time::Day;
use statement::{Range, Scope};

/// The period and events of a question, and its breakdown.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Slug or id of the project. Only account keys name one; other keys belong to one project.
    pub project: Option<String>,
    /// The period.
    pub range: Range,
    /// Time zone for day boundaries.
    pub zone: Zone,
    /// Which events count.
    pub filter: Filter,
    /// Whether bots count.
    pub bots: bool,
    /// Breakdown by this column or property of the first event that counts.
    pub breakdown: Option<Dimension>,
}

impl Frame {
    /// Builds it from the members that these questions share. The time zone is known for `ahead` more milliseconds
    /// after the period.
    ///
    /// # Errors
    /// The first invalid member, with its path and what is allowed.
    pub(super) fn of(
        members: &Map<String, Value>,
        (filters, include, breakdown): (Option<Conditions>, Option<IncludeBots>, Option<Breakdown>),
        world: World<'_>,
        ahead: i64,
    ) -> Result<Self, Fault> {
        let (zone, range, _) = periods(members, world, ahead)?;
        let filter = filters.map_or_else(Filter::everything, |conditions| conditions.0);
        if !filter.is_known_to(Level::Event) {
            return Err(members.member("filters").1.fault(sessions_only()));
        }
        let bots = include.and_then(|include| include.bots).unwrap_or(false);
        let breakdown = breakdown.map(|breakdown| breakdown.0);
        Ok(Self { project: project(members)?, range, zone, filter, bots, breakdown })
    }

    /// The period of the events that belong to sessions starting in the period. Whether an event starts a session
    /// depends on the day before, and a session can last to the end of the day after its start.
    pub(super) fn around(&self) -> Range {
        let Range { from, to } = self.range;
        Range { from: Day(from.day().0 - 1).start(), to: Day(to.plus(-1).day().0 + 2).start() }
    }

    /// The events of the period.
    pub(super) fn chosen<'a>(&self, scope: &'a Scope<'a>) -> Chosen<'a> {
        Chosen { scope, range: self.range, bots: self.bots }
    }
}

/// The part of `meta` that all these questions share.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct FrameMeta {
    /// First instant of the period.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub from: String,
    /// End of the period, excluded.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub to: String,
    /// Time zone of the question.
    pub timezone: String,
    /// How many rows the store read.
    pub rows_read: u64,
    /// Time it took.
    pub elapsed_ms: i64,
    /// Whether there are more values or names than shown.
    pub truncated: bool,
}

impl FrameMeta {
    /// For the answer to a question over `frame`.
    pub(super) fn of(frame: &Frame, found: &[Found], elapsed_ms: i64, truncated: bool) -> Self {
        Self {
            from: frame.range.from.to_iso(),
            to: frame.range.to.to_iso(),
            timezone: frame.zone.name.clone(),
            rows_read: found.iter().map(|found| found.rows_read).sum(),
            elapsed_ms,
            truncated,
        }
    }
}

/// The body as an object with no other members than these.
pub(super) fn members<'a>(body: &'a Value, allowed: &[&str]) -> Result<&'a Map<String, Value>, Fault> {
    let members = body.as_object().ok_or_else(|| Path::new("").fault("must be a JSON object"))?;
    known(members, allowed, &Path::new(""))?;
    Ok(members)
}
